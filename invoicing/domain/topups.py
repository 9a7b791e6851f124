"""Top-ups that are asked for, by a low balance or by the customer; approved or rejected, and bounded (E36, reliability rule 9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel import money
from billing_portal.kernel.errors import require
from billing_portal.kernel.period import first_instant, local_date
from customers.domain import low_balance, standing
from customers.models import BillingType, Customer, Standing
from invoicing import gateways
from invoicing.domain import decisions, episodes, payments
from invoicing.models import LowBalanceEpisode, TopUpRequest
from rateplans.queries import billing_terms

HUNDRED = payments.HUNDRED
DAY = timedelta(hours=24)
State, Origin = TopUpRequest.State, TopUpRequest.Origin
OPEN = (State.PENDING, State.PROCESSING)
system = Actor.program("Automatic top-up")


def amount_for(customer: Customer, left: Decimal) -> Decimal:
    """The gross amount of an automatic top-up in the customer's currency: a fixed one as it is, or what lifts `left` to the target (semantics 28).

    To a target = half-up((target − left) × (1 + Σ of the taxes a top-up includes)) to the minor unit; 0 or less means none.
    """
    if customer.topup == Customer.TopUp.FIXED:
        return Decimal(customer.topup_amount)
    gross = (customer.topup_amount - left) * (HUNDRED + tax_percent(customer))
    return money.divide_half_up(gross, HUNDRED, money.minor_units(customer.currency))


def tax_percent(customer: Customer) -> Decimal:
    """The percentages a top-up includes (semantics 9); none for who pays afterwards, whose top-up is a payment."""
    if customer.billing_type != BillingType.PREPAID:
        return Decimal(0)
    return sum((tax.percent for tax in customer.taxes.filter(on_calls=True)), Decimal(0))


@transaction.atomic
def attempt(customer_id: UUID, *, at: datetime) -> TopUpRequest | None:
    """The next automatic top-up of the customer's low balance, if one is due: none is open, none was rejected, the caps allow it.

    Whatever triggers it and however often, one request stands (reliability 93). Reaching a cap parks the automatic top-up.
    """
    row = standing.lock_many([customer_id])[customer_id]
    customer = Customer.objects.get(pk=customer_id)
    left = low_balance.left_to_spend(row)
    if left is None or not _is_due(customer, row, left):
        return None
    episode = episodes.begin(customer_id, row.low_episode, at=at)
    amount = amount_for(customer, left)
    if episode is None or amount <= 0 or _is_open(customer) or TopUpRequest.objects.filter(episode=episode, state=State.REJECTED).exists():
        return None
    reason = _cap_reached(customer, at)
    if reason:
        _park(customer, reason, at)
        return None
    return _place(customer, amount, Origin.AUTOMATIC, by=system, at=at, episode=episode)


@transaction.atomic
def ask(customer: Customer, amount: Decimal, *, actor: Actor, at: datetime) -> TopUpRequest:
    """The customer asks for a top-up over a gross amount, in its currency and minor unit.

    Raises `amount_not_positive`, `amount_too_fine`, `request_open` while another one waits.
    """
    require(amount > 0, "amount_not_positive", _("Write an amount above 0.00."), "amount")
    require(amount == money.to_minor(amount, customer.currency), "amount_too_fine", _("Write an amount that can be paid."), "amount")
    standing.lock(customer)
    waiting = _("A top-up is waiting for an answer already. Wait for it before you ask for another.")
    require(not _is_open(customer), "request_open", waiting)
    request = _place(customer, amount, Origin.CUSTOMER, by=actor, at=at)
    asked = {"amount": ("", decisions.amount_of(request))}
    audit.record(actor, "topup.asked", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, changes=asked, at=at)
    return request


@transaction.atomic
def release(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """Staff let a parked automatic top-up go on: the caps count anew from now, and a low balance gets its attempt at once."""
    standing.lock(customer)
    if not Customer.objects.filter(pk=customer.pk, topup_parked=True).update(topup_parked=False):
        return
    audit.record(actor, "topup.released", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, at=at)
    attempt(customer.pk, at=at)


def _is_due(customer: Customer, row: Standing, left: Decimal) -> bool:
    threshold = row.low_threshold if customer.topup_threshold is None else customer.topup_threshold
    return customer.topup != Customer.TopUp.OFF and not customer.topup_parked and row.low_since is not None and left < threshold


def _is_open(customer: Customer) -> bool:
    return TopUpRequest.objects.filter(customer=customer, state__in=OPEN).exists()


def _place(
    customer: Customer, amount: Decimal, origin: TopUpRequest.Origin, *, by: Actor, at: datetime, episode: LowBalanceEpisode | None = None
) -> TopUpRequest:
    """Write the request and hand it to the customer's gateway. The caller holds the standing's lock."""
    gateway = gateways.of(customer)
    request = TopUpRequest.objects.create(
        customer=customer,
        episode=episode,
        attempt=TopUpRequest.objects.filter(episode=episode).count() + 1 if episode else 1,
        origin=origin,
        gateway=gateway.name,
        amount=amount,
        currency=customer.currency,
        asked_at=at,
        asked_by=by.name,
    )
    gateway.begin(request, at=at)
    return request


def _cap_reached(customer: Customer, at: datetime) -> str:
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


def _park(customer: Customer, reason: str, at: datetime) -> None:
    Customer.objects.filter(pk=customer.pk).update(topup_parked=True)
    audit.record(system, "topup.parked", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, note=reason, at=at)
