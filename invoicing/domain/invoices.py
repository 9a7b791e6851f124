"""Preview and issue invoices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import outbox
from billing_portal.kernel.money import minor_units, spread
from billing_portal.kernel.period import local_date
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import new_id
from customers import queries as customers
from customers.domain import ledger, standing
from customers.domain.ledger import Posting
from customers.models import AccountKind, Customer, Kind, Transfer
from invoicing.domain import drafts, matching, numbering, overdue, snapshots
from invoicing.domain.drafts import Draft, Drafted, Skipped
from invoicing.domain.snapshots import Heading
from invoicing.models import Document, DocumentLine, DocumentTax, LineTax, Series, Taken
from invoicing.queries import documents as queries
from rateplans.queries import billing_terms

BATCH = 200


@dataclass(frozen=True)
class Issued:
    """What a batch issued, in the order of the numbers, and whom it skipped."""

    documents: list[Document] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def and_(self, other: Issued) -> Issued:
        return Issued([*self.documents, *other.documents], [*self.skipped, *other.skipped])


@dataclass(frozen=True)
class _Made:
    """A draft on its way to become a document: its key, its dates and what was owed before it."""

    draft: Draft
    id: UUID
    issued_on: date
    due_on: date
    owed_before: Decimal


def preview(as_of: date, *, customer_ids: Collection[UUID] | None = None) -> Drafted:
    """What a run for this date would issue and whom it would skip, without locks and without writing anything (E27).

    All customers unless some are named; the figures are those that `issue` would freeze now.
    """
    found = Drafted([], [])
    for part in parts(customer_ids):
        drafted = drafts.preview_all(part, as_of)
        found.drafts.extend(drafted.drafts)
        found.skipped.extend(drafted.skipped)
    return found


def parts(customer_ids: Collection[UUID] | None = None, size: int = BATCH) -> Iterator[list[UUID]]:
    """The customers of a run, by name, in parts that are one transaction each."""
    chosen = Customer.objects.order_by("name", "pk")
    ids = list((chosen if customer_ids is None else chosen.filter(pk__in=customer_ids)).values_list("pk", flat=True))
    for first in range(0, len(ids), size):
        yield ids[first : first + size]


def issue_all(as_of: date, *, actor: Actor, at: datetime, customer_ids: Collection[UUID] | None = None) -> Issued:
    """Issue what a run for this date takes, part by part, each in a transaction of its own."""
    done = Issued()
    for part in parts(customer_ids):
        done = done.and_(issue(part, as_of, actor=actor, at=at))
    return done


def issue(customer_ids: Collection[UUID], as_of: date, *, actor: Actor, at: datetime) -> Issued:
    """Issue the invoices of at most 200 customers for every period that ended by `as_of`, oldest first, all or nothing (E27, semantics 10 to 13).

    What stands on the receivable and on no document is taken; net, taxes and total are frozen, tax and rounding are posted, unapplied credit
    is matched, and number, PDF and mail follow. Who was invoiced already is skipped, so a repeat changes nothing (reliability 26). A customer
    whose rows the database refuses is taken out with the reason, and the others are issued without it.
    """
    try:
        with transaction.atomic():
            return _issue(customer_ids, as_of, actor=actor, at=at)
    except (DataError, IntegrityError) as problem:
        if len(customer_ids) > 1:
            return _one_by_one(customer_ids, as_of, actor=actor, at=at)
        refused = Customer.objects.get(pk__in=customer_ids)
        return Issued(skipped=[Skipped(refused, "failed", error=str(problem).splitlines()[0][:300])])


def _one_by_one(customer_ids: Collection[UUID], as_of: date, *, actor: Actor, at: datetime) -> Issued:
    done = Issued()
    for customer_id in customer_ids:
        done = done.and_(issue([customer_id], as_of, actor=actor, at=at))
    return done


def _issue(customer_ids: Collection[UUID], as_of: date, *, actor: Actor, at: datetime) -> Issued:
    standing.lock_many(customer_ids)
    drafted = drafts.draft_all(customer_ids, as_of)
    if not drafted.drafts:
        return Issued(skipped=drafted.skipped)
    return Issued(freeze(drafted.drafts, actor=actor, at=at), drafted.skipped)


def freeze(all_drafts: Collection[Draft], *, actor: Actor, at: datetime) -> list[Document]:
    """Make documents of drafts: post, number and freeze them, match what was paid before, and owe PDF and mail. The caller holds the standings."""
    made = _dated(all_drafts, at)
    transfers = _post(made, actor=actor, at=at)
    documents = _write(made, transfers, actor=actor, at=at)
    matching.settle_many({document.customer_id for document in documents}, at=at)
    overdue.refresh({document.customer_id for document in documents}, at=at)
    overdue.watch(documents)
    for document in documents:
        outbox.add("invoices.render", {"document": str(document.pk)}, key=f"render:{document.pk}")
        audit.record(actor, "invoice.issued", subject=(queries.ABOUT, document.pk, document.number), customer_id=document.customer_id, at=at)
    return documents


def _dated(all_drafts: Iterable[Draft], at: datetime) -> list[_Made]:
    """Oldest period first, then by name: the order of the numbers. Each document knows what its customer owed before it."""
    ordered = sorted(all_drafts, key=lambda draft: (draft.period.end, draft.customer.name.lower(), draft.customer.pk))
    owed = queries.owed_by({draft.customer.pk for draft in ordered})
    plans = customers.plan_at(owed, at)
    terms = billing_terms()
    made = []
    for draft in ordered:
        customer = draft.customer
        plan = plans.get(customer.pk)
        days = terms.due_days if plan is None or plan.due_days is None else plan.due_days
        issued_on = local_date(at, customer.time_zone)
        made.append(_Made(draft, new_id(), issued_on, issued_on + timedelta(days=days), owed[customer.pk]))
        owed[customer.pk] += draft.total
    return made


def _post(made: Sequence[_Made], *, actor: Actor, at: datetime) -> dict[str, Transfer]:
    """One transfer per tax, and the rounding between what moved and what the document says; nothing else moves (semantics 8, 10)."""
    postings = []
    for each in made:
        customer, about = each.draft.customer, (queries.ABOUT, each.id)
        for tax in each.draft.taxes:
            if tax.amount:
                postings.append(Posting(Kind.TAX, customer, tax.amount, _tax_key(each.id, tax.tax.id), at, AccountKind.RECEIVABLE, tax.tax.name, about))
        if each.draft.net != each.draft.moved:
            postings.append(Posting(Kind.ROUNDING, customer, each.draft.net - each.draft.moved, f"rounding:{each.id}", at, about=about))
    return {transfer.key: transfer for transfer in ledger.post_many(postings, at=at, actor=actor)}


def _parts(each: _Made, rows: Sequence[DocumentLine], taxes: Sequence[DocumentTax]) -> Iterator[LineTax]:
    """Each line's part of each tax that it bears, nothing too, so that a credit note of the line knows what to give back."""
    places = minor_units(each.draft.customer.currency)
    for tax, row in zip(each.draft.taxes, taxes, strict=True):
        exact = [line.amount * tax.tax.percent / 100 if tax.tax in line.rates else Decimal(0) for line in each.draft.lines]
        parts = zip(rows, each.draft.lines, spread(tax.amount, exact, places), strict=True)
        yield from (LineTax(line=line, tax=row, amount=part) for line, drafted, part in parts if tax.tax in drafted.rates)


