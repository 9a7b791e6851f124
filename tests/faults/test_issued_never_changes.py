"""An issued invoice keeps its bytes and its figures, whoever tries, and its paper says what the ledger says (reliability 35, 37)."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError, Q, Sum

from billing_portal.kernel import money
from customers.models import Transfer
from invoicing.documents import store
from invoicing.domain import rendering
from invoicing.models import Document, DocumentFile, DocumentLine, DocumentTax, Match, Series, Taken
from tests import sizes
from tests.support import months, world
from tests.support.months import D, calls, issue, local

pytestmark = pytest.mark.timeout(sizes.size(300, 900))
DOCUMENTS = sizes.size(3, 500)
FIRST = local("2026-11-02 09:00")
ISSUED = (Document, DocumentLine, DocumentTax, Taken, Match, DocumentFile)
REFUSED = r"protected foreign keys|permission denied|append-only|keeps its rows|must be owner"


def saved(column: str, value: Any) -> Callable[[Document], object]:
    def save(document: Document) -> None:
        setattr(document, column, value)
        document.save()

    return save


def raw(statement: str) -> Callable[[Document], object]:
    def execute(document: Document) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"id": document.pk})

    return execute


WAYS: dict[str, Callable[[Document], object]] = {
    "save a total": saved("total", D("0.01")),
    "save a number": saved("number", "ACM-2026-9999"),
    "save a snapshot": saved("snapshot", {}),
    "update": lambda document: Document.objects.filter(pk=document.pk).update(total=0),
    "bulk_update": lambda document: Document.objects.bulk_update([document], ["issued_on"]),
    "delete": lambda document: document.delete(),
    "delete all": lambda document: Document.objects.all()._raw_delete("default"),
    "a line": lambda document: DocumentLine.objects.filter(document=document).update(amount=0),
    "a tax": lambda document: DocumentTax.objects.filter(document=document).update(amount=0),
    "what it took": lambda document: Taken.objects.filter(document=document)._raw_delete("default"),
    "the hash of its file": lambda document: DocumentFile.objects.filter(document=document).update(sha256="0" * 64),
    "its series": lambda document: Series.objects.filter(pk=document.series_id)._raw_delete("default"),
    "raw update": raw("UPDATE invoicing_document SET total = 0 WHERE id = %(id)s"),
    "raw delete": raw("DELETE FROM invoicing_document WHERE id = %(id)s"),
    "truncate": raw("TRUNCATE invoicing_document CASCADE"),
    "without the guard": raw("ALTER TABLE invoicing_document DISABLE TRIGGER ALL"),
    "as a replica": raw("SET session_replication_role = replica"),
    "drop the guard": raw("DROP FUNCTION invoicing_document_is_append_only() CASCADE"),
}


@pytest.fixture
def media(tmp_path: Path, settings: Any) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def invoice(acme: Any, media: Path) -> Document:
    months.anna()
    [document] = issue("2026-11-01", FIRST)
    stored = store.write("acme", "paper.pdf", b"%PDF-1.7 as it was mailed")
    DocumentFile.objects.create(document=document, format="pdf", path=stored.path, sha256=stored.sha256, size=stored.size)
    return document


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in ISSUED]


@pytest.mark.rel(35)
@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
def test_an_issued_invoice_cannot_be_changed_by(invoice: Document, way: str) -> None:
    before, paper = everything(), rendering.pdf_content(invoice)

    with (
        pytest.raises((DatabaseError, ProtectedError), match=REFUSED),
        transaction.atomic(),
    ):
        WAYS[way](invoice)

    assert everything() == before
    assert rendering.pdf_content(Document.objects.get()) == paper


@pytest.mark.rel(35)
@pytest.mark.django_db
def test_the_role_of_web_and_workers_may_only_read_and_add(acme: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
            " WHERE grantee = current_user AND table_schema = 'acme' AND table_name = ANY(%s) AND privilege_type NOT IN ('SELECT', 'INSERT')",
            [[model._meta.db_table for model in ISSUED]],
        )
        assert cursor.fetchall() == []


def printed(file: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True, text=True).stdout


@pytest.mark.rel(37)
@pytest.mark.poppler
@pytest.mark.django_db
def test_paper_document_and_ledger_say_the_same_total(acme: Any, media: Path) -> None:
    """Amounts that must be rounded, two taxes, many invoices: what is printed is the document's total, and what the receivable moved by."""
    taxes = (world.vat("20"), world.vat("7.5"))
    prices = [D("0.0049") * (number * 37 % 1009 + 1) + D("0.005") for number in range(DOCUMENTS)]
    for number, price in enumerate(prices):
        calls(world.customer(f"Customer {number:03}", taxes=taxes[: number % 3]), "2026-10-05 09:00", price=str(price), times=3)

    documents = issue("2026-11-01", FIRST)

    assert len(documents) == DOCUMENTS
    for document in documents:
        text = printed(media / rendering.pdf_file(document).path)
        [line] = re.findall(r"^ *Total\b.*$", text, re.MULTILINE)
        assert money.text(document.total, document.currency).split()[-1] in line, (document.number, line)
        assert moved(document) == document.total
        assert document.net + document.tax == document.total


def moved(document: Document) -> Decimal:
    """What the customer's accounts lost by the movements the document took and those it posted."""
    about = Q(taken__document=document) | Q(about_id=document.pk)
    rows = Transfer.objects.filter(about).distinct()
    out = rows.filter(debit__customer=document.customer).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    back = rows.filter(credit__customer=document.customer).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return Decimal(out - back)
