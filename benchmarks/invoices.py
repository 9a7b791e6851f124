"""Drafting a month of invoices, and making PDFs: of one page in a process that lives long, and long ones."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, Scale, peak, seconds

AS_OF = date(2026, 11, 1)
CENT = Decimal("0.0100")
LEFT_BEHIND = 10  # MB that a process may grow by over 1,000 documents
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
    "invoices long pdf memory": "a process with Django, WeasyPrint and the fonts in it holds most of that before the first row",
    "invoices long pdf": "each cell of the call detail is measured and drawn by Python, at some hundredths of a millisecond",
}


@dataclass(frozen=True)
class Month:
    """How many customers made how many calls each on how many days."""

    customers: int
    days: int
    calls: int

    def __str__(self) -> str:
        return f"{self.customers:,} customers, {self.customers * self.calls:,} calls a month"


def measure(scale: Scale) -> Iterator[Figure]:
    yield from _drafting(scale.of(Month(20, 2, 4), Month(1_000, 20, 100), Month(10_000, 20, 200)))
    yield from _one_page(*scale.of((2, 1), (300, 60), (1_000, 200)))
    yield from _long(scale.of(8, 8_000))


def _drafting(month: Month) -> Iterator[Figure]:
    """Drafting all invoices of a month; then once more with the calls of another month, which stand on invoices, in the same table."""
    customers = month.customers
    with ground.inside():
        made = ground.customers(customers, ground.plan("Standard", ground.prefixes(10)))
        _moved(made, month, AS_OF.replace(month=10))
        alone = _drafted(customers)
        name, size = "invoices drafted", str(month)
        with peak() as memory:
            again = min(_drafted(customers) for _ in range(2))
            yield Figure(name, customers / min(alone, again), "invoices/s", "target of two cores", 1_000, "≥ 1", memory.mb, WHY[name], size=size)
        _moved(made, month, AS_OF.replace(month=9))
        _leave_out(made, AS_OF.replace(month=9))
        name = "invoices drafted beside twice the calls"
        yield Figure(name, min(_drafted(customers) for _ in range(3)), "s", "the same month alone", min(alone, again), "≤ 1.3", 0, WHY[name], size=size)


def _moved(made: list[Any], month: Month, day: date) -> None:
    """A usage movement on each of so many days of the month that begins on this day for every customer, with the calls behind it."""
    from django.db import connection

    from customers.domain import ledger
    from customers.domain.ledger import Posting
    from customers.models import Kind

    first, a_day = ground.MONTH.replace(month=day.month), month.calls // month.days
    for number in range(1, month.days + 1):
        when = first + timedelta(days=number)
        postings = [Posting(Kind.USAGE, customer, Decimal(a_day) / 100, f"bench:{customer.pk}:{when:%F}", when) for customer in made]
        ledger.post_many(postings, at=ground.MONTH, actor=ground.actor())
    with connection.cursor() as cursor:
        cursor.execute(CALLS, [a_day, first, first.replace(month=day.month + 1)])
        cursor.execute("ANALYZE")


def _leave_out(made: list[Any], day: date) -> None:
    """Let documents of the month that begins on this day have taken its movements."""
    from customers.models import Kind, Transfer
    from invoicing.models import Document, Series, Taken

    series = Series.objects.create(name="bench")
    end, issued = day.replace(month=day.month + 1), ground.MONTH
    fields: dict[str, Any] = {"period_start": day, "period_end": end, "time_zone": ground.ZONE, "issued_at": issued, "issued_on": end}
    fields |= {"due_on": end, "currency": ground.CURRENCY, "net": 1, "tax": 0, "total": 1, "snapshot": {}, "actor_name": "bench", "series": series}
    documents = {each.pk: Document(customer=each, sequence=number, number=f"B{number}", **fields) for number, each in enumerate(made, 1)}
    Document.objects.bulk_create(documents.values(), batch_size=1_000)
    moved = Transfer.objects.filter(kind=Kind.USAGE, occurred_at__lt=ground.MONTH.replace(month=end.month)).values_list("pk", "customer_id")
    Taken.objects.bulk_create([Taken(transfer_id=pk, document=documents[customer]) for pk, customer in moved], batch_size=5_000)


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


def _one_page(documents: int, in_children: int) -> Iterator[Figure]:
    """Documents a second in this process, what they leave in its memory, and as workers make them: each in a child.

    What they may leave is 10 MB of 1,000, and of fewer as much less.
    """
    from invoicing.documents import pdf

    page = _document()
    pdf.warm()
    pdf.render(page)
    before = Peak().now
    took = seconds(lambda: [pdf.render(replace(page, number=f"B-{number}")) for number in range(documents)])
    grown, size = Peak().now - before, f"{documents:,} documents"
    name = "invoices pdf"
    yield Figure(name, documents / took, "documents/s", "target of a core", 12, "≥ 1", Peak().now, WHY[name], size=size)
    name, allowed = "invoices pdf memory", LEFT_BEHIND * documents / 1_000
    yield Figure(name, max(0.0, grown), "MB", f"allowed growth, {LEFT_BEHIND} MB of 1,000 in proportion", allowed, "≤ 1", Peak().now, WHY[name], size=size)
    made = [f"bench-{time.time_ns()}-{number}.pdf" for number in range(in_children)]
    begin = time.perf_counter()
    for each in made:
        pdf.write("acme", each, page)
    name = "invoices pdf in a child"
    rate, size = in_children / (time.perf_counter() - begin), f"{in_children:,} documents"
    yield Figure(name, rate, "documents/s", "in the process itself", documents / took, "≥ 0.6", 0, WHY[name], size=size)


def _long(rows: int) -> Iterator[Figure]:
    """A document with its calls on it, at two lengths: the cost of a row, whether it grows, and the memory of a process that makes nothing else."""
    from invoicing.documents import pdf

    name, each = "invoices long pdf", []
    for count in (rows // 2, rows):
        document = _document(count)
        with peak() as memory:
            took = seconds(lambda document=document: pdf.render(document))  # type: ignore[misc]
            each.append(took / count * 1000)
            target = "≤ 1" if count == rows else ""
            yield Figure(name, each[-1], "ms a row", "target", 0.15, target, memory.mb, WHY[name], size=f"{count:,} calls")
    name = "invoices long pdf memory"
    used = _used_alone(rows)
    yield Figure(name, used, "MB", "target, of the whole process", 150, "≤ 1", used, WHY[name], size=f"{rows:,} calls")


def _used_alone(rows: int) -> float:
    """The most memory in MB that a new process holds in which one such document is made."""
    told = subprocess.run(
        [sys.executable, "-c", f"from benchmarks import invoices; invoices.tell_peak({rows})"], check=True, cwd=ground.ROOT, stdout=subprocess.PIPE
    )
    return float(told.stdout)


def tell_peak(rows: int) -> None:
    """Make one document with so many calls and print the most memory in MB that this process held."""
    import django

    django.setup()
    from invoicing.documents import pdf

    pdf.render(_document(rows))
    sys.stdout.write(f"{Peak().mb}\n")
