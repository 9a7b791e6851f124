"""Which credit pays which document."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from customers.models import Customer, Transfer
from invoicing.models import Document, Match
from invoicing.queries import documents as queries


def settle(customer: Customer, *, at: datetime, first: Document | None = None) -> None:
    """Spend the customer's unapplied credit on what is open: the document named, then the oldest due date first (semantics 11).

    The caller holds the customer's standing.
    """
    settle_many([customer.pk], at=at, first=first)


def settle_many(customer_ids: Collection[UUID], *, at: datetime, first: Document | None = None) -> None:
    """The same for many customers, whose standings the caller holds; two queries and one insert."""
    credits_: dict[UUID, deque[Any]] = {}
    for credit in queries.unapplied_credits(customer_ids):
        credits_.setdefault(credit.customer_id, deque()).append(credit)
    if not credits_:
        return
    open_ = sorted(queries.open_documents(list(credits_)), key=lambda document: first is None or document.pk != first.pk)
    Match.objects.bulk_create([match for document in open_ for match in _pay(document, credits_[document.customer_id], at)])


def take_back(credit: Transfer, amount: Decimal | None, *, at: datetime) -> None:
    """Free so much of what a credit has settled, the latest first, by negative rows; all of it when no amount is given. The documents are open again.

    The caller holds the customer's standing and settles anew.
    """
    _take_back(Match.objects.filter(credit=credit), amount, at)


def free(document: Document, amount: Decimal, *, at: datetime) -> None:
    """Make room on a document for so much: what payments have settled of it is taken back, the latest first. The caller settles anew."""
    _take_back(Match.objects.filter(document=document, note=None), amount, at)


def _take_back(matches: QuerySet[Match], amount: Decimal | None, at: datetime) -> None:
    settled: dict[tuple[UUID, Any], Decimal] = {}
    for document_id, credit_id, matched in matches.order_by("at", "pk").values_list("document_id", "credit_id", "amount"):
        settled[document_id, credit_id] = settled.pop((document_id, credit_id), Decimal(0)) + matched
    freed: list[Match] = []
    for (document_id, credit_id), matched in reversed(settled.items()):
        part = matched if amount is None else min(matched, amount - sum((-row.amount for row in freed), Decimal(0)))
        if part > 0:
            freed.append(Match(document_id=document_id, credit_id=credit_id, amount=-part, at=at))
    Match.objects.bulk_create(freed)


def _pay(document: Any, credits_: deque[Any], at: datetime) -> list[Match]:
    """Matches that settle one document as far as the credits reach; what they spend is gone from them."""
    due: Decimal = document.left
    matches = []
    while credits_ and due > 0:
        credit = credits_[0]
        amount = min(credit.left, due)
        matches.append(Match(document=document, credit=credit, amount=amount, at=at))
        credit.left -= amount
        due -= amount
        if not credit.left:
            credits_.popleft()
    return matches
