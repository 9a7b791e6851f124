"""A customer's statement: every movement of its two accounts in the order in which it was posted, with the balance after each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from billing_portal.kernel import money
from billing_portal.kernel.period import Period, local_date
from customers.models import Customer, Kind, Transfer
from customers.models.ledger import CUSTOMER_ACCOUNTS
from invoicing.documents import figures
from invoicing.models import Document, Payment
from invoicing.queries import documents as queries

SHOWN, AT_ONCE = 1_000, 500
COLUMNS = (
    *("customer", "currency", "amount", "kind", "occurred_at", "posted_at", "note", "about_kind", "about_id", "reverses"),
    *("debit__kind", "credit__kind"),
)
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
class Rest:
    """The movements after those that are shown: how many, and what came in and went out by them (negative), exact."""

    count: int = 0
    money_in: Decimal = Decimal(0)
    money_out: Decimal = Decimal(0)


@dataclass(frozen=True)
class Statement:
    """The movements posted in a period of local dates, between the balances before and after; all in the customer's currency.

    `rows` are the first thousand; the sums and the balance after are those of all.
    """

    customer: Customer
    period: Period
    opening: Decimal
    rows: list[Row]
    rest: Rest

    @property
    def closing(self) -> Decimal:
        shown = self.rows[-1].balance if self.rows else self.opening
        return shown + self.rest.money_in + self.rest.money_out

    @property
    def money_in(self) -> Decimal:
        return self.rest.money_in + sum((row.amount for row in self.rows if row.amount > 0), Decimal(0))

    @property
    def money_out(self) -> Decimal:
        return self.rest.money_out + sum((row.amount for row in self.rows if row.amount < 0), Decimal(0))


def of(customer: Customer, period: Period) -> Statement:
    """The statement of a period; a movement belongs to it by when it was posted (semantics 5). Never more than a thousand of them are read, the rest is
    added up where it lies (reliability 59)."""
    opening, posted = balance_before(customer, period.window()[0]), _posted(customer, period)
    shown = list(posted[: SHOWN + 1])
    rest = _rest(posted, shown[SHOWN - 1]) if len(shown) > SHOWN else Rest()
    return Statement(customer, period, opening, list(_rows(customer, shown[:SHOWN], opening)), rest)


def each(customer: Customer, period: Period) -> Iterator[Row]:
    """Every row of a period's statement, read in pieces while they are asked for: however many there are, a few hundred are held at once (reliability 59)."""
    balance = balance_before(customer, period.window()[0])
    found = _posted(customer, period).iterator(chunk_size=AT_ONCE)
    while piece := list(islice(found, AT_ONCE)):
        for row in _rows(customer, piece, balance):
            yield row
            balance = row.balance


def balance_before(customer: Customer, at: datetime) -> Decimal:
    """What the customer had (positive) or owed at an instant, from the movements themselves."""
    sums = Transfer.objects.filter(customer=customer, posted_at__lt=at).aggregate(came=Sum("amount", filter=IN), went=Sum("amount", filter=OUT))
    return (sums["came"] or Decimal(0)) - (sums["went"] or Decimal(0))


def _posted(customer: Customer, period: Period) -> QuerySet[Transfer]:
    """Movements that touch the customer's accounts; the tax part of a top-up goes past them and is told beside it."""
    start, end = period.window()
    found = Transfer.objects.filter(IN | OUT, customer=customer, posted_at__gte=start, posted_at__lt=end)
    return found.select_related("debit", "credit").only(*COLUMNS).order_by("posted_at", "pk")


def _rest(posted: QuerySet[Transfer], last: Transfer) -> Rest:
    """What was posted after the last movement that is shown. A settlement between the two accounts neither comes in nor goes out."""
    after = posted.filter(Q(posted_at__gt=last.posted_at) | Q(posted_at=last.posted_at, pk__gt=last.pk)).order_by()
    sums = after.aggregate(count=Count("pk"), came=Sum("amount", filter=IN & ~OUT), went=Sum("amount", filter=OUT & ~IN))
    return Rest(sums["count"], sums["came"] or Decimal(0), -(sums["went"] or Decimal(0)))


def _rows(customer: Customer, transfers: Sequence[Transfer], balance: Decimal) -> Iterator[Row]:
    names = _Names.of(transfers)
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
    def of(cls, transfers: Sequence[Transfer]) -> _Names:
        """The names that these movements ask for, and no others."""
        abouts: dict[str, set[UUID]] = {queries.ABOUT: set(), "payment": set()}
        for transfer in transfers:
            if transfer.about_id and transfer.about_kind in abouts:
                abouts[transfer.about_kind].add(transfer.about_id)
        documents, payments = abouts.values()
        receipts = Document.objects.filter(queries.RECEIPTS, taken__transfer__payment__in=payments).values_list("taken__transfer__payment", "number")
        return cls(dict(Document.objects.filter(pk__in=documents).values_list("pk", "number")), Payment.objects.in_bulk(list(payments)), dict(receipts))


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
