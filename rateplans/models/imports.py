"""A rates file that was uploaded and looked at, and perhaps applied."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import Record
from rateplans.models.plans import PlanVersion, RatePlan


class RateImport(Record):
    """An uploaded rates file with what the preview found. Applying it makes one version, once; nothing changes before.

    A large one is read and applied by a worker: `found` is what it found in it (`large_files.Found`), and `since` from when on it is to hold; None is from
    when it is applied. One that cannot be read keeps no content.
    """

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        REFUSED = "refused", _("Cannot be read")
        PREVIEWED = "previewed", _("Previewed")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")

    class Mode(models.TextChoices):
        REPLACE = "replace", _("Replace all rates")
        ADD = "add", _("Add to the rates that are there")

    plan = models.ForeignKey(RatePlan, on_delete=models.CASCADE, related_name="imports")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.REPLACE)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEWED)
    version = models.OneToOneField(PlanVersion, on_delete=models.PROTECT, null=True, blank=True)
    made_by = models.CharField(max_length=150)
    since = models.DateTimeField(null=True, blank=True)
    found = models.JSONField(null=True, blank=True)
