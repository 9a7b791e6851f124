"""Top-ups that are asked for, by a low balance or by the customer; approved or rejected, and bounded (E36, reliability rule 9)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.queries import is_of_people
from billing_portal.kernel.errors import require
from billing_portal.mail import outgoing
from billing_portal.tenancy import queries as tenancy
from customers.domain import low_balance, standing
from customers.models import Customer
from invoicing import gateways
from invoicing.domain import decisions, episodes, payments, topup_rules
from invoicing.gateways.manual import staff_to_tell
from invoicing.models import LowBalanceEpisode, TopUpRequest

Origin = TopUpRequest.Origin
system = Actor.program("Automatic top-up")


@transaction.atomic
def begin_episode(customer_id: UUID, number: int, *, at: datetime) -> None:
    """Warn the customer of its low balance and make the first attempt to top it up, in one transaction: the mail names the very amount that is asked for."""
    if episodes.begin(customer_id, number, at=at) is not None:
        attempt(customer_id, at=at)


@transaction.atomic
def attempt(customer_id: UUID, *, at: datetime) -> TopUpRequest | None:
    """The next automatic top-up of the customer's low balance, if one is due: none is open, none was rejected, the caps allow it.

    Whatever triggers it and however often, one request stands (reliability 93). Reaching a cap parks the automatic top-up.
    """
    row = standing.lock_many([customer_id])[customer_id]
    customer = Customer.objects.get(pk=customer_id)
    left = low_balance.left_to_spend(row)
    if left is None or not topup_rules.is_due(customer, row, left):
        return None
    episode = episodes.begin(customer_id, row.low_episode, at=at)
    amount = topup_rules.amount_for(customer, left)
    if episode is None or amount <= 0 or topup_rules.open_request(customer) or topup_rules.was_rejected(customer, episode.number):
        return None
    reason = topup_rules.cap_reached(customer, at)
    if reason:
        park(customer, reason, at)
        return None
    return _place(customer, amount, Origin.AUTOMATIC, by=system, at=at, episode=episode)


@transaction.atomic
def ask(customer: Customer, amount: Decimal, *, actor: Actor, at: datetime) -> TopUpRequest:
    """The customer asks for a top-up over a gross amount, in its currency and minor unit.

    Raises `amount_not_positive`, `amount_too_fine`, `amount_too_large`, `request_open` while another one waits.
    """
    payments.check_amount(amount, customer.currency)
    standing.lock(customer)
    waiting = _("A top-up is waiting for an answer already. Wait for it before you ask for another.")
    require(topup_rules.open_request(customer) is None, "request_open", waiting)
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
        by_seller=_is_of_seller(by, customer),
    )
    gateway.begin(request, at=at)
    return request


def _is_of_seller(actor: Actor, customer: Customer) -> bool:
    """Whether this is staff who asks in the customer's place, be it of ours or from above: who manages it, or is in the reseller that it is.

    A reseller's own people are those of its row here, and its staff.
    """
    if customer.kind == Customer.CustomerKind.RESELLER:
        theirs = actor.schema == customer.reseller_schema or is_of_people(actor.user_id, schema=actor.schema, acted_for_id=actor.acted_for_id)
        return actor.user_id is not None and not theirs
    return actor.acted_for_id is not None


def park(customer: Customer, reason: str, at: datetime) -> None:
    """Stop the automatic top-up with its reason, and tell the staff who may let it go on."""
    Customer.objects.filter(pk=customer.pk).update(topup_parked=True)
    audit.record(system, "topup.parked", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, note=reason, at=at)
    to = staff_to_tell()
    if to:
        address = tenancy.address_of(tenancy.current(), f"/customers/{customer.account_number}/overview/")
        context = {"customer": customer, "reason": reason, "address": address}
        outgoing.send("topup_parked", to=to, context=context, key=f"topup-parked:{customer.pk}:{at.isoformat()}", about=("customer", customer.pk))
