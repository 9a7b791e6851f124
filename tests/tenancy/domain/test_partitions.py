"""Calls lie in monthly partitions; a month made late takes its rows out of the default one."""

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.models import Switch
from billing_portal.tenancy.domain import partitions
from billing_portal.tenancy.models import Reseller, new_id
from invoicing.domain import calls, ledger_check, rerating
from invoicing.domain.records import CallRecord
from invoicing.domain.rerating import Named
from invoicing.models import Call
from rateplans.domain import decks
from rateplans.models import StoredRate
from tests.support import world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db
IN_MAY = datetime(2019, 5, 3, 9, 0, tzinfo=UTC)


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'acme.invoicing_call'::regclass ORDER BY 1")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize(("day", "offset", "expected"), [("2026-11-21", 0, "2026-11-01"), ("2026-11-21", 2, "2027-01-01"), ("2026-01-31", -1, "2025-12-01")])
def test_months_are_counted_over_the_year(day: str, offset: int, expected: str) -> None:
    assert partitions.month_start(date.fromisoformat(day), offset) == date.fromisoformat(expected)


def test_three_months_back_and_three_ahead_are_wanted() -> None:
    assert [f"{month:%Y-%m}" for month in partitions.months_around(date(2026, 11, 21))] == [
        "2026-08", "2026-09", "2026-10", "2026-11", "2026-12", "2027-01", "2027-02",
    ]  # fmt: skip


def test_a_call_of_any_time_finds_a_place(acme: Any) -> None:
    old = Call.objects.create(
        at=datetime(1999, 1, 1, tzinfo=UTC),
        setup_at=datetime(1999, 1, 1, tzinfo=UTC),
        customer_id=new_id(),
        key_id=new_id(),
        batch_id=new_id(),
        number="1",
        currency="GBP",
    )

    assert Call.objects.get(id=old.id).at.year == 1999
    assert "invoicing_call_default" in tables()


def test_the_app_role_cannot_make_a_partition(acme: Any) -> None:
    from django.db import ProgrammingError

    with pytest.raises(ProgrammingError, match="must be owner of table"):
        partitions.make_month("acme", "invoicing_call", "at", date(2031, 1, 1))


@pytest.fixture
def may(as_owner: None) -> Iterator[str]:
    """The name of a partition that is not there yet; the test that makes it leaves none."""
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))
    yield "invoicing_call_2019_05"
    connection.set_schema("acme")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS acme.invoicing_call_2019_05")


def in_another_session(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.rel(19)
@pytest.mark.django_db(transaction=True)
def test_calls_that_come_and_prices_that_change_while_their_month_is_made_are_kept(may: str) -> None:
    """A month made late: some calls lie in the default partition, one comes and one changes its price just before the move, one comes in the middle of it."""
    anna = world.customer("Anna Ltd", on=world.plan())
    switch = Switch.objects.get_or_create(name="default")[0]
    told: dict[str, str] = {}
    sessions: list[threading.Thread] = []

    def come(name: str) -> None:
        record = CallRecord(name, "442079460123", IN_MAY, account=anna.account_number, answered_at=IN_MAY, seconds=60)
        told.update({each.call_id: each.status for each in calls.ingest([record], switch=switch, source="api", actor=jane, at=IN_MAY)})

    def cheaper() -> None:
        StoredRate.objects.update(per_minute="0.04")
        decks._decks.clear()
        rerating.rate_again(Named.of(Call.objects.all()), uuid.uuid4(), actor=jane, at=IN_MAY)

    def just_before() -> None:
        come("late")
        cheaper()

    def meanwhile(execute: Any, sql: str, *rest: Any) -> Any:
        if "DETACH PARTITION" in sql:
            in_another_session(just_before).join(20)
        if sql.startswith("INSERT INTO"):
            sessions.append(in_another_session(lambda: come("later still")))
        return execute(sql, *rest)

    come("early")
    with connection.execute_wrapper(meanwhile):
        assert partitions.make_month("acme", "invoicing_call", "at", date(2019, 5, 1))
    for each in sessions:
        each.join(20)

    assert told == {"early": "rated", "late": "rated", "later still": "rated"}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT price FROM acme.{may} ORDER BY price")
        assert [str(price) for (price,) in cursor.fetchall()] == ["0.040000"] * 3
    assert balance(anna) == Decimal("-0.12")
    assert ledger_check.check().differences == []
