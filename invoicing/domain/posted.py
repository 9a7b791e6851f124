"""Posted calls read back from their rows: as a record, as a price, as the numbers a price was made of."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from customers.models import Customer
from invoicing.domain.rating_batch import Outcome
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallKey
from rateplans.domain.rating import Rate
from rateplans.models import PlanVersion, RatePlan


def outcome_of(call: Call, key: CallKey, customer: Customer) -> Outcome:
    """The call as one of this customer's, not priced yet: of its own, or of the reseller's row one level up."""
    record = CallRecord(
        call_id=key.call_id,
        leg=key.leg,
        to=call.number,
        setup_at=call.setup_at,
        direction=call.direction,
        account=customer.account_number,
        caller=call.caller,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        seconds=call.seconds,
        cause=call.cause,
    )
    return Outcome(record, customer, at=call.at, number=call.number, seconds=call.seconds)


def priced(outcome: Outcome, price: Decimal, inputs: Mapping[str, Any]) -> Outcome:
    """Give it a price with the numbers it was made of, as `buying` wrote them: nothing is rated again."""
    outcome.price, outcome.precision = price, inputs["precision"]
    outcome.net, outcome.exchange_rate = Decimal(inputs["net"]), Decimal(inputs["exchange_rate"])
    outcome.billed_seconds = inputs["billed_seconds"]
    if inputs["plan"]:
        outcome.plan = RatePlan(pk=UUID(inputs["plan"]))
    if inputs["version"]:
        outcome.version = PlanVersion(pk=UUID(inputs["version"]))
    if inputs["rate"]:
        prefix, destination, per_minute, connection_charge, initial, increment, included, minimum = inputs["rate"]
        outcome.rate = Rate(prefix, destination, Decimal(per_minute), Decimal(connection_charge), initial, increment, included, Decimal(minimum))
    return outcome


def inputs_of(call: Call) -> dict[str, Any]:
    """The numbers the call's price was made of, as the reseller below keeps them beside its buy price."""
    rate = [
        call.prefix,
        call.destination,
        str(call.per_minute),
        str(call.connection_charge),
        call.initial_increment,
        call.increment,
        call.included_seconds,
        str(call.minimum),
    ]
    return {
        "plan": str(call.plan_id) if call.plan_id else None,
        "version": str(call.version_id) if call.version_id else None,
        "rate": rate if call.prefix else None,
        "billed_seconds": call.billed_seconds,
        "net": str(call.net),
        "precision": call.precision,
        "exchange_rate": str(call.exchange_rate),
    }


def is_free_there(inputs: Mapping[str, Any] | None) -> bool:
    """Whether a call asked no rates at the parent, by the numbers its price was made of: it was to a line there, or had no second and no plan."""
    return inputs is not None and "reason" not in inputs and inputs["plan"] is None
