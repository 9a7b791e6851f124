"""What stands on receivables and is on no document yet (semantics 6, 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Q

from customers.models import AccountKind, Kind, Transfer
from invoicing.models import Call, Document, PriceChange, WaitingCall

GATHERED = (Kind.USAGE, Kind.FEE, Kind.CHARGE, Kind.CREDIT, Kind.ADJUSTMENT)
CALLS_THAT_STAND = Q(kind=Kind.USAGE, reverses=None)
BLOCKS_NOTHING = (WaitingCall.Reason.CONFLICT, WaitingCall.Reason.BAD_RECORD, WaitingCall.Reason.UNKNOWN_CUSTOMER)

# Calls count where their own movement is, at the price it brought; what rating them again changed since, where the movement of the difference is. One
# that had no price until then (it waited, and had climbed) has no movement but that.
CALLS = """
    WITH taken AS (SELECT unnest(%s::uuid[]) AS transfer_id, unnest(%s::int[]) AS slot),
         part AS (
        SELECT taken.slot, call.destination, call.line, 1 AS calls, call.billed_seconds AS seconds,
               call.price - CASE WHEN call.price_number = 0 THEN 0 ELSE coalesce(
                   (SELECT sum(price_after - price_before) FROM invoicing_pricechange WHERE key_id = call.key_id), 0) END AS amount
          FROM taken JOIN invoicing_call AS call ON call.transfer_id = taken.transfer_id
         WHERE call.answered_at IS NOT NULL
        UNION ALL
        SELECT taken.slot, call.destination, call.line, late.calls, late.calls * call.billed_seconds, change.price_after - change.price_before
          FROM taken JOIN invoicing_pricechange AS change ON change.transfer_id = taken.transfer_id
          JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.at = change.call_at AND call.customer_id = change.customer_id
         CROSS JOIN LATERAL (SELECT (call.transfer_id IS NULL AND change.before ->> 'plan_id' IS NULL)::int AS calls) AS late)
    SELECT slot, GROUPING(line) = 1, CASE WHEN GROUPING(line) = 1 THEN destination ELSE line END, sum(calls), sum(seconds), sum(amount)
      FROM part
     GROUP BY GROUPING SETS ((slot, destination), (slot, line))
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement on a receivable that no document has taken; `amount` is positive when the customer is charged."""

    id: UUID
    customer_id: UUID
    kind: str
    amount: Decimal
    occurred_at: datetime
    posted_at: datetime
    note: str
    about_kind: str
    reverses: UUID | None = None


@dataclass(frozen=True, slots=True)
class CallSum:
    """Answered calls to one destination, or from one line, with billed seconds and their prices added up, not rounded."""

    name: str
    calls: int
    seconds: int
    amount: Decimal


@dataclass(frozen=True)
class SlotCalls:
    """The calls behind some usage movements, added up by destination and by line."""

    destinations: tuple[CallSum, ...] = ()
    lines: tuple[CallSum, ...] = ()

    def and_(self, other: SlotCalls) -> SlotCalls:
        return SlotCalls((*self.destinations, *other.destinations), (*self.lines, *other.lines))

    @property
    def calls(self) -> int:
        return sum(row.calls for row in self.destinations)

    @property
    def seconds(self) -> int:
        return sum(row.seconds for row in self.destinations)


def of_documents() -> Q:
    """The movements that documents take: usage, fees, charges, credits, adjustments and opening debits, and what takes any of them back."""
    opening_debit = Q(kind=Kind.OPENING, debit__kind=AccountKind.RECEIVABLE, reverses=None)
    its_reversal = Q(kind=Kind.OPENING, credit__kind=AccountKind.RECEIVABLE, reverses__isnull=False)
    receivable = Q(debit__kind=AccountKind.RECEIVABLE) | Q(credit__kind=AccountKind.RECEIVABLE)
    return (Q(kind__in=GATHERED) & receivable) | opening_debit | its_reversal


def untaken(customer_ids: Collection[UUID], *, but: Q | None = None) -> dict[UUID, list[Movement]]:
    """What no document has taken yet, by customer, in the order in which it happened; one query for all of them. `but` is left out."""
    chosen = of_documents() if but is None else of_documents() & ~but
    rows = Transfer.objects.filter(chosen, customer_id__in=customer_ids, taken=None).order_by("occurred_at", "id")
    found: dict[UUID, list[Movement]] = {}
    for row in rows.values_list("id", "customer_id", "kind", "amount", "occurred_at", "posted_at", "note", "about_kind", "debit__kind", "reverses_id"):
        movement = _movement(*row)
        found.setdefault(movement.customer_id, []).append(movement)
    return found


def _movement(
    id_: UUID, of: UUID, kind: str, amount: Decimal, occurred_at: datetime, posted_at: datetime, note: str, about: str, debit: str, reverses: UUID | None
) -> Movement:
    signed = amount if debit == AccountKind.RECEIVABLE else -amount
    return Movement(id_, of, kind, signed, occurred_at, posted_at, note, about, reverses)


def billed_until(customer_ids: Collection[UUID]) -> dict[UUID, date]:
    """Where the last invoice of each customer ends (its period is half-open), for those that have one."""
    rows = Document.objects.filter(customer_id__in=customer_ids, kind=Document.DocumentKind.INVOICE).order_by("customer_id", "-period_end")
    return dict(rows.distinct("customer_id").values_list("customer_id", "period_end"))


def blocking_calls(customer_ids: Collection[UUID]) -> dict[UUID, list[datetime | None]]:
    """When the waiting calls that hold back a customer's document were answered; None where the record does not say (semantics 22)."""
    rows = WaitingCall.objects.filter(customer_id__in=customer_ids, state=WaitingCall.State.WAITING).exclude(reason__in=BLOCKS_NOTHING)
    found: dict[UUID, list[datetime | None]] = {}
    for customer_id, at in rows.values_list("customer_id", "at"):
        if customer_id is not None:
            found.setdefault(customer_id, []).append(at)
    return found


