"""`issue_invoices` and `render_invoice` as contracts.md says them."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import BillingType, Customer
from invoicing.models import Document
from tests.support import months, world
from tests.support.months import calls

pytestmark = [pytest.mark.django_db, months.renders]


@pytest.fixture
def two(acme: Any) -> list[Customer]:
    """Anna, who owes 12.00 for October, and Pat, who pays first."""
    return [months.anna(), world.customer("Pat Ltd", billing_type=BillingType.PREPAID)]


def issue(*given: str) -> Any:
    out = StringIO()
    call_command("issue_invoices", "--reseller", "acme", "--as-of", "2026-11-01", *given, stdout=out)
    return json.loads(out.getvalue()) if "--json" in given else out.getvalue()


INVOICE = {
    "customer": "Anna Ltd",
    "period_start": "2026-10-01",
    "period_end": "2026-11-01",
    "net": "10.00",
    "tax": "2.00",
    "total": "12.00",
    "currency": "GBP",
}
PREPAID = {"customer": "Pat Ltd", "reason": "prepaid"}


def test_it_says_what_it_issued_and_whom_it_skipped(two: list[Customer]) -> None:
    number = re.compile(r"ACM-\d{4}-0001")
    answer = issue("--json")
    assert number.fullmatch(answer["issued"][0].pop("number"))
    assert answer == {"issued": [INVOICE], "skipped": [PREPAID]}


def test_a_second_time_issues_nothing(two: list[Customer]) -> None:
    issue()
    assert issue("--json") == {"issued": [], "skipped": [PREPAID, {"customer": "Anna Ltd", "reason": "already_issued"}]}
    assert Document.objects.count() == 1


def test_a_dry_run_gives_no_number_and_issues_nothing(two: list[Customer]) -> None:
    assert issue("--json", "--dry-run") == {"issued": [INVOICE], "skipped": [PREPAID]}
    assert Document.objects.count() == 0


@pytest.mark.parametrize("name", ["anna ltd", "number"])
def test_it_takes_one_customer_by_name_or_account_number(two: list[Customer], name: str) -> None:
    bob = world.customer("Bob Ltd")
    calls(bob, "2026-10-05 09:00", price="1.0000")
    issue("--customer", two[0].account_number if name == "number" else name)
    assert [document.customer for document in Document.objects.all()] == [two[0]]


def test_people_read_lines(two: list[Customer]) -> None:
    said = issue().splitlines()
    assert re.fullmatch(r"ACM-\d{4}-0001  Anna Ltd  2026-10-01 to 2026-11-01  12.00 GBP", said[0])
    assert said[1:] == ["skipped  Pat Ltd: Pre-paid", "1 invoices, 1 skipped"]


def test_it_takes_a_date_ahead(two: list[Customer]) -> None:
    call_command("issue_invoices", "--reseller", "acme", "--as-of", "2090-01-01", stdout=StringIO())
    assert Document.objects.count() == 1


@pytest.mark.parametrize(("given", "said"), [(("--customer", "Nobody"), "There is no customer “Nobody”.")])
def test_it_cannot_invoice_somebody_who_is_not_there(two: list[Customer], given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        issue(*given)


def test_a_document_is_rendered_into_a_file(two: list[Customer], tmp_path: Path) -> None:
    issue()
    number = Document.objects.get().number
    for format_, begins in (("pdf", b"%PDF-"), ("html", b"\n\n<!DOCTYPE html>")):
        target = tmp_path / f"invoice.{format_}"
        call_command("render_invoice", "--reseller", "acme", number, "--format", format_, "-o", str(target))
        assert target.read_bytes().lstrip().startswith(begins.lstrip())
    assert "Anna Ltd" in (tmp_path / "invoice.html").read_text()


def test_it_cannot_be_rendered_without_a_document_or_a_place(two: list[Customer], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no document “ACM-1”"):
        call_command("render_invoice", "--reseller", "acme", "ACM-1", "-o", str(tmp_path / "x.pdf"))
    issue()
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("render_invoice", "--reseller", "acme", Document.objects.get().number, "-o", str(tmp_path / "none" / "x.pdf"))
