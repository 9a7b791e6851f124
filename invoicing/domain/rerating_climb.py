"""The differences of calls rated again go up and down the tree: each end of a link takes what is later, so that repeats and crossings do no harm.

As in `climb` no transaction spans two schemas. What is sent is always what holds when it is sent; its number says whether it is news. Below nobody
knows what was put right above meanwhile, so the level that charges asks its own prices once more and has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Switch
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller, new_id
from customers.domain import standing
from customers.models import Customer
from invoicing.domain import buying, climb, closed_above, margins, posted, rating_batch, rerating
from invoicing.domain.buying import Bought, Seller
from invoicing.domain.price_changes import Finding
from invoicing.models import Call, CallBatch, CallKey, PriceChange
from invoicing.queries import billed

Name = tuple[str, str, str]
"""What a call is called on both sides of a link: the switch at the parent, call id, leg."""


def up(attempt: UUID, *, at: datetime) -> None:
    """Take the buy prices that this attempt changed to the parent, which posts the differences to this reseller, and climbs on from there."""
    parent = buying.seller()
    if parent is None:
        return
    child = tenancy.current()
    carried = _carried(attempt)
    climb.check_currency(list(carried.values()), parent)
    for batch_id in sorted(_missing(carried, parent)):
        climb.climb(batch_id, at=at)
    with schema_context(parent.schema), transaction.atomic():
        _receive(carried, parent, child, at=at)


def _carried(attempt: UUID) -> dict[Name, Call]:
    """The calls whose buy price the attempt changed, as they are now, by their names at the parent."""
    schema = tenancy.current().schema_name
    changes = [each for each in PriceChange.objects.filter(attempt=attempt).select_related("key__switch") if each.buy_before != each.buy_after]
    calls = _calls(changes)
    return {(climb.switch_name(schema, each.key.switch.name), each.key.call_id, each.key.leg): calls[each.key_id] for each in changes}


def _calls(changes: Iterable[PriceChange]) -> dict[UUID, Call]:
    rows = list(changes)
    found = Call.objects.filter(
        customer_id__in={each.customer_id for each in rows}, at__in={each.call_at for each in rows}, key_id__in=[each.key_id for each in rows]
    )
    return {call.key_id: call for call in found}


def _missing(carried: Mapping[Name, Call], parent: Seller) -> set[UUID]:
    """Batches whose own climb has not come that far."""
    with schema_context(parent.schema):
        known = _keys(carried)
    return {call.batch_id for name, call in carried.items() if name not in known}


def _keys(names: Iterable[Name]) -> dict[Name, CallKey]:
    """The keys of these calls in the schema in force; those that are there."""
    asked = set(names)
    rows = CallKey.objects.filter(switch__name__in={name[0] for name in asked}, call_id__in={name[1] for name in asked}).select_related("switch")
    return {name: key for key in rows if (name := (key.switch.name, key.call_id, key.leg)) in asked}


def _receive(carried: Mapping[Name, Call], parent: Seller, child: Reseller, *, at: datetime) -> None:
    """In the parent's schema: the later prices are posted, and what these calls cost the parent is computed anew.

    What the parent has credited or written off while the news was on its way moves no more: it is answered by the price that stays (semantics 13).
    What follows from that is an attempt of the parent's: the one below may come twice, with other prices the second time.
    """
    customer = parent.customer
    standing.lock(customer)
    keys = _keys(carried)
    here = Call.objects.filter(customer_id=customer.pk, at__in={call.at for call in carried.values()}, key_id__in=[key.pk for key in keys.values()])
    calls = {call.key_id: call for call in here}
    news = [
        (calls[key.pk], key, carried[name]) for name, key in sorted(keys.items()) if key.pk in calls and carried[name].buy_number > calls[key.pk].price_number
    ]
    movable = {call.key_id for call in rerating.ratable(call for call, _key, _below in news)}
    movable -= billed.closed_calls(call for call, _key, _below in news).keys()
    kept = [_kept(call, key, below, customer) for call, key, below in news if key.pk not in movable]
    moved = _asked_now([_finding(call, key, below, customer) for call, key, below in news if key.pk in movable])
    rerating.apply(_bought_anew([*kept, *moved]), new_id(), actor=Actor.program(child.name), at=at)


def _finding(call: Call, key: CallKey, below: Call, customer: Customer) -> Finding:
    """The price that was carried here, with the numbers it was made of; its number is taken over even where the price is the same."""
    assert below.buy_price is not None
    outcome = posted.priced(posted.outcome_of(call, key, customer), below.buy_price, below.buy_inputs or {})
    return Finding(call, key, customer, outcome, price_number=below.buy_number, buy_number=call.buy_number)


def _kept(call: Call, key: CallKey, below: Call, customer: Customer) -> Finding:
    """The price that the call has here, as a later one of this level than that which was carried: the reseller below is told of it and follows."""
    outcome = posted.priced(posted.outcome_of(call, key, customer), Decimal(call.price), posted.inputs_of(call))
    return Finding(call, key, customer, outcome, price_number=_overruling(below.buy_number), buy_number=call.buy_number)


def _asked_now(found: Sequence[Finding]) -> list[Finding]:
    """With another price that holds here by now instead, as a later one of this level: the reseller below is told of it as well."""
    own = [posted.outcome_of(each.call, each.key, each.customer) for each in found]
    rating_batch.price(own)
    return [
        each if now.reason or now.price == each.price else replace(each, outcome=now, price_number=_overruling(each.price_number))
        for each, now in zip(found, own, strict=True)
    ]


def _overruling(number: int) -> int:
    """The number of a price that this level sets over one with this number: the next even one."""
    return number + 2 - number % 2


def _bought_anew(found: Sequence[Finding]) -> list[Finding]:
    purchase = buying.of([(each.call.key_id, each.outcome) for each in found if each.outcome is not None])
    purchase, _kept = closed_above.split(purchase, [each.call for each in found])
    return [rerating.with_cost(each, purchase) for each in found]


def down(attempt: UUID, child: str, *, at: datetime) -> None:
    """Tell a reseller below what its calls cost here since this attempt: its buy prices follow, nothing moves there.

    A dropped one is told nothing, nor is who has its name now elsewhere.
    """
    if tenancy.child(child) is None:
        return
    changes = [each for each in PriceChange.objects.filter(attempt=attempt).select_related("key__switch") if each.price_number != each.before["price_number"]]
    calls = _calls(changes)
    batches = set(CallBatch.objects.filter(pk__in={call.batch_id for call in calls.values()}, child_schema=child).values_list("pk", flat=True))
    here = {(each.key.switch.name, each.key.call_id, each.key.leg): calls[each.key_id] for each in changes if calls[each.key_id].batch_id in batches}
    actor = Actor.program(tenancy.current().name)
    with schema_context(child), transaction.atomic():
        _follow(here, child, attempt, actor=actor, at=at)


def _follow(above: Mapping[Name, Call], child: str, attempt: UUID, *, actor: Actor, at: datetime) -> None:
    """In the child's schema: the later buy prices are written."""
    names = {switch.name: climb.switch_name(child, switch.name) for switch in Switch.objects.all()}
    own = {own: shown for own, shown in names.items() if shown in {name[0] for name in above}}
    asked = {(name, call_id, leg): (shown, call_id, leg) for name, shown in own.items() for of, call_id, leg in above if of == shown}
    keys = _keys(asked)
    moments = {call.at for call in above.values()}
    rows = {call.key_id: call for call in Call.objects.filter(at__in=moments, key_id__in=[key.pk for key in keys.values()])}
    standing.lock_many({call.customer_id for call in rows.values()})
    rows = {call.key_id: call for call in Call.objects.filter(at__in=moments, key_id__in=list(rows))}
    owners = Customer.objects.in_bulk(list({call.customer_id for call in rows.values()}))
    found = []
    for name, key in sorted(keys.items()):
        call, source = rows.get(key.pk), above[asked[name]]
        if call is not None and source.price_number > call.buy_number:
            bought = Bought(source.currency, source.price, posted.inputs_of(source))
            numbers: dict[str, Any] = {"price_number": call.price_number, "buy_number": source.price_number}
            found.append(Finding(call, key, owners[call.customer_id], bought=bought, margin_rate=call.margin_rate, **numbers))
    rerating.apply(found, attempt, actor=actor, at=at)
    margins.fill([(each.call.at, each.call.id) for each in found if each.margin_rate is None])
