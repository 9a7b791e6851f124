"""What a billed debt of a wallet stands for: the latest that was spent before it, as far as it reaches; credit paid the rest (semantics 3, 13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Min, Q

from customers.models import AccountKind, Kind, Transfer
from invoicing.models import Document, Taken
from invoicing.queries import credits

SPENT = (Kind.USAGE, Kind.FEE, Kind.CHARGE, Kind.ADJUSTMENT, Kind.OPENING)
WALLET = AccountKind.WALLET


@dataclass
class Debt:
    """A billed debt that stands: its movement on the receivable, the number of the one that gave it to the wallet, and how much is still to be found."""

    line: UUID
    gave: int
    left: Decimal


def standing_for(transfer_ids: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """Which of these movements spent from a wallet what a billed debt stands for, if only in part, and the debts' movements on the receivable.

    A debt that was taken back stands for nothing any more; what an earlier one stands for, the next does not stand for again.
    """
    found: dict[UUID, set[UUID]] = defaultdict(set)
    oldest = _oldest(transfer_ids)
    for customer, debts in _billed(oldest).items():
        for movement, line in _reached(customer, debts, oldest[customer]):
            if movement in transfer_ids:
                found[movement].add(line)
    return found


def billed_since(movement: Transfer) -> list[UUID]:
    """The movements on the receivable of the debts that were billed of its customer after it, and that stand."""
    return [debt.line for debts in _billed({movement.customer_id: movement.number}).values() for debt in debts]


def is_on(document: Document) -> bool:
    """Whether an invoice asks for a billed debt of a wallet, which neither a credit note nor taking it back has answered."""
    asked = Taken.objects.filter(document=document, transfer__key__startswith=credits.WALLET_DEBT, transfer__reverses=None)
    return asked.filter(transfer__reversed_by=None, line__credited_by=None).exists()


def _oldest(transfer_ids: Collection[UUID]) -> dict[UUID, int]:
    """The number of the first of these movements, by customer."""
    asked = Transfer.objects.filter(pk__in=transfer_ids) if transfer_ids else Transfer.objects.none()
    return dict(asked.order_by().values_list("customer").annotate(Min("number")))


def _billed(since: Mapping[UUID, int]) -> dict[UUID, list[Debt]]:
    """The debts that were billed of these customers since the movement with that number, and that stand; the latest first."""
    if not since:
        return {}
    made = Transfer.objects.filter(key__startswith=credits.WALLET_DEBT, customer__in=since, reverses=None, reversed_by=None)
    rows = list(made.order_by("-number").values_list("pk", "number", "customer_id", "key", "amount", "credit__kind"))
    charged = {key.rpartition(":")[0]: pk for pk, _number, _customer, key, _amount, account in rows if account != WALLET}
    found: dict[UUID, list[Debt]] = defaultdict(list)
    for _pk, number, customer, key, amount, account in rows:
        line = charged.get(key.rpartition(":")[0])
        if account == WALLET and line is not None and number >= since[customer]:
            found[customer].append(Debt(line, number, amount))
    return found


def _reached(customer: UUID, debts: list[Debt], oldest: int) -> Iterator[tuple[UUID, UUID]]:
    """From the latest debt back, as far as they reach and at most to the oldest movement asked about: each that was spent, with each debt that reaches it.

    An earlier debt on the way has to be found first, and so has what calls were rated cheaper by, which was spent by nobody.
    """
    spends = Q(debit__kind=WALLET, kind__in=SPENT) | Q(credit__kind=WALLET, kind=Kind.USAGE) | Q(number__in=[debt.gave for debt in debts])
    moved = Transfer.objects.filter(spends, customer=customer, number__gte=oldest, number__lte=debts[0].gave, reverses=None, reversed_by=None)
    starts = {debt.gave: debt for debt in debts}
    open_: list[Debt] = []
    for pk, number, amount, account in moved.order_by("-number").values_list("pk", "number", "amount", "debit__kind").iterator(chunk_size=1000):
        for debt in open_:
            if account == WALLET:
                yield pk, debt.line
            debt.left -= amount if account == WALLET else -amount
        open_ = [debt for debt in open_ if debt.left > 0]
        if number in starts:
            open_.append(starts.pop(number))
        if not open_ and not starts:
            return
