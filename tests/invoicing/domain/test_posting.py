"""Calls are posted by what the customer is once its standing is locked, not by what was read before."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Switch
from customers.domain import customers
from customers.models import Customer, Transfer
from invoicing.domain import calls
from invoicing.domain.answers import Answer
from invoicing.domain.records import CallRecord
from rateplans.models import RatePlan
from tests.support import world
from tests.support.world import jane

pytestmark = pytest.mark.django_db(transaction=True)
LATE = datetime(2026, 10, 3, 22, 30, tzinfo=UTC)
BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def wait_until_somebody_waits() -> None:
    for _attempt in range(500):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(BLOCKED)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits for a lock")


@contextmanager
def a_call_comes_in(switch: Switch, at: datetime) -> Iterator[list[Answer]]:
    """While the transaction in the block is open, a batch arrives and waits; after it the batch goes on."""
    answers: list[Answer] = []

    def ingest() -> None:
        with schema_context("acme"):
            record = CallRecord("c1", "442079460123", LATE, account="anna-100", answered_at=LATE, seconds=60)
            answers.extend(calls.ingest([record], switch=switch, source="api", actor=jane, at=at))
        connection.close()

    thread = threading.Thread(target=ingest)
    with transaction.atomic():
        yield answers
        thread.start()
        wait_until_somebody_waits()
    thread.join(60)


@pytest.mark.rel(20)
def test_a_time_zone_changed_meanwhile_decides_the_day(anna: Customer, switch: Switch, noon: datetime) -> None:
    with a_call_comes_in(switch, noon) as answers:
        customers.change(anna, time_zone="Europe/Berlin", actor=jane, at=noon)

    assert [answer.status for answer in answers] == ["rated"]
    assert Transfer.objects.get().key.endswith(":2026-10-04")


@pytest.mark.rel(4)
def test_a_currency_changed_meanwhile_is_the_one_that_counts(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime, acme: Any) -> None:
    euro = world.plan("Euro", "EUR")
    with a_call_comes_in(switch, noon) as answers:
        customers.change(anna, currency="EUR", plan=euro, actor=jane, at=noon)

    assert [(answer.status, answer.reason) for answer in answers] == [("queued", "no_exchange_rate")]
    assert not Transfer.objects.exists()
