"""Money that crosses: no deadlock, and nobody waits longer than two seconds (reliability 45)."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest
from django.db import OperationalError, connection

from billing_portal.tenancy import database
from billing_portal.tenancy.models import Reseller
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import Customer, Kind, Transfer
from invoicing.domain import ledger_check
from tests import sizes
from tests.support import world
from tests.support.months import D, local
from tests.support.world import jane

THREADS = sizes.size(12, 50)
TURNS = sizes.size(4, 40)
NOW = local("2026-11-02 09:00")


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
        return count


def posting(of: Customer, key: str) -> Posting:
    kind, amount = (Kind.PAYMENT, D("3.00")) if key.endswith("0") else (Kind.CHARGE, D("1.000001"))
    return Posting(kind, of, amount, key, NOW)


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_transfers_that_cross_never_wait_for_each_other_in_a_ring(acme: Any) -> None:
    customers = [world.customer(f"Customer {number}") for number in range(8)]
    before, slowest, busy = deadlocks(), [0.0] * THREADS, [0] * THREADS
    gate = threading.Barrier(THREADS)

    def work(number: int) -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        luck = random.Random(number)
        gate.wait(timeout=60)
        try:
            for turn in range(TURNS):
                chosen = luck.sample(customers, 4)
                begin = time.monotonic()
                try:
                    ledger.post_many([posting(each, f"{number}:{turn}:{place}") for place, each in enumerate(chosen)], at=NOW, actor=jane)
                except OperationalError as met:
                    if not database.is_busy(met):
                        raise
                    busy[number] += 1
                slowest[number] = max(slowest[number], time.monotonic() - begin)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)

    assert deadlocks() == before
    assert Transfer.objects.count() == 4 * (THREADS * TURNS - sum(busy))
    assert max(slowest) < database.LOCK_SECONDS["app"] + 3  # what a busy machine adds to the wait
    assert ledger_check.check().differences == []
