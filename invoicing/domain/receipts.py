"""Receipts: what a customer paid into its wallet, or paid for out of it, as a numbered document that asks for nothing (semantics 16, A26)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.kernel import money
from billing_portal.kernel.period import local_date
from billing_portal.tenancy import queries as tenancy
from customers.models import Customer, Transfer
from invoicing.documents.value import InvoiceDocument, Kind, Line, TaxLine
from invoicing.domain import numbering, snapshots
from invoicing.models import Document, DocumentLine, DocumentTax, Taken
from invoicing.queries import documents as queries
from rateplans.models import Tax
from rateplans.queries import billing_terms

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Paid:
    """A movement of the wallet that the receipt is for, net of tax, and what it was in words."""

    transfer: Transfer
    description: str
    detail: str = ""


@dataclass(frozen=True)
class PaidTax:
    """A movement to tax payable beside it, and the tax it is."""

    transfer: Transfer
    tax: Tax


@dataclass(frozen=True)
class Content:
    """Everything a receipt says beside its number and date; amounts are those of the movements, in the customer's minor unit."""

    customer: Customer
    paid: Sequence[Paid]
    taxes: Sequence[PaidTax] = ()
    note: str = ""

    @property
    def net(self) -> Decimal:
        return sum((part.transfer.amount for part in self.paid), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((part.transfer.amount for part in self.taxes), Decimal(0))


def issue(content: Content, *, actor: Actor, at: datetime) -> Document:
    """Write the receipt of movements that were just posted: number, snapshot, what it took; PDF and mail follow (semantics 16, A26).

    The same movements again answer with the receipt that stands. The caller holds the customer's standing; the series is locked last, so this comes
    at the end of its transaction (reliability 33).
    """
    known = Document.objects.filter(taken__transfer=content.paid[0].transfer).first()
    if known is not None:
        return known
    document = _write(content, actor=actor, at=at)
    outbox.add("invoices.render", {"document": str(document.pk)}, key=f"render:{document.pk}")
    subject = (queries.ABOUT, document.pk, document.number)
    audit.record(actor, "receipt.issued", subject=subject, customer_id=content.customer.pk, at=at)
    return document


def of_topup(customer: Customer, wallet: Transfer, taxes: Sequence[PaidTax], *, reference: str, actor: Actor, at: datetime) -> Document:
    """The receipt of a top-up: what was paid, the taxes in it, and what the wallet got."""
    got = money.text(money.to_minor(wallet.amount, customer.currency), customer.currency)
    note = _("%(amount)s were added to the balance.") % {"amount": got} if taxes else ""
    return issue(Content(customer, [Paid(wallet, _("Top-up"), reference)], taxes, note), actor=actor, at=at)


def _write(content: Content, *, actor: Actor, at: datetime) -> Document:
    """The document with its rows; its period is the day on which it was paid, and nothing of it falls due."""
    customer, seller = content.customer, tenancy.current()
    day = local_date(at, customer.time_zone)
    [(series, sequence)] = numbering.take([numbering.series_name(billing_terms(), seller, day, Document.DocumentKind.RECEIPT)])
    value = _value(content, numbering.number(series, sequence), day)
    document = Document.objects.create(
        kind=Document.DocumentKind.RECEIPT,
        customer=customer,
        series=series,
        sequence=sequence,
        number=value.number,
        period_start=day,
        period_end=day + DAY,
        time_zone=customer.time_zone,
        issued_at=at,
        issued_on=day,
        due_on=day,
        currency=customer.currency,
        net=value.net,
        tax=value.tax,
        total=value.total,
        snapshot=value.to_json(),
        actor_name=actor.name,
    )
    DocumentLine.objects.bulk_create(_lines(document, content))
    DocumentTax.objects.bulk_create(_taxes(document, content))
    movements = [*(part.transfer for part in content.paid), *(part.transfer for part in content.taxes)]
    Taken.objects.bulk_create(Taken(document=document, transfer=movement) for movement in movements)
    return document


def _value(content: Content, number: str, day: date) -> InvoiceDocument:
    """The receipt as it is frozen."""
    net, tax = content.net, content.tax
    return InvoiceDocument(
        kind=Kind.RECEIPT,
        number=number,
        seller=snapshots.seller_of(tenancy.current()),
        buyer=snapshots.buyer_of(content.customer),
        issued_on=day,
        currency=content.customer.currency,
        net=net,
        tax=tax,
        total=net + tax,
        lines=tuple(Line(part.description, part.transfer.amount, detail=part.detail) for part in content.paid),
        taxes=tuple(TaxLine(part.tax.name, part.tax.percent, net, part.transfer.amount) for part in content.taxes),
        time_zone=content.customer.time_zone,
        note=content.note,
    )


def _lines(document: Document, content: Content) -> Iterator[DocumentLine]:
    for position, part in enumerate(content.paid, 1):
        texts = {"kind": part.transfer.kind, "description": part.description, "detail": part.detail}
        yield DocumentLine(document=document, position=position, quantity=Decimal(1), amount=part.transfer.amount, **texts)


def _taxes(document: Document, content: Content) -> Iterator[DocumentTax]:
    for part in content.taxes:
        amount = part.transfer.amount
        yield DocumentTax(document=document, name=part.tax.name, percent=part.tax.percent, base=content.net, amount=amount, transfer=part.transfer)
