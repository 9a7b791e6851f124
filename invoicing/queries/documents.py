"""Questions about issued documents: whose they are, what is open on them, and what could pay them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db.models import Case, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from billing_portal.accounts.models import Role
from billing_portal.mail.models import MailLog
from billing_portal.web.lookup import named_or_404
from billing_portal.web.viewer import Viewer
from customers import queries as customers
from customers.models import AccountKind, Customer, Kind, Transfer
from invoicing.models import Document, Match
from invoicing.queries import credits

ABOUT = "document"
CREDIT_KINDS = (Kind.PAYMENT, Kind.AFFILIATE, Kind.SETTLE, Kind.OPENING)
ASKS = Q(kind=Document.DocumentKind.INVOICE)
"""Documents that ask for money; of all others nothing is ever open."""
NOTES = Q(kind=Document.DocumentKind.CREDIT_NOTE)
RECEIPTS = Q(kind=Document.DocumentKind.RECEIPT)
_MONEY: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=6)


def _matched(column: str, only: Q | None = None) -> Coalesce:
    sums = Match.objects.filter(only or Q(), **{column: OuterRef("pk")}).order_by().values(column).annotate(sum=Sum("amount"))
    return Coalesce(Subquery(sums.values("sum")), Value(Decimal(0)), output_field=_MONEY)


def with_figures(documents: QuerySet[Document]) -> QuerySet[Document]:
    """The same documents with `matched`, `credited` (by credit notes), `left` (the amount due, semantics 11; nothing on what does not ask) and `mailed`."""
    mails = MailLog.objects.filter(about_kind=ABOUT, about_id=OuterRef("pk"), state=MailLog.State.SENT)
    due = Case(When(ASKS, then=F("total") - F("matched")), default=Value(Decimal(0)), output_field=_MONEY)
    sums = {"matched": _matched("document"), "credited": _matched("document", Q(credit=None))}
    return documents.annotate(**sums, mailed=Exists(mails)).annotate(left=due)


def visible_to(viewer: Viewer) -> QuerySet[Document]:
    """The documents this viewer may see: those of the customers it may see; an account user sees none (contracts, Rights)."""
    if viewer.role == Role.ACCOUNT_USER:
        return Document.objects.none()
    return with_figures(Document.objects.filter(customer__in=customers.visible_to(viewer))).select_related("customer")


def document_or_404(viewer: Viewer, number: str) -> Document:
    """The document of this number with its customer; 404 for strangers."""
    return named_or_404(visible_to(viewer), number=number)


def of_customer(viewer: Viewer, customer: Customer) -> QuerySet[Document]:
    """The customer's documents, as far as the viewer may see them."""
    return visible_to(viewer).filter(customer=customer)


def overdue(today: date) -> Q:
    """Documents with something due that was to be paid before today; needs `left`."""
    return Q(left__gt=0, due_on__lt=today)


OPEN = Q(left__gt=0)
CANCELLED = ASKS & Q(credited=F("total"))
PAID = ASKS & Q(left__lte=0, credited__lt=F("total"))


def totals(documents: QuerySet[Document]) -> list[dict[str, Any]]:
    """One row per kind and currency: `kind`, `currency`, `documents`, `total`, `left`. Neither currencies nor what asks and what does not are added up."""
    due = Coalesce(Sum("left", filter=OPEN), Value(Decimal(0)), output_field=_MONEY)
    rows = documents.order_by().values_list("kind", "currency").annotate(documents=Count("pk"), sum=Sum("total"), due=due).order_by("kind", "currency")
    return [dict(zip(("kind", "currency", "documents", "total", "left"), row, strict=True)) for row in rows]


def open_documents(customer_ids: Collection[UUID]) -> QuerySet[Document]:
    """Documents with something due, oldest due date first, each with `left`."""
    documents = Document.objects.filter(ASKS, customer_id__in=customer_ids).annotate(matched=_matched("document")).annotate(left=F("total") - F("matched"))
    return documents.filter(left__gt=0).order_by("due_on", "issued_at", "sequence", "pk")


def unapplied_credits(customer_ids: Collection[UUID]) -> QuerySet[Transfer]:
    """Credits on receivables that have not settled anything yet, oldest first, each with `left` (semantics 6, unapplied)."""
    credits_ = Transfer.objects.filter(customer_id__in=customer_ids, kind__in=CREDIT_KINDS, credit__kind=AccountKind.RECEIVABLE)
    free = credits.with_left(credits_.filter(reverses=None, reversed_by=None)).filter(left__gt=0)
    return cast("QuerySet[Transfer]", free.order_by("posted_at", "pk"))


def owed_by(customer_ids: Collection[UUID]) -> dict[UUID, Decimal]:
    """What is due on each customer's documents less its unapplied credit: positive when something is owed."""
    owed = dict.fromkeys(customer_ids, Decimal(0))
    for document in open_documents(customer_ids):
        owed[document.customer_id] += document.left  # type: ignore[attr-defined]  # annotated
    for credit in unapplied_credits(customer_ids):
        owed[credit.customer_id] -= credit.left  # type: ignore[attr-defined]  # annotated
    return owed


def by_periods(pairs: Collection[tuple[UUID, date]]) -> dict[tuple[UUID, date], Document]:
    """The invoices of these customers that begin on these days."""
    rows = Document.objects.filter(customer_id__in={customer for customer, _start in pairs}, kind=Document.DocumentKind.INVOICE)
    return {(row.customer_id, row.period_start): row for row in rows if (row.customer_id, row.period_start) in set(pairs)}
