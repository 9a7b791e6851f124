"""Numbers of documents are 1…n without gap and repeat, however many issue at once and however many of them die (reliability 33)."""

from __future__ import annotations

import random
import threading
from datetime import date
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from invoicing.domain import invoices, ledger_check
from invoicing.models import Document, Series
from tests import sizes
from tests.support import world
from tests.support.databases import superuser
from tests.support.months import calls, local
from tests.support.world import jane

THREADS = 16
INVOICES = sizes.size(32, 400)
FIRST = local("2026-11-02 09:00")
NOVEMBER = date(2026, 11, 1)


class CrashError(Exception):
    """The process ends before its transaction does."""


@pytest.mark.rel(33)
@pytest.mark.django_db(transaction=True)
def test_sixteen_issue_at_once_and_every_third_attempt_dies(acme: Any) -> None:
    customers = [world.customer(f"Customer {number:03}").pk for number in range(INVOICES)]
    for number, customer in enumerate(customers):
        calls(Customer.objects.get(pk=customer), "2026-10-05 09:00", price=f"1.{number:03}9")
    crashed: list[str] = []
    gate = threading.Barrier(THREADS)

    def issue(number: int) -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        luck = random.Random(number)
        gate.wait(timeout=60)
        try:
            for customer in customers[number::THREADS]:
                while not one(customer, luck):
                    crashed.append(str(customer))
        finally:
            connection.close()

    threads = [threading.Thread(target=issue, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)

    assert sorted(Document.objects.values_list("sequence", flat=True)) == list(range(1, INVOICES + 1))
    assert Series.objects.get().next_number == INVOICES + 1
    assert len(crashed) > INVOICES // 8
    in_order = list(Document.objects.order_by("sequence").values_list("number", flat=True))
    assert in_order == [f"ACM-2026-{number:04}" for number in range(1, INVOICES + 1)]
    assert ledger_check.check().differences == []


def one(customer: Any, luck: random.Random) -> bool:
    """Issue one invoice; in three of ten attempts the session is cut, or the process gives up, when all is written but for the commit."""
    fate = luck.random()
    try:
        with transaction.atomic():
            invoices.issue([customer], NOVEMBER, actor=jane, at=FIRST)
            if fate < 0.15:
                cut_off()
            elif fate < 0.3:
                raise CrashError
    except (CrashError, OperationalError, InterfaceError):
        connection.close()
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        return False
    return True


def cut_off() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [number] = cursor.fetchone()
    with superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [number])
