"""What a customer has, owes and may do, ready to be asked."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing_portal.tenancy.models import MoneyField, Record
from customers.models.customers import BillingType, Customer


class Standing(Record):
    """One narrow row per customer: cached balances and resolved limits. Every number in it can be computed again, and `check_ledger` does.

    Only the ledger writes the balances and counts the `movements`, only `limits.resolve` the limits; the columns taken from calls and documents are
    written through `standing`.
    All amounts in the customer's currency.
    """

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="standing")
    wallet = MoneyField(default=0)
    receivable = MoneyField(default=0)
    movements = models.PositiveBigIntegerField(default=0, db_default=0)
    held = MoneyField(default=0)
    live_calls = models.PositiveIntegerField(default=0)
    day = models.DateField(null=True, blank=True)
    spent_today = MoneyField(default=0)
    held_today = MoneyField(default=0)
    raise_amount = MoneyField(default=0)
    raise_until = models.DateTimeField(null=True, blank=True)
    calls_locked_until = models.DateTimeField(null=True, blank=True)
    last_call_at = models.DateTimeField(null=True, blank=True)
    overdue_since = models.DateField(null=True, blank=True)
    billing_type = models.CharField(max_length=20, choices=BillingType.choices)
    credit_limit = MoneyField(default=0)
    credit_unlimited = models.BooleanField(default=False)
    daily_limit = MoneyField(null=True, blank=True)
    low_threshold = MoneyField(default=0)
    low_since = models.DateTimeField(null=True, blank=True)
    low_episode = models.PositiveIntegerField(default=0)
    web_locked = models.BooleanField(default=False)
    calls_locked = models.BooleanField(default=False)

    @property
    def balance(self) -> Decimal:
        """Wallet plus receivable: positive when the customer has money (semantics 1)."""
        return Decimal(self.wallet + self.receivable)

    @property
    def may_spend(self) -> Decimal | None:
        """What the billing type allows to be spent on calls; None without limit (semantics 1)."""
        if self.credit_unlimited:
            return None
        own = self.wallet if self.billing_type == BillingType.PREPAID else self.balance
        return Decimal(own + self.credit_limit)

    @property
    def available(self) -> Decimal | None:
        """May spend plus a temporary raise minus what live calls hold; None without limit (semantics 2)."""
        may_spend = self.may_spend
        return None if may_spend is None else may_spend + self.raise_amount - self.held

    @property
    def balance_word(self) -> str:
        """The sign of the balance, said."""
        if self.balance == 0:
            return str(_("settled"))
        return str(_("has")) if self.balance > 0 else str(_("owes"))
