"""Invoice runs: what somebody asked to be invoiced, and how far it is."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing_portal.jobs.models import Progress
from billing_portal.tenancy.models import MoneyField, Record
from customers.models import Customer
from invoicing.models.documents import Document


class InvoiceRun(Record):
    """One run for a date. The key comes from the confirmed page, so two clicks are one run; the documents themselves are its progress."""

    as_of = models.DateField()
    key = models.CharField(max_length=64, unique=True)
    made_by = models.CharField(max_length=150)
    actor_id = models.UUIDField(null=True, blank=True)
    progress = models.OneToOneField(Progress, on_delete=models.PROTECT)

    class Meta:
        ordering = ["-created_at"]


class InvoiceRunItem(Record):
    """One customer's period in a run. A customer that fails is taken out with the reason and can be tried again; the others go on."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ISSUED = "issued", _("Issued")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(InvoiceRun, on_delete=models.CASCADE, related_name="items")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT)
    period_start = models.DateField()
    period_end = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=60, blank=True)
    error = models.CharField(max_length=300, blank=True)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, blank=True)
    expected_total = MoneyField(default=0)

    class Meta:
        ordering = ["period_start", "id"]
        constraints = [models.UniqueConstraint(fields=["run", "customer", "period_start"], name="run_item_once")]
        indexes = [models.Index(fields=["run"], name="run_item_waiting", condition=Q(state="waiting"))]
