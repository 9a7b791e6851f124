"""What calls leave on a customer's standing: the moment of the last one, and what was spent on the local day that is today."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from billing_portal.kernel.period import local_date
from customers.domain import daily_limit
from customers.models import Customer, Standing

SpentOn = Callable[[Customer, date], Decimal]
_spent_on: list[SpentOn] = []

NOTE = """
    UPDATE customers_standing AS standing
       SET last_call_at = greatest(standing.last_call_at, seen.last_call_at),
           day = greatest(standing.day, seen.today),
           spent_today = CASE WHEN standing.day > seen.today THEN standing.spent_today
                              WHEN standing.day = seen.today THEN standing.spent_today + seen.spent
                              ELSE seen.spent END,
           held_today = CASE WHEN standing.day >= seen.today THEN standing.held_today ELSE 0 END
      FROM (SELECT unnest(%s::uuid[]) AS customer_id, unnest(%s::timestamptz[]) AS last_call_at,
                   unnest(%s::date[]) AS today, unnest(%s::numeric[]) AS spent) AS seen
     WHERE standing.customer_id = seen.customer_id
    RETURNING standing.customer_id, standing.daily_limit IS NOT NULL OR standing.calls_locked
"""


@dataclass(frozen=True)
class Seen:
    """A customer's calls of one batch: the latest, today in the customer's zone, and what calls of today cost."""

    customer_id: UUID
    last_call_at: datetime
    today: date
    spent: Decimal


def note(seen: Sequence[Seen], *, at: datetime) -> None:
    """Add today's calls to today's spending; the first batch of a later day resets it, calls of other days leave it alone (architecture §3).

    Who reaches the daily limit by it is locked in the same transaction (semantics 31). The caller holds the standings' locks.
    Amounts in the customer's currency.
    """
    columns: list[list[Any]] = [[row.customer_id for row in seen], [row.last_call_at for row in seen], [row.today for row in seen], [row.spent for row in seen]]
    with connection.cursor() as cursor:
        cursor.execute(NOTE, columns)
        limited = [customer_id for customer_id, limited in cursor.fetchall() if limited]
    if limited:
        daily_limit.review(limited, at=at)


def register(spent_on: SpentOn) -> None:
    """Say at start-up what a customer's calls of one local date, posted on it, cost: calls live in a higher app."""
    if spent_on not in _spent_on:
        _spent_on.append(spent_on)


def count_again(customer: Customer, at: datetime) -> None:
    """Count today's spending anew after the customer's zone changed, in which today begins and ends at other moments. The caller holds the standing's lock."""
    today = local_date(at, customer.time_zone)
    spent = sum((ask(customer, today) for ask in _spent_on), Decimal(0))
    Standing.objects.filter(customer=customer).exclude(day=None).update(day=today, spent_today=spent)
    daily_limit.review([customer.pk], at=at)
