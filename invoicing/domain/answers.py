"""What a switch is told of each record; kept with the call's key, so that a repeated record gets the first answer again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from billing_portal.kernel import money
from invoicing.domain.rating_batch import Outcome
from invoicing.models import WaitingCall

RATED, QUEUED, REPEATED, CONFLICT = "rated", "queued", "repeated", "conflict"


@dataclass(frozen=True, slots=True)
class Answer:
    """One entry of the answer (contracts, Calls): the price in plain decimals, in the customer's currency; empty while the record waits."""

    call_id: str
    leg: str
    status: str
    reason: str | None = None
    price: str | None = None
    currency: str | None = None
    billed_seconds: int | None = None

    def kept(self) -> dict[str, Any]:
        """What the key remembers; the key itself knows call id and leg."""
        return {"status": self.status, "reason": self.reason, "price": self.price, "currency": self.currency, "billed_seconds": self.billed_seconds}

    def again(self) -> Answer:
        return replace(self, status=REPEATED)


def of(outcome: Outcome) -> Answer:
    """The answer to a record that came for the first time."""
    call_id, leg = outcome.record.key
    if outcome.reason or outcome.customer is None:
        return Answer(call_id, leg, QUEUED, reason=str(outcome.reason))
    return Answer(call_id, leg, RATED, None, money.plain(outcome.price), outcome.customer.currency, outcome.billed_seconds)


def conflict(call_id: str, leg: str) -> Answer:
    """The answer to other content under a key that is taken: nothing is posted."""
    return Answer(call_id, leg, CONFLICT, reason=WaitingCall.Reason.CONFLICT.value)


def kept(call_id: str, leg: str, stored: Mapping[str, Any]) -> Answer:
    """The answer as the key remembers it."""
    return Answer(call_id, leg, stored["status"], stored["reason"], stored["price"], stored["currency"], stored["billed_seconds"])
