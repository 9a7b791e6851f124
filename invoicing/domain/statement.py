"""A customer's statement: every movement of its two accounts in the order in which it was posted, with the balance after each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing_portal.kernel import money
from billing_portal.kernel.period import Period, local_date
from customers.models import Customer, Kind, Transfer
from customers.models.ledger import CUSTOMER_ACCOUNTS
from invoicing.documents import figures
from invoicing.models import Document, Payment
from invoicing.queries import documents as queries

NAMED_FIRST = (Kind.REFUND, Kind.CHARGEBACK, Kind.SETTLE, Kind.WRITE_OFF)
NET_OF_A_NOTE = (Kind.CREDIT, Kind.CHARGE, Kind.ADJUSTMENT)
IN, OUT = Q(credit__kind__in=CUSTOMER_ACCOUNTS), Q(debit__kind__in=CUSTOMER_ACCOUNTS)


@dataclass(frozen=True)
class Row:
    """One movement: when it was posted, what it was in words, by how much the balance moved and what it was then, exact."""

    at: datetime
    text: str
    detail: str
    amount: Decimal
    balance: Decimal
    number: str = ""


@dataclass(frozen=True)
class Statement:
    """The movements posted in a period of local dates, between the balances before and after; all in the customer's currency."""

    customer: Customer
    period: Period
    opening: Decimal
    rows: list[Row]

    @property
    def closing(self) -> Decimal:
        return self.rows[-1].balance if self.rows else self.opening

    @property
    def money_in(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.amount > 0), Decimal(0))

    @property
    def money_out(self) -> Decimal:
        return sum((row.amount for row in self.rows if row.amount < 0), Decimal(0))


def of(customer: Customer, period: Period) -> Statement:
    """The statement of a period; a movement belongs to it by when it was posted (semantics 5)."""
    start, end = period.window()
    opening = balance_before(customer, start)
    posted = _movements(customer).filter(posted_at__gte=start, posted_at__lt=end)
    return Statement(customer, period, opening, list(_rows(customer, posted, opening)))


def balance_before(customer: Customer, at: datetime) -> Decimal:
    """What the customer had (positive) or owed at an instant, from the movements themselves."""
    sums = Transfer.objects.filter(customer=customer, posted_at__lt=at).aggregate(came=Sum("amount", filter=IN), went=Sum("amount", filter=OUT))
    return (sums["came"] or Decimal(0)) - (sums["went"] or Decimal(0))


def _movements(customer: Customer) -> QuerySet[Transfer]:
    """Movements that touch the customer's accounts; the tax part of a top-up goes past them and is told beside it."""
    return Transfer.objects.filter(IN | OUT, customer=customer).select_related("debit", "credit").order_by("posted_at", "pk")


def _rows(customer: Customer, posted: Iterable[Transfer], balance: Decimal) -> Iterator[Row]:
    transfers = list(posted)
    abouts = {transfer.about_id for transfer in transfers if transfer.about_id}
    names = _Names.of(abouts)
    for transfer in transfers:
        amount = effect(transfer)
        balance += amount
        text, detail, number = words(transfer, customer, names)
        yield Row(transfer.posted_at, text, detail, amount, balance, number)


def effect(transfer: Transfer) -> Decimal:
    """By how much the movement changes wallet and receivable together."""
    came = transfer.amount if transfer.credit.kind in CUSTOMER_ACCOUNTS else Decimal(0)
    went = transfer.amount if transfer.debit.kind in CUSTOMER_ACCOUNTS else Decimal(0)
    return came - went


@dataclass(frozen=True)
class _Names:
    """Numbers of documents and payments that movements are about, and of receipts by the payment they are for."""

    documents: dict[UUID, str]
    payments: dict[UUID, Payment]
    receipts: dict[UUID, str]

    @classmethod
    def of(cls, ids: Collection[UUID]) -> _Names:
        documents = dict(Document.objects.filter(pk__in=ids).values_list("pk", "number"))
        receipts = Document.objects.filter(queries.RECEIPTS, taken__transfer__payment__in=ids).values_list("taken__transfer__payment", "number")
        return cls(documents, Payment.objects.in_bulk(list(ids)), dict(receipts))


def words(transfer: Transfer, customer: Customer, names: _Names) -> tuple[str, str, str]:
    """What a movement was, a second line about it, and the number of the document it is about."""
    kind = Kind(transfer.kind)
    about: Any = transfer.about_id
    number = names.documents.get(about, "") if transfer.about_kind == queries.ABOUT else ""
    payment = names.payments.get(about) if transfer.about_kind == "payment" else None
    if kind == Kind.USAGE:
        day = figures.day(local_date(transfer.occurred_at, customer.time_zone))
        text, detail = _("Calls of %(day)s") % {"day": day}, _("Rated again") if transfer.about_kind == "call" else ""
    elif number and kind in NET_OF_A_NOTE:
        text, detail = _("Credit note %(number)s") % {"number": number}, ""
    elif number:
        what = kind.label if kind in NAMED_FIRST else transfer.note or kind.label
        text, detail = _("%(what)s on %(number)s") % {"what": what, "number": number}, transfer.note if kind in NAMED_FIRST else ""
    elif payment is not None:
        text, detail = str(kind.label), " · ".join(part for part in (payment.reference, _tax_part(payment, transfer)) if part)
        number = names.receipts.get(payment.pk, "")
    elif kind in NAMED_FIRST:
        text, detail = str(kind.label), transfer.note
    else:
        text, detail = (transfer.note, str(kind.label)) if transfer.note else (str(kind.label), "")
    return (_("Taken back: %(what)s") % {"what": text} if transfer.reverses_id else text), detail, number


def _tax_part(payment: Payment, transfer: Transfer) -> str:
    """How much of a top-up was tax."""
    tax = payment.gross - transfer.amount
    if not tax:
        return ""
    paid = money.text(payment.gross, transfer.currency)
    return _("%(paid)s paid, %(tax)s of it tax") % {"paid": paid, "tax": money.text(tax, transfer.currency)}


def last_months(today: date, zone: str, count: int = 3) -> Period:
    """This month and the ones before it, as a statement shows at first."""
    months = today.year * 12 + today.month - count
    return Period(date(months // 12, months % 12 + 1, 1), date.fromordinal(today.toordinal() + 1), zone)
