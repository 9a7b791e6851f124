"""Since when a customer is overdue is decided while nobody can pay."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import Reseller
from customers.domain import customers
from customers.models import Customer, Standing
from invoicing.domain import overdue, payments
from invoicing.models import Document
from tests.support import months
from tests.support.months import D
from tests.support.world import jane

LOOKED, ABOUT_TO_WRITE = "FROM customers_standing WHERE customer_id = ANY", "UPDATE customers_standing AS standing SET overdue_since"


@pytest.fixture
def october(acme: Any, first: datetime) -> Document:
    """Anna's invoice of October over 12.00, due on 15 November."""
    months.anna()
    [document] = months.issue("2026-11-01", first)
    return document


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", [LOOKED, ABOUT_TO_WRITE])
def test_who_pays_while_the_overdue_are_looked_for_is_not_overdue(october: Document, moment: str) -> None:
    """The one who has paid is looked at again; the one who pays a moment later waits until it is written, and takes it back."""
    late = october.issued_at + timedelta(days=60)
    paying: list[threading.Thread] = []

    def pay() -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        try:
            payments.record(Customer.objects.get(), D("12.00"), reference="", actor=jane, at=late, key="p")
        finally:
            connection.close()

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        if moment in sql and not paying and threading.current_thread() is threading.main_thread():
            paying.append(threading.Thread(target=pay))
            paying[0].start()
            paying[0].join(20 if moment == LOOKED else 0.3)
        return execute(sql, *rest)

    with connection.execute_wrapper(meanwhile):
        overdue.refresh_zone("Europe/London", at=late)
    paying[0].join(20)

    row = Standing.objects.get()
    assert (row.receivable, row.overdue_since) == (0, None)


@pytest.mark.django_db
def test_only_those_of_whom_something_else_is_written_are_held(october: Document, first: datetime) -> None:
    asked: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    for after, since, held in ((14, None, 0), (15, date(2026, 11, 15), 1), (16, date(2026, 11, 15), 0)):
        asked.clear()
        with connection.execute_wrapper(note):
            overdue.refresh_zone("Europe/London", at=first + timedelta(days=after))
        assert (Standing.objects.get().overdue_since, sum("FOR UPDATE" in sql for sql in asked)) == (since, held)


@pytest.mark.django_db
def test_a_customer_who_moves_to_another_zone_is_overdue_once_its_invoice_is_due_where_it_was_issued_for(october: Document) -> None:
    customers.change(october.customer, time_zone="America/New_York", actor=jane, at=october.issued_at)
    watched = Job.objects.get(kind="invoices.overdue")
    assert (watched.payload["zone"], watched.due_at) == ("Europe/London", datetime(2026, 11, 16, tzinfo=UTC))

    for at, since in ((watched.due_at - timedelta(seconds=1), None), (watched.due_at, october.due_on)):
        overdue.refresh_zone("Europe/London", at=at)
        assert Standing.objects.get(customer=october.customer).overdue_since == since
