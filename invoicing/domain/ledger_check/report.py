"""What a check of the ledger says."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing_portal.kernel import money


@dataclass(frozen=True, slots=True)
class Question:
    """One identity as one set-based statement; each row it answers is a difference: customer id, place, expected, found."""

    name: str
    sql: str
    params: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Two numbers that should be equal: which identity, whose, where, what it should be and what it is; amounts in the customer's currency."""

    identity: str
    customer_id: UUID | None
    customer: str
    account_number: str
    place: str
    expected: Decimal | None
    found: Decimal | None

    def as_json(self) -> dict[str, str | None]:
        return {
            "identity": self.identity,
            "customer": self.customer,
            "account_number": self.account_number,
            "place": self.place,
            "expected": _plain(self.expected),
            "found": _plain(self.found),
        }

    def __str__(self) -> str:
        whose = f"{self.customer} ({self.account_number}): " if self.customer else ""
        return f"{whose}{self.place}: {self.identity}: expected {_plain(self.expected) or 'nothing'}, found {_plain(self.found) or 'nothing'}"


@dataclass
class Report:
    """How much was looked at, what is still on its way between resellers, and every difference."""

    customers: int = 0
    transfers: int = 0
    documents: int = 0
    in_flight: int = 0
    differences: list[Difference] = field(default_factory=list)


def _plain(amount: Decimal | None) -> str | None:
    if amount is None:
        return None
    text = money.plain(Decimal(amount))
    return text.rstrip("0").rstrip(".") if "." in text else text
