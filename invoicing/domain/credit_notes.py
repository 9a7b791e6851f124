"""A credit note gives an invoice back, or some of its lines: nothing that was issued is ever changed (semantics 12, 13)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.kernel.errors import require
from billing_portal.kernel.period import local_date
from billing_portal.tenancy import queries as tenancy
from customers.domain import caps, ledger, once, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Kind, Transfer
from invoicing.documents.value import InvoiceDocument, Line, TaxLine
from invoicing.documents.value import Kind as Prints
from invoicing.domain import matching, numbering, overdue, snapshots
from invoicing.models import Document, DocumentLine, DocumentTax, LineTax, Match, Taken
from invoicing.queries import billed
from invoicing.queries import documents as queries
from invoicing.queries.billed import Since
from rateplans.queries import billing_terms

NOTE = Document.DocumentKind.CREDIT_NOTE


@dataclass(frozen=True)
class CreditedTax:
    """So much of a tax of the invoice goes back, on so much of its base."""

    tax: DocumentTax
    base: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Content:
    """What a credit note gives back: lines of one invoice as they stand there, and their parts of its taxes. Amounts in the minor unit.

    `mirrors` are those of lines that were taken back and wait for the next invoice, by line: the note takes them and posts nothing of its own for them.
    """

    document: Document
    lines: Sequence[DocumentLine]
    taxes: Sequence[CreditedTax]
    mirrors: Mapping[UUID, Transfer]

    @property
    def net(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


@transaction.atomic
def issue(document: Document, *, reason: str, actor: Actor, at: datetime, key: str, positions: Collection[int] | None = None) -> Document:
    """Credit an invoice, or its lines at these positions: their net and tax are posted back, and the note settles that invoice first (semantics 13).

    Of a line that was taken back and waits for the next invoice the note takes that credit: its tax alone is posted, and the next invoice has neither.
    Lines that another document has given back, or whose calls were rated again and not put right, are left out.
    Payments that had settled it are free again, settle what else is open, and the rest can be refunded. PDF and mail follow. The same `key` again
    answers with the note that stands. Raises `reason_missing`, `not_an_invoice`, `key_reused`, `written_off`, `nothing_to_credit`, `more_than_left`, and
    above the actor's cap what `caps.require_amount` raises.
    """
    require(reason.strip(), "reason_missing", _("Write why; the customer reads it."), "reason")
    require(document.kind == Document.DocumentKind.INVOICE, "not_an_invoice", _("Only an invoice can be credited."))
    customer = document.customer
    standing.lock(customer)
    id_ = uuid5(tenancy.current().pk, _key(key))
    known = _under(key, id_)
    chosen = ("all",) if positions is None else map(str, sorted(positions))
    once.same(_key(key), document.pk, reason.strip(), *chosen, stands=known is not None)
    if known is not None:
        return known
    written_off = document.matches.filter(credit__kind=Kind.WRITE_OFF, credit__reversed_by=None).exists()
    require(not written_off, "written_off", _("A part of this invoice was written off. Take that back first."))
    content = content_of(document, positions)
    require(content.total > 0, "nothing_to_credit", _("Choose lines that come to more than 0.00, of those that nothing has given back yet."), "lines")
    caps.require_amount(actor, content.total, document.currency, at=at, field="lines")
    left = document.total - credited(document)
    require(content.total <= left, "more_than_left", _("This is more than is left of the invoice: choose its credits too."), "lines")
    note = _write(content, id_, _post(content, id_, actor=actor, at=at, key=key), reason=reason.strip(), actor=actor, at=at)
    _settle(content, note, at=at)
    outbox.add("invoices.render", {"document": str(note.pk)}, key=f"render:{note.pk}")
    said = {"invoice": ("", document.number)}
    audit.record(actor, "credit_note.issued", subject=(queries.ABOUT, note.pk, note.number), customer_id=customer.pk, changes=said, note=reason.strip(), at=at)
    return note


def content_of(document: Document, positions: Collection[int] | None = None) -> Content:
    """What would be credited: the lines at these positions, or all that no document has given back yet, with their parts of the taxes."""
    moved = [line for line, since in billed.moved_since(document).items() if since != Since.WAITS]
    open_ = list(document.lines.filter(credited_by=None).exclude(pk__in=moved))
    lines = [line for line in open_ if positions is None or line.position in positions]
    parts = LineTax.objects.filter(line__in=lines).select_related("tax", "line")
    taxes: dict[UUID, CreditedTax] = {}
    for part in parts.order_by("tax__name", "tax_id"):
        known = taxes.get(part.tax_id, CreditedTax(part.tax, Decimal(0), Decimal(0)))
        taxes[part.tax_id] = CreditedTax(part.tax, known.base + part.line.amount, known.amount + part.amount)
    chosen = {line.pk for line in lines}
    mirrors = {line: mirror for line, mirror in billed.waiting_mirrors(document).items() if line in chosen}
    return Content(document, lines, list(taxes.values()), mirrors)


def credited(document: Document) -> Decimal:
    """How much of the invoice its credit notes have given back."""
    return sum(document.credit_notes.values_list("total", flat=True), Decimal(0))


def _key(key: str) -> str:
    return f"credit-note:{key}"


def _under(key: str, id_: UUID) -> Document | None:
    """The note that was issued under this key: its id is made from it. Those of before are found by the movement of their net."""
    older = Transfer.objects.filter(key=_key(key), about_kind=queries.ABOUT).values("about_id")
    return Document.objects.filter(Q(pk=id_) | Q(pk__in=older)).first()


def _post(content: Content, id_: UUID, *, actor: Actor, at: datetime, key: str) -> list[Transfer]:
    """The reverse of the net, then of each tax, on the receivable whatever the customer's type is by now."""
    customer, about, receivable = content.document.customer, (queries.ABOUT, id_), AccountKind.RECEIVABLE
    postings = list(_net(content, id_, at=at, key=key))
    for each in content.taxes:
        if each.amount:
            postings.append(Posting(Kind.TAX, customer, -each.amount, f"tax:{id_}:{each.tax.pk}", at, receivable, each.tax.name, about))
    return ledger.post_many(postings, at=at, actor=actor)


