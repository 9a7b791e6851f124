"""What no document has taken yet, its calls added up by the database: as much is read of a customer with a hundred thousand movements as of one with ten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Min

from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import first_instant, local_date
from customers.models import Kind, Transfer
from invoicing.queries import billed, movements
from invoicing.queries.movements import CallSum, Movement, SlotCalls

# What decides a line and its taxes: the customer's local month, whether calls were rated again, and where what they had cost first stands on an invoice
# (`billed.TAKEN_BEFORE`). What was taken back has a line of its own, and so has all that is no call: nothing of that is added up here.
SUMS = (
    """
    WITH months AS (
        SELECT zone, array_agg(at ORDER BY at) AS starts FROM unnest(%(zones)s::text[], %(starts)s::timestamptz[]) AS each (zone, at) GROUP BY zone),
    waits AS MATERIALIZED (
        SELECT moved.id, moved.customer_id, moved.occurred_at, moved.posted_at, moved.about_kind = 'call' AS again, bore.line_id,
               CASE WHEN debit.kind = 'receivable' THEN moved.amount ELSE -moved.amount END AS amount,
               width_bucket(moved.occurred_at, months.starts) AS month
          FROM customers_transfer AS moved
          JOIN customers_account AS debit ON debit.id = moved.debit_id
          JOIN customers_account AS credit ON credit.id = moved.credit_id
          JOIN customers_customer AS customer ON customer.id = moved.customer_id
          LEFT JOIN months ON months.zone = customer.time_zone
          LEFT JOIN LATERAL (
            SELECT taken.line_id"""
    + billed.TAKEN_BEFORE
    + """
             WHERE moved.about_kind = 'call' AND change.transfer_id = moved.id
             ORDER BY cost.number LIMIT 1) AS bore ON true
         WHERE moved.customer_id = ANY (%(customers)s::uuid[]) AND moved.kind = 'usage' AND moved.reverses_id IS NULL
           AND 'receivable' IN (debit.kind, credit.kind)
           AND NOT EXISTS (SELECT FROM invoicing_taken AS taken WHERE taken.transfer_id = moved.id)),
    made AS (
        SELECT id, count(*) AS calls, sum(seconds) AS seconds
          FROM (
            SELECT waits.id, call.billed_seconds AS seconds FROM waits JOIN invoicing_call AS call ON call.transfer_id = waits.id
             WHERE call.answered_at IS NOT NULL
            UNION ALL
            SELECT waits.id, call.billed_seconds FROM waits JOIN invoicing_pricechange AS change ON change.transfer_id = waits.id
              JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.at = change.call_at AND call.customer_id = change.customer_id
             WHERE waits.again AND call.transfer_id IS NULL AND change.before ->> 'plan_id' IS NULL) AS each
         GROUP BY id)
    SELECT (array_agg(waits.id ORDER BY occurred_at, waits.id))[1], customer_id, again, sum(amount), min(occurred_at), min(posted_at),
           coalesce(sum(calls), 0)::bigint, coalesce(sum(seconds), 0)::bigint
      FROM waits LEFT JOIN made ON made.id = waits.id
     GROUP BY customer_id, month, again, line_id
"""
)


@dataclass(frozen=True)
class Sums:
    """What waits of each customer in the order in which it happened, the calls of a local month as one movement that stands for all of them: with their sum,
    and with the key and the moments of the first. `calls` are those behind it, by that key.
    """

    untaken: dict[UUID, list[Movement]]
    calls: dict[UUID, SlotCalls]

    def calls_of(self, slots: Mapping[UUID, int]) -> dict[int, SlotCalls]:
        """The same as `movements.calls_of`, without destinations and lines."""
        found: dict[int, SlotCalls] = movements.calls_of({movement: slot for movement, slot in slots.items() if movement not in self.calls})
        for movement, slot in slots.items():
            if movement in self.calls:
                found[slot] = found.get(slot, SlotCalls()).and_(self.calls[movement])
        return found


def of(customer_ids: Collection[UUID], as_of: date) -> Sums:
    """What waits of these customers; a few queries for all of them, and rows as many as there are months of calls and other movements (reliability 59).

    Calls of the local month of `as_of` and of later ones, which no document of that date takes, are one.
    """
    untaken: dict[UUID, list[Movement]] = defaultdict(list)
    calls: dict[UUID, SlotCalls] = {}
    for movement, behind in _usage(customer_ids, as_of):
        untaken[movement.customer_id].append(movement)
        calls[movement.id] = behind
    for customer_id, others in movements.untaken(customer_ids, but=movements.CALLS_THAT_STAND).items():
        untaken[customer_id].extend(others)
    return Sums({customer_id: sorted(found, key=lambda each: (each.occurred_at, each.id)) for customer_id, found in untaken.items()}, calls)


def _usage(customer_ids: Collection[UUID], as_of: date) -> Iterator[tuple[Movement, SlotCalls]]:
    months = list(_months(customer_ids, as_of))
    asked: dict[str, Any] = {"customers": list(customer_ids), "zones": [zone for zone, _start in months], "starts": [start for _zone, start in months]}
    with connection.cursor() as cursor:
        cursor.execute(SUMS, asked)
        rows: list[tuple[UUID, UUID, bool, Decimal, datetime, datetime, int, int]] = cursor.fetchall()
    for id_, customer_id, again, amount, occurred_at, posted_at, calls, seconds in rows:
        movement = Movement(id_, customer_id, Kind.USAGE, amount, occurred_at, posted_at, "", "call" if again else "")
        yield movement, SlotCalls((CallSum("", calls, seconds, amount),) if calls else ())


def _months(customer_ids: Collection[UUID], as_of: date) -> Iterator[tuple[str, datetime]]:
    """Where the local months begin from the first in which calls of these customers wait up to that of `as_of`, by time zone."""
    waiting = Transfer.objects.filter(movements.of_documents(), movements.CALLS_THAT_STAND, customer_id__in=customer_ids, taken=None)
    for zone, first in waiting.order_by().values_list("customer__time_zone").annotate(first=Min("occurred_at")):
        try:
            begin = local_date(first, zone)
        except DomainError:
            continue  # a zone that is none is told of its customer when its periods are laid out
        for month in range(begin.year * 12 + begin.month - 1, as_of.year * 12 + as_of.month):
            yield zone, first_instant(date(month // 12, month % 12 + 1, 1), zone)
