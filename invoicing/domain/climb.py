"""Calls climb: a batch's calls are posted in the parent's schema as calls of this reseller, exactly once (semantics 23, 25).

No transaction spans two schemas. Each step may be repeated: what stands at the parent already is left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import switches
from billing_portal.accounts.models import Switch
from billing_portal.kernel import phone
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from invoicing.domain import buying, calls, margins, posted
from invoicing.domain.buying import Seller
from invoicing.domain.rating_batch import Outcome
from invoicing.models import Call, CallBatch, CallKey, WaitingCall

SWITCH_WIDTH = 60
SHORTENED = 8

WRITE_BACK = """
    UPDATE invoicing_call AS call SET buy_price = given.price
      FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::numeric[]) AS given(call_id, leg, at, price)
      JOIN invoicing_callkey AS key ON key.call_id = given.call_id AND key.leg = given.leg AND key.switch_id = %s
     WHERE call.key_id = key.id AND call.at = given.at AND call.buy_price IS NULL
    RETURNING call.at, call.id
"""


def switch_name(child_schema: str, switch: str) -> str:
    """What a switch of a reseller below is called at its parent; a long name ends in a part of its hash, so that two never become one."""
    name = f"{child_schema}{switches.BELOW}{switch}"
    if len(name) <= SWITCH_WIDTH:
        return name
    return f"{name[: SWITCH_WIDTH - SHORTENED - 1]}~{hashlib.sha256(name.encode()).hexdigest()[:SHORTENED]}"


def climb(batch_id: UUID, *, at: datetime) -> None:
    """Post the climbing calls of a batch of this schema at the parent, at the prices they carry; those without a price wait in the parent's queue.

    The parent's own climb is owed there. Started again after a break at any point it does what is left.
    """
    parent = buying.seller()
    if parent is None:
        return
    child = tenancy.current()
    batch = CallBatch.objects.select_related("switch").get(pk=batch_id)
    carried = list(Call.objects.filter(batch_id=batch_id).exclude(buy_currency="").order_by("key_id"))
    check_currency(carried, parent)
    keys = CallKey.objects.in_bulk([call.key_id for call in carried])
    outcomes = [_outcome(call, keys[call.key_id], parent) for call in carried]
    with schema_context(parent.schema), transaction.atomic():
        _enter(outcomes, batch, child, at=at)


def _enter(outcomes: Sequence[Outcome], below: CallBatch, child: Reseller, *, at: datetime) -> None:
    actor = Actor.program(child.name)
    name = switch_name(child.schema_name, below.switch.name)
    switch = switches.of_child(name, child)
    origin = {"child_schema": child.schema_name, "child_batch_id": below.pk}
    batch = CallBatch(switch=switch, source=CallBatch.Source.CLIMBED, posted_at=at, actor_name=actor.name, **origin)
    calls.enter(batch, outcomes, actor=actor, at=at)


def check_currency(carried: Sequence[Call], parent: Seller) -> None:
    """A price is never posted in another currency than it was computed in: the job fails and is seen, the calls stay in flight (reliability 4)."""
    foreign = {call.buy_currency for call in carried} - {parent.customer.currency}
    if foreign:
        bought, owes = ", ".join(sorted(foreign)), parent.customer.currency
        raise DomainError("currency_differs", f"Calls were bought in {bought}, but this reseller owes its parent in {owes}.")


def _outcome(call: Call, key: CallKey, parent: Seller) -> Outcome:
    """What the call is at the parent, from the numbers it carries: nothing is rated again. One that had no price came to wait, also if it has one since."""
    outcome = posted.outcome_of(call, key, parent.customer)
    outcome.number = phone.bare(call.number)  # below it may have been written as a line is named
    inputs: Mapping[str, Any] = call.buy_inputs or {}
    if call.buy_price is None or "reason" in inputs:
        return outcome.wait(inputs.get("reason", WaitingCall.Reason.NO_RATE), inputs.get("detail", ""))
    priced = posted.priced(outcome, call.buy_price, inputs)
    priced.climbs_free = priced.is_answered and priced.plan is None  # to a line here that is named like the number
    return priced


def write_back(batch_id: UUID) -> None:
    """Tell the reseller below what calls of it cost that have waited here and were rated: its calls get their buy price.

    A dropped one is told nothing, nor is who has its name now elsewhere.
    """
    batch = CallBatch.objects.select_related("switch").get(pk=batch_id)
    if tenancy.child(batch.child_schema) is None:
        return
    rated = list(Call.objects.filter(batch_id=batch_id).order_by("key_id"))
    keys = CallKey.objects.in_bulk([call.key_id for call in rated])
    named = [keys[call.key_id] for call in rated]
    columns: list[list[Any]] = [[key.call_id for key in named], [key.leg for key in named], [call.at for call in rated], [call.price for call in rated]]
    with schema_context(batch.child_schema):
        below = [switch for switch in Switch.objects.all() if switch_name(batch.child_schema, switch.name) == batch.switch.name]
        with connection.cursor() as cursor:
            for switch in below:
                cursor.execute(WRITE_BACK, [*columns, switch.pk])
                margins.fill(cursor.fetchall())