def _net(content: Content, id_: UUID, *, at: datetime, key: str) -> Iterator[Posting]:
    """What nothing has moved back yet, against the accounts it came from; and what a mirror to the last decimal is apart from its rounded line."""
    customer, about, receivable = content.document.customer, (queries.ABOUT, id_), AccountKind.RECEIVABLE
    fresh = [line for line in content.lines if line.pk not in content.mirrors]
    adjusted = sum((line.amount for line in fresh if line.kind == Kind.ADJUSTMENT), Decimal(0))
    earned = sum((line.amount for line in fresh), Decimal(0)) - adjusted
    mirrored = sum((row.amount if row.credit.kind == receivable else -row.amount for row in content.mirrors.values()), Decimal(0))
    if earned:
        yield Posting(Kind.CREDIT if earned > 0 else Kind.CHARGE, customer, abs(earned), _key(key), at, receivable, about=about)
    if adjusted:
        yield Posting(Kind.ADJUSTMENT, customer, adjusted, f"adjustment:{id_}", at, receivable, about=about)
    if rounded := content.net - earned - adjusted - mirrored:
        yield Posting(Kind.ROUNDING, customer, -rounded, f"rounding:{id_}", at, about=about)


def _write(content: Content, id_: UUID, posted: Sequence[Transfer], *, reason: str, actor: Actor, at: datetime) -> Document:
    """Number and freeze the note; the series is locked last and shortest (reliability 33)."""
    document, seller, day = content.document, tenancy.current(), local_date(at, content.document.customer.time_zone)
    [(series, sequence)] = numbering.take([numbering.series_name(billing_terms(), seller, day, NOTE)])
    value = _value(content, numbering.number(series, sequence), day, reason)
    note = Document.objects.create(
        id=id_,
        kind=NOTE,
        credits=document,
        customer=document.customer,
        series=series,
        sequence=sequence,
        number=value.number,
        period_start=document.period_start,
        period_end=document.period_end,
        time_zone=document.time_zone,
        issued_at=at,
        issued_on=day,
        due_on=day,
        currency=document.currency,
        net=value.net,
        tax=value.tax,
        total=value.total,
        snapshot=value.to_json(),
        actor_name=actor.name,
    )
    DocumentLine.objects.bulk_create(_lines(content, note))
    DocumentTax.objects.bulk_create(_taxes(content, note, {transfer.key: transfer for transfer in posted}))
    own = [transfer for transfer in posted if transfer.kind not in (Kind.TAX, Kind.ROUNDING)]
    Taken.objects.bulk_create(Taken(document=note, transfer=transfer) for transfer in (*own, *content.mirrors.values()))
    return note


def _value(content: Content, number: str, day: Any, reason: str) -> InvoiceDocument:
    """The note as it is frozen."""
    document = content.document
    percents = [None if line["tax_percent"] is None else Decimal(line["tax_percent"]) for line in document.snapshot["lines"]]
    return InvoiceDocument(
        kind=Prints.CREDIT_NOTE,
        number=number,
        seller=snapshots.seller_of(tenancy.current()),
        buyer=snapshots.buyer_of(document.customer),
        issued_on=day,
        currency=document.currency,
        net=content.net,
        tax=content.tax,
        total=content.total,
        lines=tuple(Line(line.description, line.amount, detail=line.detail, tax_percent=percents[line.position - 1]) for line in content.lines),
        taxes=tuple(TaxLine(each.tax.name, each.tax.percent, each.base, each.amount) for each in content.taxes),
        period_start=document.period_start,
        period_end=document.period_end,
        time_zone=document.time_zone,
        note=reason,
        refers_to=document.number,
    )


def _lines(content: Content, note: Document) -> Iterator[DocumentLine]:
    for position, line in enumerate(content.lines, 1):
        texts = {"kind": line.kind, "description": line.description, "detail": line.detail}
        yield DocumentLine(document=note, position=position, quantity=line.quantity, amount=line.amount, credits=line, **texts)


def _taxes(content: Content, note: Document, posted: dict[str, Transfer]) -> Iterator[DocumentTax]:
    for each in content.taxes:
        transfer = posted.get(f"tax:{note.pk}:{each.tax.pk}")
        yield DocumentTax(document=note, name=each.tax.name, percent=each.tax.percent, base=each.base, amount=each.amount, transfer=transfer)


def _settle(content: Content, note: Document, *, at: datetime) -> None:
    """The note settles its invoice before anything else: payments make room, and then settle what else is open."""
    document = content.document
    left = document.total - sum(document.matches.values_list("amount", flat=True), Decimal(0))
    if left < note.total:
        matching.free(document, note.total - left, at=at)
    Match.objects.create(document=document, note=note, amount=note.total, at=at)
    matching.settle(document.customer, at=at)
    overdue.refresh([document.customer_id], at=at)
