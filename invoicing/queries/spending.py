"""What a customer's calls cost, day by day, and the latest of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet

from billing_portal.kernel.period import first_instant
from customers.models import Customer
from invoicing.models import Call

DAY = timedelta(days=1)
PER_DAY = """
    SELECT (at AT TIME ZONE %s)::date, count(*), sum(billed_seconds), sum(price)
      FROM invoicing_call
     WHERE customer_id = %s AND at >= %s AND at < %s AND answered_at IS NOT NULL
     GROUP BY 1
"""
POSTED_ON = """
    SELECT coalesce(sum(call.price), 0)
      FROM invoicing_call AS call
      JOIN invoicing_callbatch AS batch ON batch.id = call.batch_id
     WHERE call.customer_id = %s AND call.at >= %s AND call.at < %s AND batch.posted_at >= %s AND batch.posted_at < %s
"""


@dataclass(frozen=True)
class Day:
    """Answered calls of one local date: how many, seconds billed, and what they cost in the customer's currency, net."""

    day: date
    calls: int = 0
    seconds: int = 0
    amount: Decimal = Decimal(0)


def per_day(customer: Customer, first: date, last: date) -> list[Day]:
    """Each local date from `first` to `last`, days without calls included."""
    zone = customer.time_zone
    with connection.cursor() as cursor:
        cursor.execute(PER_DAY, [zone, customer.pk, first_instant(first, zone), first_instant(last + DAY, zone)])
        found = {row[0]: Day(*row) for row in cursor.fetchall()}
    days = (first + DAY * number for number in range((last - first).days + 1))
    return [found.get(day, Day(day)) for day in days]


def posted_on(customer: Customer, day: date) -> Decimal:
    """What the customer's calls of this local date cost that were posted on it, in its currency."""
    window = (first_instant(day, customer.time_zone), first_instant(day + DAY, customer.time_zone))
    with connection.cursor() as cursor:
        cursor.execute(POSTED_ON, [customer.pk, *window, *window])
        return Decimal(cursor.fetchone()[0])


def latest_calls(customer: Customer, count: int) -> QuerySet[Call]:
    """The customer's latest calls."""
    return Call.objects.filter(customer_id=customer.pk).order_by("-at", "-id")[:count]
