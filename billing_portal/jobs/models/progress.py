"""How far a long piece of work is, for the page that shows it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record


class Progress(Record):
    """Counts of one long job: what is done, failed and skipped of the total. Shown with a bar; safe to leave."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Working")
        FINISHED = "finished", _("Finished")
        FAILED = "failed", _("Failed")

    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    @property
    def left(self) -> int:
        return max(0, self.total - self.done - self.failed - self.skipped)
