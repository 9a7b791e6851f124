"""Drafting a month of invoices, and making PDFs: of one page in a process that lives long, and long ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, peak, seconds

AS_OF = date(2026, 11, 1)
CENT = Decimal("0.0100")
CALLS = """
    INSERT INTO invoicing_call (at, id, customer_id, key_id, batch_id, transfer_id, direction, line, caller, number, setup_at, answered_at, ended_at, seconds,
        cause, prefix, destination, per_minute, connection_charge, initial_increment, increment, included_seconds, minimum, billed_seconds, net,
        exchange_rate, precision, price, currency, buy_currency, extra)
    SELECT moved.occurred_at, gen_random_uuid(), moved.customer_id, gen_random_uuid(), gen_random_uuid(), moved.id, 'out', '100' || n %% 3, '', '442079460000',
        moved.occurred_at, moved.occurred_at, moved.occurred_at, 60, '', '44', 'Destination ' || n %% 10, 0.01, 0, 1, 1, 0, 0, 60, 0.01, 1, 4, 0.01,
        moved.currency, '', '{}'
      FROM customers_transfer moved, generate_series(1, %s) n WHERE moved.kind = 'usage' AND moved.occurred_at >= %s AND moved.occurred_at < %s
"""
WHY = {
    "invoices drafted": "each draft is laid out by Python: periods, lines, shares of the rounding and taxes, one customer after the other",
    "invoices drafted beside twice the calls": "the calls of other months lie in the same table",
    "invoices pdf": "WeasyPrint takes most of a tenth of a second to lay out and tag even one page",
    "invoices pdf memory": "documents leave something behind in the process",
    "invoices pdf in a child": "each document also pays for a fork, and its child for the first use of fonts",
    "invoices long pdf": "each cell of the call detail is measured and drawn by Python, at some hundredths of a millisecond",
}


def measure(*, tiny: bool) -> Iterator[Figure]:
    customers, days, calls_each, documents, rows = (20, 2, 4, 1, 8) if tiny else (1_000, 20, 100, 60, 8_000)
    with ground.inside():
        made = ground.customers(customers, ground.plan("Standard", ground.prefixes(10)))
        _moved(made, days, AS_OF.replace(month=10), calls_each)
        alone = _drafted(customers)
        name = "invoices drafted"
        with peak() as memory:
            again = min(_drafted(customers) for _ in range(2))
            yield Figure(name, customers / min(alone, again), "invoices/s", "target of two cores", 1_000, "≥ 1", memory.mb, WHY[name])
        _moved(made, days, AS_OF.replace(month=9), calls_each, taken=True)
        name = "invoices drafted beside twice the calls"
        yield Figure(name, min(_drafted(customers) for _ in range(3)), "s", "the same month alone", min(alone, again), "≤ 1.3", 0, WHY[name])
    yield from _one_page(documents)
    yield from _long(rows)


def _moved(made: list[Any], days: int, month: date, calls_each: int, *, taken: bool = False) -> None:
    """A usage movement on each of so many days of the month for every customer, with the calls behind it; `taken` is of an earlier document's."""
    from django.db import connection

    from customers.domain import ledger
    from customers.domain.ledger import Posting
    from customers.models import Kind

    first = ground.MONTH.replace(month=month.month)
    postings = [
        Posting(Kind.USAGE, customer, Decimal(calls_each) / days / 100, f"bench:{customer.pk}:{month}:{day}", first + timedelta(days=day + 1))
        for customer in made
        for day in range(days)
    ]
    transfers = ledger.post_many(postings, at=ground.MONTH, actor=ground.actor())
    with connection.cursor() as cursor:
        cursor.execute(CALLS, [calls_each // days, first, first.replace(month=month.month + 1)])
        cursor.execute("ANALYZE")
    if taken:
        _leave_out(transfers, made)


def _leave_out(transfers: list[Any], made: list[Any]) -> None:
    """Let a document of September have taken these movements."""
    from invoicing.models import Document, Series, Taken

    series = Series.objects.create(name="bench")
    end, issued = AS_OF.replace(month=10), ground.MONTH
    fields: dict[str, Any] = {"period_start": end.replace(month=9), "period_end": end, "time_zone": ground.ZONE, "issued_at": issued, "issued_on": end}
    fields |= {"due_on": end, "currency": ground.CURRENCY, "net": 1, "tax": 0, "total": 1, "snapshot": {}, "actor_name": "bench", "series": series}
    documents = {each.pk: Document(customer=each, sequence=number, number=f"B{number}", **fields) for number, each in enumerate(made, 1)}
    Document.objects.bulk_create(documents.values(), batch_size=1_000)
    Taken.objects.bulk_create([Taken(transfer=transfer, document=documents[transfer.customer_id]) for transfer in transfers], batch_size=5_000)


def _drafted(customers: int) -> float:
    from invoicing.domain import invoices

    begin = time.perf_counter()
    drafted = invoices.preview(AS_OF)
    took = time.perf_counter() - begin
    if len(drafted.drafts) != customers:
        raise RuntimeError(f"{len(drafted.drafts)} drafts and {len(drafted.skipped)} skipped of {customers} customers: {drafted.skipped[:3]}")
    return took


def _document(rows: int = 0) -> Any:
    from invoicing.documents.value import Buyer, CallLine, InvoiceDocument, Kind, Line, Seller, TaxLine

    calls = tuple(CallLine(f"{n % 28 + 1:02} Oct 10:51:{n % 60:02}", "+44 113 496 0020", "+49 1512 3456789", "Germany mobile", 61, CENT) for n in range(rows))
    return InvoiceDocument(
        kind=Kind.INVOICE,
        number="B-1",
        seller=Seller(name="Acme", address=("3 Quay Street", "Bristol BS1 4DJ"), country="United Kingdom"),
        buyer=Buyer(name="Anna Ltd", address=("27 Wellington Street", "Leeds LS1 2JD"), country="United Kingdom"),
        issued_on=AS_OF,
        currency=ground.CURRENCY,
        lines=tuple(Line(f"Line {number}", Decimal("10.00"), detail="October 2026", tax_percent=Decimal(20)) for number in range(4)),
        taxes=(TaxLine("VAT", Decimal(20), Decimal("40.00"), Decimal("8.00")),),
        net=Decimal("40.00"),
        tax=Decimal("8.00"),
        total=Decimal("48.00"),
        calls=calls,
    )


def _one_page(documents: int) -> Iterator[Figure]:
    """Documents a second in this process, what they leave in its memory, and as workers make them: each in a child."""
    from invoicing.documents import pdf

    page = _document()
    pdf.warm()
    pdf.render(page)
    before = Peak().now
    took = seconds(lambda: [pdf.render(replace(page, number=f"B-{number}")) for number in range(documents)])
    grown, name = Peak().now - before, "invoices pdf"
    yield Figure(name, documents / took, "documents/s", "target of a core", 12, "≥ 1", Peak().now, WHY[name])
    name = "invoices pdf memory"
    yield Figure(name, max(0.0, grown), "MB", f"allowed over 1,000 documents, after {documents}", 10, "≤ 1", Peak().now, WHY[name])
    made = [f"bench-{time.time_ns()}-{number}.pdf" for number in range(documents)]
    begin = time.perf_counter()
    for each in made:
        pdf.write("acme", each, page)
    name = "invoices pdf in a child"
    yield Figure(name, documents / (time.perf_counter() - begin), "documents/s", "in the process itself", documents / took, "≥ 0.6", 0, WHY[name])


def _long(rows: int) -> Iterator[Figure]:
    """A document with its calls on it, at two lengths: the cost of a row, and whether it grows."""
    from invoicing.documents import pdf

    name, each = "invoices long pdf", []
    for count in (rows // 2, rows):
        document = _document(count)
        with peak() as memory:
            took = seconds(lambda document=document: pdf.render(document))  # type: ignore[misc]
            each.append(took / count * 1000)
            target = "≤ 1" if count == rows else ""
            yield Figure(name, each[-1], "ms a row", f"target, here {count:,} rows", 0.15, target, memory.mb, WHY[name])
