"""Calls: their own sub-ledger. A batch posts one transfer per customer, account and local date, and each call names its transfer."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.models import Switch
from billing_portal.tenancy.folded_sql import PlainlyFolded
from billing_portal.tenancy.models import MoneyField, Record, new_id
from customers.models import Customer, Transfer


class CallBatch(Record):
    """Records that came together: one request of a switch, a part of a file, or a person's *rate again*."""

    class Source(models.TextChoices):
        API = "api", _("Switch")
        FILE = "file", _("File")
        RATED_AGAIN = "rated_again", _("Rated again")
        CLIMBED = "climbed", _("From a reseller below")

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT)
    source = models.CharField(max_length=20, choices=Source.choices)
    posted_at = models.DateTimeField()
    actor_name = models.CharField(max_length=150)
    child_schema = models.CharField(max_length=63, blank=True)
    child_batch_id = models.UUIDField(null=True, blank=True)


class CallKey(Record):
    """What makes a call the same call: switch, call id, leg. Holds a hash of the record and the answer that was given for it."""

    switch = models.ForeignKey(Switch, on_delete=models.PROTECT)
    call_id = models.CharField(max_length=128)
    leg = models.CharField(max_length=16)
    record_hash = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    batch = models.ForeignKey(CallBatch, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["switch", "call_id", "leg"], name="call_once")]


class Call(models.Model):
    """A rated call with the numbers its price was made of, so that it can be computed again for ever.

    Partitioned by month of `at`, the moment of answer (unanswered: of set-up), which alone decides day, period, plan and version (semantics 18).
    Nothing has a foreign key to it; rates are unrounded, mark-ups included; `net` is before rounding, in the plan's currency;
    `price` is rounded once, in the customer's currency; `buy_price` is what the parent charges for it, in `buy_currency`, which is named for every call
    that climbs, `buy_inputs` the numbers it was made of there: the parent posts exactly these (semantics 25). `margin_rate` is what one unit of `currency`
    was in `buy_currency` when the call was rated (semantics 20): the margin follows from it for ever; None where no exchange rate was known.
    `price` and `buy_price` are those that hold now; what they were before the call was rated again stands in `PriceChange`. The number of a price rises
    with each: odd ones were set by the reseller below, even ones at the level that charges, so that both ends of a link know which is the later.
    """

    pk = models.CompositePrimaryKey("at", "id")
    at = models.DateTimeField()
    id = models.UUIDField(default=new_id)
    customer_id = models.UUIDField()
    key_id = models.UUIDField()
    batch_id = models.UUIDField()
    transfer_id = models.UUIDField(null=True)
    direction = models.CharField(max_length=3, default="out")
    line = models.CharField(max_length=60, blank=True)
    caller = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=60)
    setup_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    seconds = models.IntegerField(default=0)
    cause = models.CharField(max_length=60, blank=True)
    plan_id = models.UUIDField(null=True)
    version_id = models.UUIDField(null=True)
    prefix = models.CharField(max_length=15, blank=True)
    destination = models.CharField(max_length=500, blank=True)
    per_minute = models.DecimalField(max_digits=38, decimal_places=24, default=0)
    connection_charge = models.DecimalField(max_digits=38, decimal_places=24, default=0)
    initial_increment = models.IntegerField(default=1)
    increment = models.IntegerField(default=1)
    included_seconds = models.IntegerField(default=0)
    minimum = models.DecimalField(max_digits=38, decimal_places=24, default=0)
    billed_seconds = models.IntegerField(default=0)
    net = models.DecimalField(max_digits=26, decimal_places=12, default=0)
    exchange_rate = models.DecimalField(max_digits=20, decimal_places=10, default=1)
    precision = models.SmallIntegerField(default=4)
    price = MoneyField(default=0)
    currency = models.CharField(max_length=3)
    buy_price = MoneyField(null=True)
    buy_currency = models.CharField(max_length=3, blank=True)
    buy_inputs = models.JSONField(null=True)
    margin_rate = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    extra = models.JSONField(default=dict)
    price_number = models.IntegerField(default=0, db_default=0)
    buy_number = models.IntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="call_of_customer"),
            models.Index(fields=["transfer_id"], name="call_of_transfer"),
            models.Index(fields=["batch_id"], name="call_of_batch"),
        ]


class PriceChange(Record):
    """What a posted call cost before and after it was rated again, with the movement of the difference; append-only (semantics 5).

    `before` holds the numbers the earlier prices were made of. `attempt` is shared by the calls rated again in one transaction and by what climbs from
    it. `price_*` in the customer's currency, `buy_*` in the one the call was bought in. A buy price that changes alone moves nothing at this level.
    """

    key = models.ForeignKey(CallKey, on_delete=models.PROTECT, related_name="price_changes")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    call_at = models.DateTimeField()
    attempt = models.UUIDField(db_index=True)
    transfer = models.OneToOneField(Transfer, on_delete=models.PROTECT, null=True, related_name="price_change")
    price_number = models.IntegerField()
    buy_number = models.IntegerField()
    price_before = MoneyField()
    price_after = MoneyField()
    buy_before = MoneyField(null=True)
    buy_after = MoneyField(null=True)
    before = models.JSONField(default=dict)
    posted_at = models.DateTimeField()
    actor_name = models.CharField(max_length=150)

    class Meta:
        ordering = ["price_number", "buy_number"]
        constraints = [
            models.UniqueConstraint(fields=["key", "price_number", "buy_number"], name="price_change_once"),
            models.CheckConstraint(condition=Q(price_before=F("price_after")) ^ Q(transfer__isnull=False), name="price_change_moves_its_difference"),
        ]

    @property
    def difference(self) -> Decimal:
        """How much more the call costs since."""
        return Decimal(self.price_after - self.price_before)


class WaitingCall(Record):
    """A record without rate or customer, or one that contradicts an earlier one: kept whole, with its reason, until a person decides.

    Waiting records of a customer hold back the invoice of their period; `conflict`, `bad_record` and `unknown_customer` hold back nothing (semantics 22).
    """

    class Reason(models.TextChoices):
        UNKNOWN_CUSTOMER = "unknown_customer", _("Nobody has this account, line or address")
        NO_RATE = "no_rate", _("The rate plan has no rate for this number")
        NO_PLAN = "no_plan", _("The customer has no rate plan with rates at that time")
        INVALID_NUMBER = "invalid_number", _("Not an international number, and no line of yours")
        NO_EXCHANGE_RATE = "no_exchange_rate", _("No exchange rate of that day")
        TOO_LARGE = "too_large", _("The price is beyond what an account can hold")
        INACTIVE = "inactive", _("The customer is inactive")
        CLOSED = "closed", _("The customer is closed")
        CONFLICT = "conflict", _("The same call came before with other content")
        BAD_RECORD = "bad_record", _("The record contradicts itself")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RATED = "rated", _("Rated")
        SET_ASIDE = "set_aside", _("Set aside")

    key = models.ForeignKey(CallKey, on_delete=models.PROTECT, related_name="waiting")
    batch = models.ForeignKey(CallBatch, on_delete=models.PROTECT)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    detail = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    record = models.JSONField()
    record_hash = models.CharField(max_length=64)
    at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["reason", "-created_at"], name="call_waiting", condition=Q(state="waiting")),
            *(
                models.Index(PlainlyFolded(KT(f"record__{name}")), name=f"nobodys_{name}", condition=Q(state="waiting", customer=None, record__has_key=name))
                for name in ("account", "line", "address")
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(state="set_aside", note=""), name="set_aside_has_note"),
            models.UniqueConstraint(fields=["key", "record_hash"], name="waiting_record_once"),
        ]
