"""What a run for a date may take: periods that have ended, and what fell into each (semantics 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from billing_portal.kernel.period import Period, first_instant, local_date, month_of
from customers.models import Customer, Kind
from invoicing.queries import movements
from invoicing.queries.movements import Movement


@dataclass(frozen=True)
class Share:
    """One ended period of a customer with the movements that its document is the first to take."""

    period: Period
    movements: list[Movement]


@dataclass(frozen=True)
class Gathered:
    """What waits for one customer: its ended periods that hold something, oldest first, and the moments of calls that hold its documents back.

    `last` is its latest ended period, None when none has ended; `billed` says that it has an invoice already.
    """

    customer: Customer
    shares: list[Share] = field(default_factory=list)
    blocked: list[datetime | None] = field(default_factory=list)
    last: Period | None = None
    billed: bool = False

    def is_blocked(self, period: Period) -> bool:
        """True when a call of this period or of an earlier one still waits for its price (semantics 22)."""
        end = first_instant(period.end, period.zone)
        return any(at is None or at < end for at in self.blocked)


@dataclass(frozen=True)
class Ledgers:
    """Everything that gathering needs of many customers, asked for at once: never a query per customer."""

    untaken: dict[UUID, list[Movement]]
    billed_until: dict[UUID, date]
    blocked: dict[UUID, list[datetime | None]]

    @classmethod
    def of(cls, customer_ids: Collection[UUID]) -> Ledgers:
        return cls(movements.untaken(customer_ids), movements.billed_until(customer_ids), movements.blocking_calls(customer_ids))


def gather(customer: Customer, ledgers: Ledgers, as_of: date) -> Gathered:
    """Lay the customer's untaken movements into its periods that end at or before `as_of`, local dates. Raises `unknown_time_zone`."""
    untaken = ledgers.untaken.get(customer.pk, [])
    billed = ledgers.billed_until.get(customer.pk)
    start = billed or first_day(customer, untaken)
    last = latest_end(start, as_of, customer.time_zone)
    shares: dict[Period, list[Movement]] = {}
    for movement in untaken if last else ():
        period = period_of(movement, start, customer.time_zone)
        if period.end <= as_of:
            shares.setdefault(period, []).append(movement)
    blocked = ledgers.blocked.get(customer.pk, [])
    return Gathered(customer, [Share(period, shares[period]) for period in sorted(shares)], blocked, last, billed is not None)


def first_day(customer: Customer, untaken: Iterable[Movement]) -> date:
    """Where the first period begins: on the day billing began, or at the first of an earlier month in which something moved already."""
    earliest = next(iter(sorted(movement.occurred_at for movement in untaken)), None)
    if earliest is None:
        return customer.billing_since
    moved = local_date(earliest, customer.time_zone)
    return customer.billing_since if moved >= customer.billing_since else moved.replace(day=1)


def latest_end(start: date, as_of: date, zone: str) -> Period | None:
    """The latest of the monthly periods from `start` that ends at or before `as_of`; None when none has ended."""
    month = as_of.replace(day=1)
    if month <= start:
        return None
    before = month_of(day_before(month), zone)
    return Period(max(start, before.start), before.end, zone)


def period_of(movement: Movement, start: date, zone: str) -> Period:
    """The period whose document takes the movement: that of its local date; what is older goes into the first that is open.

    A fee counts by when it was posted, and one posted at the very end of a period is on its document as "in advance" (semantics 10).
    """
    at = movement.posted_at if movement.kind == Kind.FEE else movement.occurred_at
    day = local_date(at, zone)
    if movement.kind == Kind.FEE and day.day == 1 and at == first_instant(day, zone):
        day = day_before(day)
    month = month_of(max(day, start), zone)
    return Period(max(start, month.start), month.end, zone)


def day_before(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)
