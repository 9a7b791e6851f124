"""The outbox: work that is owed, written in the transaction that owes it."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record


class Job(Record):
    """One piece of owed work. Whoever works on it holds it by a lock of its session, and a lease in case the session hangs; the fence, which counts
    the starts, tells a late holder that somebody else took over.

    A job is done exactly when its row says so; after five failures it is dead, stays visible and waits for a person.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        DEAD = "dead", _("Given up")

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="job_due", condition=Q(state__in=["pending", "running"])),
            models.Index(fields=["kind", "due_at"], name="job_waiting", condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
