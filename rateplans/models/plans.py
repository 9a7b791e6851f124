"""What calls cost."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record


class RatePlan(Record):
    """A price list of this reseller, in one currency for life. Its rates live in versions; a call is priced by the version valid when it was answered.

    It may inherit from a source: a plan of this reseller, or *your own rate plan* (the one this reseller is on at its parent); it then has the source's
    currency, takes its unrounded rates × (1 + mark-up), and its own rates replace them (E3.1, semantics 19, 20). A plan a parent shares stands here as a
    read-only row that points at its source and never copies it (E3.2, semantics 24).
    """

    class Inherits(models.TextChoices):
        NOTHING = "nothing", _("Nothing: it has rates of its own")
        PLAN = "plan", _("Another rate plan of yours")
        OWN_PLAN = "own_plan", _("Your own rate plan")
        SHARED = "shared", _("A plan your parent shares")

    class Sharing(models.TextChoices):
        PRIVATE = "private", _("Not shared")
        RESELLERS = "resellers", _("With your resellers")
        RECURSIVE = "recursive", _("With your resellers and theirs")

    name = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True)
    currency = models.CharField(max_length=3)
    precision = models.PositiveSmallIntegerField(default=4)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    charge_connection_at_zero = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    inherits = models.CharField(max_length=10, choices=Inherits.choices, default=Inherits.NOTHING)
    source = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="heirs")
    shared_schema = models.CharField(max_length=63, blank=True)
    shared_plan_id = models.UUIDField(null=True, blank=True)
    markup_percent = models.DecimalField(max_digits=7, decimal_places=2, default=0)
    sharing = models.CharField(max_length=10, choices=Sharing.choices, default=Sharing.PRIVATE)
    withdrawn = models.BooleanField(default=False)

    class Meta:
        ordering = ["position", Lower("name")]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="plan_name_once"),
            models.UniqueConstraint(fields=["shared_schema", "shared_plan_id"], condition=Q(inherits="shared"), name="shared_plan_once"),
            models.CheckConstraint(condition=Q(inherits="plan") ^ Q(source__isnull=True), name="plan_source"),
            models.CheckConstraint(condition=Q(inherits="shared") ^ Q(shared_plan_id__isnull=True), name="plan_shared_source"),
            models.CheckConstraint(condition=Q(markup_percent__gt=-100), name="plan_markup"),
            models.CheckConstraint(condition=Q(precision__lte=6), name="plan_precision"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(Record):
    """The rates of a plan from a moment on. The first has no `valid_from`: it holds for all earlier time. Never changed; a new file makes a new version.

    A file may be dated back, for calls that wait for a rate; its version holds until the next in time begins. Of versions that begin at the same moment the
    newest holds.

    `markup_percent` is what the plan then added to its source's rates; a new mark-up makes a new version too.
    """

    plan = models.ForeignKey(RatePlan, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    valid_from = models.DateTimeField(null=True, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    rate_count = models.PositiveIntegerField(default=0)
    markup_percent = models.DecimalField(max_digits=7, decimal_places=2, null=True, blank=True)
    made_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_once"),
            models.UniqueConstraint(fields=["plan"], condition=models.Q(valid_from=None), name="plan_version_first_once"),
        ]


class StoredRate(Record):
    """The price of calls to numbers that begin with `prefix`: amounts per minute and per call in the plan's currency, increments in seconds."""

    version = models.ForeignKey(PlanVersion, on_delete=models.CASCADE, related_name="rates")
    prefix = models.CharField(max_length=15)
    destination = models.CharField(max_length=500)
    per_minute = MoneyField()
    connection_charge = MoneyField(default=0)
    initial_increment = models.PositiveIntegerField(default=1)
    increment = models.PositiveIntegerField(default=1)
    included_seconds = models.PositiveIntegerField(default=0)
    minimum = MoneyField(default=0)

    class Meta:
        ordering = ["prefix"]
        constraints = [
            models.UniqueConstraint(fields=["version", "prefix"], name="rate_once"),
            models.CheckConstraint(condition=Q(increment__gte=1), name="rate_increment"),
            models.CheckConstraint(condition=Q(per_minute__gte=0, connection_charge__gte=0, minimum__gte=0), name="rate_not_negative"),
        ]
