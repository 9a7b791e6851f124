"""Who buys."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from billing_portal.tenancy.models import FoldedField, MoneyField, Record
from rateplans.models import RatePlan, Tax


class BillingType(models.TextChoices):
    """How a customer pays (E23). What each posts where: the table in `docs/architecture.md`."""

    PREPAID = "prepaid", _("Pre-paid")
    POSTPAID = "postpaid", _("Post-paid")


class Customer(Record):
    """A company, or a reseller as a customer of its parent. Its currency is for life; its balance is in `Standing`, moved by the ledger alone."""

    class CustomerKind(models.TextChoices):
        NORMAL = "normal", _("Normal")
        RESELLER = "reseller", _("Reseller")

    class CallDetail(models.TextChoices):
        """What documents say of calls (E30)."""

        NONE = "none", _("Only their total")
        SUMS = "sums", _("By destination and by line")
        EVERY = "every", _("Every call")

    class TopUp(models.TextChoices):
        """Automatic top-up (E36): a gross amount, or up to a target of what is left to spend."""

        OFF = "off", _("Off")
        FIXED = "fixed", _("A fixed amount")
        TARGET = "target", _("Up to a target balance")

    class Status(models.TextChoices):
        NEW = "new", _("New")
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")
        CLOSED = "closed", _("Closed")

    kind = models.CharField(max_length=10, choices=CustomerKind.choices, default=CustomerKind.NORMAL)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    name = models.CharField(max_length=120)
    account_number = models.CharField(max_length=20)
    switch_account_code = models.CharField(max_length=60, blank=True)
    description = models.CharField(max_length=300, blank=True)
    billing_type = models.CharField(max_length=20, choices=BillingType.choices, default=BillingType.POSTPAID)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64)
    billing_since = models.DateField()
    billing_email = models.EmailField(blank=True)
    credit_limit = MoneyField(default=0)
    credit_unlimited = models.BooleanField(default=False)

    attention = models.CharField(max_length=120, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = CountryField(blank=True)
    tax_reference = models.CharField(max_length=40, blank=True)
    call_detail = models.CharField(max_length=10, choices=CallDetail.choices, default=CallDetail.SUMS)

    daily_limit = MoneyField(null=True, blank=True)
    low_balance_threshold = MoneyField(default=0)
    low_balance_email = models.BooleanField(default=True)
    low_balance_repeat_days = models.PositiveSmallIntegerField(default=0)
    topup = models.CharField(max_length=10, choices=TopUp.choices, default=TopUp.OFF)
    topup_threshold = MoneyField(null=True, blank=True)
    topup_amount = MoneyField(default=0)
    topup_parked = models.BooleanField(default=False)

    reseller_schema = models.CharField(max_length=63, blank=True)
    taxes = models.ManyToManyField(Tax, through="CustomerTax", related_name="customers")

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(fields=["account_number"], name="account_number_once"),
            models.CheckConstraint(condition=Q(credit_limit__gte=0), name="credit_limit_not_negative"),
            models.CheckConstraint(condition=Q(daily_limit__isnull=True) | Q(daily_limit__gte=0), name="daily_limit_not_negative"),
            models.CheckConstraint(condition=Q(low_balance_threshold__gte=0, topup_amount__gte=0), name="low_balance_not_negative"),
            models.CheckConstraint(condition=Q(kind="reseller") ^ Q(reseller_schema=""), name="reseller_has_schema"),
        ]
        indexes = [
            models.Index(Lower("name"), name="customer_name"),
            models.Index(Lower("billing_email"), name="customer_email"),
            models.Index(Lower("name"), condition=Q(kind="reseller"), name="customer_reseller"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountCode(Record):
    """What a switch may send to name a customer: its account number, or a code of its own. One namespace within a reseller.

    One that was given up names nobody from then on and stays, with the customer that had it: calls answered before are that customer's, whoever has it now.
    `is_twin`: like an older one but for case or Unicode form, from before codes were folded.
    """

    code = models.CharField(max_length=60)
    folded = FoldedField(of="code")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="codes")
    since = models.DateTimeField(default=timezone.now, db_default=Now())
    given_up_at = models.DateTimeField(null=True, blank=True)
    is_twin = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["folded"], condition=Q(is_twin=False, given_up_at=None), name="account_code_once")]
        indexes = [models.Index(fields=["folded"], name="account_code")]


class CustomerTax(Record):
    """The customer is liable for this tax (E34)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    tax = models.ForeignKey(Tax, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "tax"], name="customer_tax_once")]


class PlanAssignment(Record):
    """The customer is on this plan from a moment on; the first assignment has none and holds for all earlier time (semantics 18)."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="plan_assignments")
    plan = models.ForeignKey(RatePlan, on_delete=models.PROTECT, related_name="assignments")
    valid_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = [F("valid_from").desc(nulls_last=True)]
        constraints = [models.UniqueConstraint(fields=["customer", "valid_from"], name="plan_assignment_once", nulls_distinct=False)]
