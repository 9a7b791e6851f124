"""However calls are delivered (in any order, again and again, by several at once) the ledger says the same (reliability 19, 20)."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django_tenants.utils import schema_context
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_portal.accounts.models import Switch
from billing_portal.tenancy import database
from customers.models import Customer, Standing, Transfer
from invoicing.domain import calls
from invoicing.domain.answers import Answer
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallKey, WaitingCall
from rateplans.models import RatePlan
from tests import sizes
from tests.support import world
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
START = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)


def some_calls(accounts: list[str], count: int) -> list[CallRecord]:
    """Calls across the night in which the clocks go back; every seventh number has no rate."""
    moments = [START + timedelta(minutes=7 * (number % 3_000)) for number in range(count)]
    return [
        CallRecord(f"c{n}", "33155550100" if n % 7 == 3 else "442079460123", at, account=accounts[n % len(accounts)], answered_at=at, seconds=n * 13 % 400)
        for n, at in enumerate(moments)
    ]


def ledger_by_day() -> dict[tuple[str, str], Decimal]:
    """What stands on each customer and local day, however many batches brought it."""
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for customer, key, amount in Transfer.objects.values_list("customer__name", "key", "amount"):
        found[customer, key.rsplit(":", 1)[1]] += amount
    return found


class RollBackError(Exception):
    """Take back what one example wrote."""


@pytest.fixture
def customers(standard: RatePlan) -> list[Customer]:
    return [world.customer(name, on=standard) for name in ("Anna Ltd", "Bob Ltd", "Carl Ltd")]


@pytest.mark.django_db
@pytest.mark.rel(20)
def test_permuted_doubled_and_split_delivery_gives_the_same_ledger(customers: list[Customer], switch: Switch) -> None:
    records = some_calls([customer.account_number for customer in customers], 24)
    numbers = st.lists(st.integers(0, len(records) - 1), max_size=20).flatmap(lambda more: st.permutations([*range(len(records)), *more]))

    def deliver(order: list[int], cut: int) -> tuple[Any, ...]:
        try:
            with transaction.atomic():
                for part in (order[:cut], order[cut:]):
                    calls.ingest([records[n] for n in part], switch=switch, source="api", actor=jane, at=NOON)
                seen = (
                    ledger_by_day(),
                    dict(Standing.objects.values_list("customer__name", "receivable")),
                    sorted(Call.objects.values_list("number", "at", "price")),
                    Counter(WaitingCall.objects.values_list("reason", flat=True)),
                )
                raise RollBackError
        except RollBackError:
            return seen

    once = deliver(list(range(len(records))), len(records))

    @settings(max_examples=sizes.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(numbers, st.integers(0, 44))
    def the_same(order: list[int], cut: int) -> None:
        assert deliver(order, cut) == once

    the_same()


def in_threads(work: list[Any]) -> Iterator[Any]:
    """Run these at once, each with a connection of its own; what one raises is raised here."""
    answers: list[Any] = [None] * len(work)

    def run(number: int) -> None:
        try:
            with schema_context("acme"):
                answers[number] = work[number]()
        except BaseException as problem:  # noqa: BLE001 -- told to the test below
            answers[number] = problem
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(sizes.size(60, 240))
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
        yield answer


@pytest.mark.django_db(transaction=True)
@pytest.mark.rel(19)
def test_overlapping_batches_at_once_take_each_call_once(customers: list[Customer], switch: Switch) -> None:
    records = some_calls([customer.account_number for customer in customers], sizes.size(300, 10_000))
    orders = [records, records[::-1], records[len(records) // 3 :], records[: len(records) // 2][::-1]]

    def deliver(batch: list[CallRecord]) -> Any:
        def until_taken() -> list[Answer]:
            """As a switch does that is told that others are busy (reliability 45)."""
            while True:
                try:
                    return calls.ingest(batch, switch=Switch.objects.get(pk=switch.pk), source="api", actor=jane, at=NOON)
                except OperationalError as problem:
                    if not database.is_busy(problem):
                        raise

        return until_taken

    answers = list(in_threads([deliver(batch) for batch in orders * 2]))

    expected = Counter(record.to.startswith("33") and record.seconds != 0 for record in records)  # no rate; one of no seconds needs none
    statuses = Counter(answer.status for told in answers for answer in told)
    assert (statuses["rated"], statuses["queued"], statuses["conflict"]) == (expected[False], expected[True], 0)
    assert (Call.objects.count(), CallKey.objects.count(), WaitingCall.objects.count()) == (expected[False], len(records), expected[True])
    per_customer = dict(Standing.objects.values_list("customer__name", "receivable"))
    for customer in customers:
        prices = Call.objects.filter(customer_id=customer.pk).values_list("price", flat=True)
        assert per_customer[customer.name] == -sum(prices, Decimal(0))


@pytest.mark.django_db(transaction=True)
def test_a_conflict_sent_by_several_at_once_waits_once(customers: list[Customer], switch: Switch) -> None:
    [first, changed] = [CallRecord("c1", "442079460123", START, account=customers[0].account_number, answered_at=START, seconds=n) for n in (60, 61)]
    calls.ingest([first], switch=switch, source="api", actor=jane, at=NOON)

    list(in_threads([lambda: calls.ingest([changed], switch=switch, source="api", actor=jane, at=NOON)] * 4))

    assert [row.reason for row in WaitingCall.objects.all()] == ["conflict"]
