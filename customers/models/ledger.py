"""What moved: one row per movement, both sides named."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record
from customers.models.customers import Customer


class AccountKind(models.TextChoices):
    """Two accounts per customer (semantics 1); house accounts once per kind and currency (semantics 5)."""

    WALLET = "wallet", _("Wallet")
    RECEIVABLE = "receivable", _("Receivable")
    REVENUE = "revenue", _("Revenue")
    TAX_PAYABLE = "tax_payable", _("Tax payable")
    CASH_CLEARING = "cash_clearing", _("Cash clearing")
    VOUCHER_FLOAT = "voucher_float", _("Voucher float")
    BAD_DEBT = "bad_debt", _("Bad debt")
    ADJUSTMENTS = "adjustments", _("Adjustments")
    OPENING = "opening", _("Opening")
    AFFILIATE_EXPENSE = "affiliate_expense", _("Affiliate expense")
    ROUNDING = "rounding", _("Rounding")


CUSTOMER_ACCOUNTS = (AccountKind.WALLET, AccountKind.RECEIVABLE)


class Kind(models.TextChoices):
    """The only kinds of posting there are (semantics 5)."""

    USAGE = "usage", _("Calls")
    FEE = "fee", _("Fee")
    CHARGE = "charge", _("Charge")
    CREDIT = "credit", _("Credit")
    TAX = "tax", _("Tax")
    ROUNDING = "rounding", _("Rounding")
    TOPUP = "topup", _("Top-up")
    VOUCHER = "voucher", _("Voucher")
    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")
    CHARGEBACK = "chargeback", _("Chargeback")
    WRITE_OFF = "write_off", _("Write-off")
    ADJUSTMENT = "adjustment", _("Adjustment")
    OPENING = "opening", _("Opening balance")
    AFFILIATE = "affiliate", _("Affiliate fee")
    SETTLE = "settle", _("Settlement")


class Account(Record):
    """One side of movements. It has one currency for life; its balance is credits minus debits."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="accounts")
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], condition=Q(customer__isnull=False), name="customer_account_once"),
            models.UniqueConstraint(fields=["kind", "currency"], condition=Q(customer__isnull=True), name="house_account_once"),
            models.UniqueConstraint(fields=["id", "currency"], name="account_currency"),
            models.CheckConstraint(
                condition=Q(kind__in=["wallet", "receivable"], customer__isnull=False) | (~Q(kind__in=["wallet", "receivable"]) & Q(customer__isnull=True)),
                name="account_owner",
            ),
        ]


class UsedKey(Record):
    """A key under which somebody moved money once, and the fingerprint of what was asked under it."""

    key = models.CharField(max_length=200, unique=True)
    asked = models.CharField(max_length=64)


class Transfer(Record):
    """One movement of money. Append-only: a mistake is answered by a transfer the other way that names it in `reverses`.

    `occurred_at` is when the event was, `posted_at` when it was booked. `customer` is whose ledger it stands in, and `number` its place there: 1 is the
    first that was posted, without a gap, whatever the clocks of servers said. The key makes a repeat impossible.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="transfers", db_index=False)  # the number's index begins with it
    number = models.PositiveBigIntegerField(editable=False)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    currency = models.CharField(max_length=3)
    amount = MoneyField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    occurred_at = models.DateTimeField()
    posted_at = models.DateTimeField()
    key = models.CharField(max_length=200, unique=True)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=150)
    actor_schema = models.CharField(max_length=63, blank=True)
    acted_for_id = models.UUIDField(null=True, blank=True)
    acted_for_name = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)
    about_kind = models.CharField(max_length=30, blank=True)
    about_id = models.UUIDField(null=True, blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")

    class Meta:
        ordering = ["posted_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "number"], name="transfer_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_has_two_sides"),
            models.CheckConstraint(condition=Q(kind__in=[kind.value for kind in Kind]), name="transfer_kind_known"),
        ]
        indexes = [
            models.Index(fields=["customer", "posted_at"], name="transfer_statement"),
            models.Index(fields=["about_kind", "about_id"], name="transfer_about"),
        ]