def _tax_key(document_id: UUID, tax_id: UUID) -> str:
    return f"tax:{document_id}:{tax_id}"


def _write(made: Sequence[_Made], transfers: dict[str, Transfer], *, actor: Actor, at: datetime) -> list[Document]:
    """Number and freeze the documents; the series is locked last and shortest (reliability 33)."""
    seller, terms = tenancy.current(), billing_terms()
    labels = snapshots.line_labels({each.draft.customer.pk for each in made})
    numbers = numbering.take([numbering.series_name(terms, seller, each.issued_on) for each in made])
    documents = []
    for each, (series, sequence) in zip(made, numbers, strict=True):
        heading = Heading(numbering.number(series, sequence), each.issued_on, each.due_on, each.owed_before)
        snapshot = snapshots.value_of(each.draft, heading, snapshots.seller_of(seller), labels).to_json()
        documents.append(_document(each, series, sequence, snapshot, actor=actor, at=at))
    Document.objects.bulk_create(documents)
    lines_ = [list(_lines(each)) for each in made]
    taxes = [list(_taxes(each, transfers)) for each in made]
    DocumentLine.objects.bulk_create([line for of_one in lines_ for line in of_one])
    DocumentTax.objects.bulk_create([tax for of_one in taxes for tax in of_one])
    LineTax.objects.bulk_create([part for each, rows, taxed in zip(made, lines_, taxes, strict=True) for part in _parts(each, rows, taxed)])
    Taken.objects.bulk_create([taken for each, rows in zip(made, lines_, strict=True) for taken in _taken(each, rows)])
    return documents


def _document(each: _Made, series: Series, sequence: int, snapshot: dict[str, object], *, actor: Actor, at: datetime) -> Document:
    draft = each.draft
    return Document(
        id=each.id,
        customer=draft.customer,
        series=series,
        sequence=sequence,
        number=numbering.number(series, sequence),
        period_start=draft.period.start,
        period_end=draft.period.end,
        time_zone=draft.customer.time_zone,
        issued_at=at,
        issued_on=each.issued_on,
        due_on=each.due_on,
        currency=draft.customer.currency,
        net=draft.net,
        tax=draft.tax,
        total=draft.total,
        snapshot=snapshot,
        actor_name=actor.name,
    )


def _lines(each: _Made) -> Iterator[DocumentLine]:
    for position, line in enumerate(each.draft.lines, 1):
        yield DocumentLine(
            document_id=each.id,
            position=position,
            kind=line.kind,
            description=line.description,
            detail=line.detail,
            quantity=line.quantity,
            amount=line.amount,
        )


def _taken(each: _Made, rows: Sequence[DocumentLine]) -> Iterator[Taken]:
    """Every movement of the draft, on the line that adds it up."""
    for line, row in zip(each.draft.lines, rows, strict=True):
        yield from (Taken(document_id=each.id, transfer_id=movement, line=row) for movement in line.movements)


def _taxes(each: _Made, transfers: dict[str, Transfer]) -> Iterator[DocumentTax]:
    for tax in each.draft.taxes:
        transfer = transfers.get(_tax_key(each.id, tax.tax.id))
        yield DocumentTax(document_id=each.id, name=tax.tax.name, percent=tax.tax.percent, base=tax.base, amount=tax.amount, transfer=transfer)
