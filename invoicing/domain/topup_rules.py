"""What an automatic top-up comes to, when one is due and what holds it back: questions only, nothing is written (semantics 28, reliability rule 9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel import money
from billing_portal.kernel.period import first_instant, local_date
from customers.models import BillingType, Customer, Lock, Standing
from invoicing.models import TopUpRequest
from rateplans.queries import billing_terms

HUNDRED = Decimal(100)
DAY = timedelta(hours=24)
State, Origin = TopUpRequest.State, TopUpRequest.Origin
OPEN = (State.PENDING, State.PROCESSING)


def amount_for(customer: Customer, left: Decimal) -> Decimal:
    """The gross amount of an automatic top-up in the customer's currency: a fixed one as it is, or what lifts `left` to the target (semantics 28).

    To a target = half-up((target − left) × (1 + Σ of the taxes a top-up includes)) to the minor unit; 0 or less means none.
    """
    if customer.topup == Customer.TopUp.FIXED:
        return money.to_minor(customer.topup_amount, customer.currency)
    gross = (customer.topup_amount - left) * (HUNDRED + tax_percent(customer))
    return money.divide_half_up(gross, HUNDRED, money.minor_units(customer.currency))


def tax_percent(customer: Customer) -> Decimal:
    """The percentages a top-up includes (semantics 9); none for who pays afterwards, whose top-up is a payment."""
    if customer.billing_type != BillingType.PREPAID:
        return Decimal(0)
    return sum((tax.percent for tax in customer.taxes.filter(on_calls=True)), Decimal(0))


def threshold(customer: Customer) -> Decimal:
    """Below what the automatic top-up begins: the amount of the mail unless a lower one is set."""
    return Decimal(customer.low_balance_threshold if customer.topup_threshold is None else customer.topup_threshold)


def is_on(customer: Customer) -> bool:
    """Whether the customer is topped up automatically at all: it wants to be, is not parked, and no fraud is suspected (reliability 18)."""
    suspected = Lock.objects.filter(customer=customer, reason=Lock.Reason.FRAUD, lifted_at=None)
    return customer.topup != Customer.TopUp.OFF and not customer.topup_parked and not suspected.exists()


def is_due(customer: Customer, row: Standing, left: Decimal) -> bool:
    """Whether what is left to spend calls for an automatic top-up now."""
    return is_on(customer) and row.low_since is not None and left < threshold(customer)


def open_request(customer: Customer) -> TopUpRequest | None:
    """The one request that waits for an answer."""
    return TopUpRequest.objects.filter(customer=customer, state__in=OPEN).first()


def was_rejected(customer: Customer, episode: int) -> bool:
    """Whether staff said no in this episode, which then asks no more."""
    return TopUpRequest.objects.filter(customer=customer, episode__number=episode, state=State.REJECTED).exists()


def cap_reached(customer: Customer, at: datetime) -> str:
    """Why no further automatic top-up may go out in these 24 hours or in this local month; empty while one may. Counted anew after a release.

    What was rejected counts too: the bound is on what goes out by itself, whatever became of it.
    """
    terms = billing_terms()
    month_began = first_instant(local_date(at, customer.time_zone).replace(day=1), customer.time_zone)
    released = AuditEntry.objects.filter(customer_id=customer.pk, action="topup.released").order_by("-at").values_list("at", flat=True).first()
    made = TopUpRequest.objects.filter(customer=customer, origin=Origin.AUTOMATIC)
    if released is not None:
        made = made.filter(asked_at__gte=released)
    day, month = made.filter(asked_at__gt=at - DAY).count(), made.filter(asked_at__gte=month_began).count()
    if day >= terms.topups_per_day:
        cap = terms.topups_per_day
        return ngettext("%(cap)d automatic top-up in 24 hours", "%(cap)d automatic top-ups in 24 hours", cap) % {"cap": cap}
    if month >= terms.topups_per_month:
        cap = terms.topups_per_month
        return ngettext("%(cap)d automatic top-up in one month", "%(cap)d automatic top-ups in one month", cap) % {"cap": cap}
    return ""


def outlook(customer: Customer, row: Standing, left: Decimal, at: datetime) -> str:
    """What the customer can expect of top-ups while its balance is low, in a sentence that is true now."""
    waits = open_request(customer)
    if waits is not None:
        return _("A top-up of %(amount)s waits for an answer already.") % {"amount": money.text(waits.amount, waits.currency)}
    nothing = _("Top up before nothing is left.")
    if not is_on(customer) or was_rejected(customer, row.low_episode) or cap_reached(customer, at):
        return nothing
    if not is_due(customer, row, left):
        below = money.text(threshold(customer), customer.currency)
        return _("A top-up is asked for automatically when less than %(below)s is left.") % {"below": below}
    amount = amount_for(customer, left)
    if amount <= 0:
        return nothing
    return _("A top-up of %(amount)s was asked for automatically. You get a mail when it is answered.") % {"amount": money.text(amount, customer.currency)}