def each_call(transfer_ids: Collection[UUID], most: int) -> list[Call]:
    """The answered calls behind usage transfers in the order in which they were made, at most so many."""
    columns = ("at", "key_id", "line", "caller", "number", "destination", "billed_seconds", "price")
    behind = Q(transfer_id__in=transfer_ids) | _priced_late(transfer_ids)
    rows = Call.objects.filter(behind, answered_at__isnull=False).order_by("at", "key_id").only(*columns)
    return list(rows[:most])


def each_difference(transfer_ids: Collection[UUID], most: int) -> list[tuple[Call, Decimal]]:
    """Calls rated again whose difference is behind these transfers, while they themselves are on an earlier document; with their differences."""
    changes = list(PriceChange.objects.filter(transfer_id__in=transfer_ids).order_by("call_at")[:most])
    moved: dict[UUID, Decimal] = defaultdict(Decimal)
    for change in changes:
        moved[change.key_id] += change.difference
    at, owners = ({getattr(change, name) for change in changes} for name in ("call_at", "customer_id"))
    calls = Call.objects.filter(customer_id__in=owners, at__in=at, key_id__in=list(moved)).order_by("at", "key_id")
    return [(call, moved[call.key_id]) for call in calls.exclude(transfer_id__in=transfer_ids).exclude(_priced_late(transfer_ids))]


def _priced_late(transfer_ids: Collection[UUID]) -> Q:
    """Calls that climbed while they waited for their price, of which these transfers are the first movement."""
    first = list(PriceChange.objects.filter(transfer_id__in=transfer_ids, before__plan_id=None).values_list("call_at", "key_id"))
    return Q(transfer_id=None, at__in={at for at, _key in first}, key_id__in=[key for _at, key in first])


def calls_of(slots: Mapping[UUID, int]) -> dict[int, SlotCalls]:
    """The answered calls behind usage transfers, added up by slot: {transfer: slot} → {slot: calls}; one query however many there are."""
    if not slots:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(CALLS, [list(slots), list(slots.values())])
        rows: Sequence[tuple[int, bool, str, int, int, Decimal]] = cursor.fetchall()
    sums: dict[int, tuple[list[CallSum], list[CallSum]]] = {}
    for slot, by_destination, name, calls, seconds, amount in rows:
        destinations, lines = sums.setdefault(slot, ([], []))
        (destinations if by_destination else lines).append(CallSum(name, calls, seconds, amount))
    return {slot: SlotCalls(tuple(destinations), tuple(lines)) for slot, (destinations, lines) in sums.items()}
