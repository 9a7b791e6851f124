"""What a document says of calls, as the customer wants it (E30)."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from customers.domain import customers
from customers.models import Customer
from invoicing.documents import html
from invoicing.domain import rendering
from tests.support import months, world
from tests.support.months import calls, issue
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]
NEW_YORK = "America/New_York"


@pytest.fixture
def anna() -> Customer:
    made = world.customer("Anna Inc", time_zone=NEW_YORK, limit="500.00")
    calls(made, "2026-10-03 09:00", price="0.0500", times=2, line="1001")
    calls(made, "2026-10-02 23:30", price="0.2500", seconds=61, destination="Germany " * 40)
    return made


def wants(anna: Customer, detail: str) -> None:
    customers.change(anna, actor=jane, at=months.local("2026-10-01 09:00"), call_detail=detail)


def invoice(first: datetime) -> Any:
    [document] = issue("2026-11-01", first)
    return rendering.value_of(document)


def test_usually_calls_are_told_by_destination_and_by_line(anna: Customer, first: datetime) -> None:
    value = invoice(first)

    assert [row.calls for row in value.destinations] == [1, 2]
    assert [row.line for row in value.source_lines] == ["No line named", "1001"]
    assert (value.calls, value.calls_left_out) == ((), 0)


def test_who_wants_only_the_total_gets_no_table_of_calls(anna: Customer, first: datetime) -> None:
    wants(anna, "none")
    value = invoice(first)

    assert (value.destinations, value.source_lines, value.calls) == ((), (), ())
    assert [(line.description, line.detail) for line in value.lines] == [("Calls", "October 2026, 3 calls, 3:01 minutes")]


def test_who_wants_every_call_gets_each_in_order_in_its_own_time_and_they_add_up(anna: Customer, first: datetime) -> None:
    wants(anna, "every")
    value = invoice(first)

    assert [(call.at, call.source, call.to, call.seconds, call.amount) for call in value.calls] == [
        ("02 Oct 23:30:00", "", "442079460123", 61, Decimal("0.25")),
        ("03 Oct 09:00:00", "1001", "442079460123", 60, Decimal("0.05")),
        ("03 Oct 09:00:00", "1001", "442079460123", 60, Decimal("0.05")),
    ]
    assert sum(call.amount for call in value.calls) == value.net
    assert len(value.destinations) == 2


def test_what_a_document_cannot_carry_is_counted(anna: Customer, first: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invoicing.domain.snapshots.CALLS_LIMIT", 2)
    wants(anna, "every")
    value = invoice(first)

    assert (len(value.calls), value.calls_left_out) == (2, 1)
    assert "The document has 1 call more, which is not printed" in html.render(value, stylesheets=[])


def test_names_of_destinations_are_cut_to_what_a_document_holds(anna: Customer, first: datetime) -> None:
    wants(anna, "every")
    value = invoice(first)

    html.check_size(value)
    assert [len(row.destination) for row in value.destinations] == [255, 23]


def test_the_choice_reaches_the_pdf(anna: Customer, first: datetime, settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    wants(anna, "every")
    [document] = issue("2026-11-01", first)

    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / rendering.pdf_file(document).path).pages)
    assert ("Every call" in text, text.count("03 Oct 09:00:00"), "0.2500" in text) == (True, 2, True)
