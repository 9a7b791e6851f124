"""Two at once: the database decides, and one document comes of it (reliability 26)."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from customers.models import Customer, Kind
from invoicing.domain import credit_notes, invoices, ledger_check, payments, reversals, runs
from invoicing.models import Document, InvoiceRun, Payment, Series
from tests.support import months, world
from tests.support.months import D, calls, identity, money
from tests.support.world import jane

pytestmark = pytest.mark.django_db(transaction=True)
OCTOBER = date(2026, 11, 1)
THREADS = 4


@pytest.fixture
def ten(acme: Any) -> list[Customer]:
    made = [world.customer(f"{number} Ltd", taxes=()) for number in range(10)]
    for each in made:
        calls(each, "2026-10-05 09:00", price="1.0049")
    return made


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """Do the work in several threads that start together, each with its own connection in Acme's schema."""
    gate, acme = threading.Barrier(THREADS), Reseller.objects.get(schema_name="acme")
    results: list[Any] = [None] * THREADS

    def run(number: int) -> None:
        connection.set_tenant(acme)
        try:
            gate.wait(timeout=30)
            results[number] = work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.rel(26)
def test_runs_at_once_issue_each_invoice_once(ten: list[Customer], first: datetime) -> None:
    done = at_once(lambda _number: invoices.issue_all(OCTOBER, actor=jane, at=first))

    assert sum(len(each.documents) for each in done) == 10
    assert sorted(Document.objects.values_list("sequence", flat=True)) == list(range(1, 11))
    assert Series.objects.get().next_number == 11
    assert [identity(each) for each in ten] == [0] * 10


@pytest.mark.rel(33)
def test_single_invoices_at_once_have_numbers_without_gap(ten: list[Customer], first: datetime) -> None:
    at_once(lambda number: [invoices.issue([each.pk], OCTOBER, actor=jane, at=first) for each in ten[number::THREADS]])

    assert sorted(Document.objects.values_list("sequence", flat=True)) == list(range(1, 11))


def test_clicks_at_once_are_one_run(ten: list[Customer], first: datetime) -> None:
    started = at_once(lambda _number: runs.start(OCTOBER, key="page-1", actor=jane, at=first).pk)

    assert len(set(started)) == InvoiceRun.objects.count() == 1
    assert InvoiceRun.objects.get().items.count() == 10


def test_the_same_payment_at_once_is_one(ten: list[Customer], first: datetime) -> None:
    invoices.issue_all(OCTOBER, actor=jane, at=first)
    at_once(lambda _number: payments.record(ten[0], D("1.00"), reference="", actor=jane, at=first, key="form-1").pk)

    assert Payment.objects.count() == 1
    assert months.due(Document.objects.get(customer=ten[0])) == "0.00"
    assert identity(ten[0]) == 0


@pytest.mark.rel(7)
def test_what_was_taken_back_and_waits_is_given_back_by_the_note_or_by_the_next_invoice(acme: Any, first: datetime) -> None:
    anna, december = world.customer("Anna Ltd", taxes=(world.vat("20"),)), months.local("2026-12-01 06:00")
    router = months.moved(Kind.CHARGE, anna, "100.00", "2026-10-05 12:00", note="Router", about=("charge", anna.pk))
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(router, reason="never sent", actor=jane, at=first)
    months.moved(Kind.CHARGE, anna, "300.00", "2026-11-05 12:00", note="Cable", about=("charge", anna.pk))

    def work(number: int) -> str:
        if number % 2:
            invoices.issue_all(date(2026, 12, 1), actor=jane, at=december)
            return "run"
        try:
            return credit_notes.issue(october, reason="never sent", actor=jane, at=december, key="1").number
        except DomainError as refused:
            return refused.code

    assert set(at_once(work)) - {"run"} in ({"ACM-2026-C0001"}, {"nothing_to_credit"})
    november = Document.objects.get(period_start=date(2026, 11, 1))
    open_ = {money(document.total): months.due(document) for document in (october, november)}
    assert open_ in ({"120.00": "0.00", "360.00": "360.00"}, {"120.00": "120.00", "240.00": "240.00"})
    assert (world.balance(anna), identity(anna)) == (D(-360), D(0))
    assert ledger_check.check().differences == []
