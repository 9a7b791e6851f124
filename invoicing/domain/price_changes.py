"""Write new prices over those of posted calls, with the old ones kept beside them; the other columns of a call never change.

But for one that never had a price: it follows its customer into another currency (`unpriced`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from billing_portal.accounts.actor import Actor
from customers.models import Customer, Transfer
from invoicing.domain.buying import Bought
from invoicing.domain.rating_batch import Outcome
from invoicing.models import Call, CallKey, PriceChange

AT_ONCE = 2_000
ZERO = Decimal(0)
PRICE = {
    "plan_id": "uuid",
    "version_id": "uuid",
    "prefix": "text",
    "destination": "text",
    "per_minute": "numeric",
    "connection_charge": "numeric",
    "initial_increment": "int",
    "increment": "int",
    "included_seconds": "int",
    "minimum": "numeric",
    "billed_seconds": "int",
    "net": "numeric",
    "exchange_rate": "numeric",
    "precision": "smallint",
    "price": "numeric",
    "price_number": "int",
    "margin_rate": "numeric",
}
BUY = {"buy_price": "numeric", "buy_currency": "text", "buy_inputs": "jsonb", "buy_number": "int", "margin_rate": "numeric"}
"""The columns of a call that follow from rating, with their types: those of its price and those of what it costs; the rate of its margin follows both."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A posted call beside what it should cost: `outcome` is its new price, `bought` its new buy price, each None where the old one stays.

    `reason` says why no price could be found now, or why the old one stays whatever it should be; `cost_stays` that the parent no longer moves the buy
    price. The numbers and the margin's rate are those the call has once this is written.
    """

    call: Call
    key: CallKey
    customer: Customer
    outcome: Outcome | None = None
    bought: Bought | None = None
    reason: str = ""
    cost_stays: bool = False
    price_number: int = 0
    buy_number: int = 0
    margin_rate: Decimal | None = None

    @property
    def price(self) -> Decimal:
        return self.outcome.price if self.outcome is not None else Decimal(self.call.price)

    @property
    def buy_price(self) -> Decimal | None:
        return self.bought.price if self.bought is not None else self.call.buy_price

    @property
    def difference(self) -> Decimal:
        """How much more the call costs, in the customer's currency."""
        return self.price - Decimal(self.call.price)

    @property
    def is_changed(self) -> bool:
        return self.outcome is not None or self.bought is not None


def write(found: Sequence[Finding], posted: dict[UUID, Transfer], attempt: UUID, *, actor: Actor, at: datetime) -> None:
    """Store these prices, {call: movement of its difference}; the caller holds the standings' locks."""
    PriceChange.objects.bulk_create([_change(each, posted.get(each.call.id), attempt, actor, at) for each in found], batch_size=AT_ONCE)
    _update(PRICE, ((each.call, _price(each)) for each in found if each.outcome is not None))
    _update(BUY, ((each.call, _buy(each)) for each in found if each.bought is not None))


def _change(found: Finding, transfer: Transfer | None, attempt: UUID, actor: Actor, at: datetime) -> PriceChange:
    call = found.call
    before = {name: _plain(getattr(call, name)) for name in {**PRICE, **BUY}}
    return PriceChange(
        created_at=at,
        key=found.key,
        customer=found.customer,
        call_at=call.at,
        attempt=attempt,
        transfer=transfer,
        price_number=found.price_number,
        buy_number=found.buy_number,
        price_before=call.price,
        price_after=found.price,
        buy_before=call.buy_price,
        buy_after=found.buy_price,
        before=before,
        posted_at=at,
        actor_name=actor.name,
    )


def _price(found: Finding) -> dict[str, Any]:
    outcome = found.outcome
    assert outcome is not None
    named: dict[str, Any] = {
        "plan_id": outcome.plan.pk if outcome.plan else None,
        "version_id": outcome.version.pk if outcome.version else None,
        "prefix": "",
        "destination": "",
        "per_minute": ZERO,
        "connection_charge": ZERO,
        "initial_increment": 1,
        "increment": 1,
        "included_seconds": 0,
        "minimum": ZERO,
    }
    if outcome.rate is not None:
        named |= {name: getattr(outcome.rate, name) for name in named if hasattr(outcome.rate, name)}
    numbers = {name: getattr(outcome, name) for name in ("billed_seconds", "net", "exchange_rate", "precision", "price")}
    return {**named, **numbers, "price_number": found.price_number, "margin_rate": found.margin_rate}


def _buy(found: Finding) -> dict[str, Any]:
    assert found.bought is not None
    bought = found.bought
    numbers = {"buy_number": found.buy_number, "margin_rate": found.margin_rate}
    return {"buy_price": bought.price, "buy_currency": bought.currency, "buy_inputs": bought.inputs, **numbers}


def _update(columns: dict[str, str], rows: Iterable[tuple[Call, dict[str, Any]]]) -> None:
    given = [{"at": call.at.isoformat(), "id": str(call.id), **{name: _plain(value) for name, value in named.items()}} for call, named in rows]
    if not given:
        return
    sets = ", ".join(f"{name} = given.{name}" for name in columns)
    types = ", ".join(f"{name} {type_}" for name, type_ in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE invoicing_call AS call SET {sets} FROM jsonb_to_recordset(%s::jsonb) AS given(at timestamptz, id uuid, {types})"
            " WHERE call.at = given.at AND call.id = given.id",
            [json.dumps(given)],
        )


def _plain(value: Any) -> Any:
    """As JSON holds it: decimals and ids as text."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value) if isinstance(value, UUID) else value
