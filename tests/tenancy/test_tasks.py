"""The provisioning worker's daily work."""

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg2
import pytest
from django.db import connection

from billing_portal.tenancy import tasks
from billing_portal.tenancy.domain import partitions

LEVELS = ("acme", "globex", "owner")


def with_month(month: str = "2031_01") -> list[str]:
    """The schemas in which the month, that of these tests, has a partition of the calls."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = %s AND relispartition ORDER BY 1", [f"invoicing_call_{month}"])
        return [schema for (schema,) in cursor.fetchall()]


@pytest.fixture
def a_new_month(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A month that no reseller has a partition for; the test that makes it, or a late one, leaves none."""
    monkeypatch.setattr(partitions, "months_around", lambda _day: [date(2031, 1, 1)])
    yield
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"DROP TABLE IF EXISTS {schema}.invoicing_call_{month}" for schema in LEVELS for month in ("2019_05", "2031_01")))


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_a_reseller_whose_calls_others_hold_keeps_nobody_else_from_next_months_partitions(a_new_month: None) -> None:
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM acme.invoicing_call")
        with pytest.raises(RuntimeError, match=r"Partitions are missing at acme\.$"):
            tasks.make_partitions()
    finally:
        other.close()
    assert with_month() == ["globex", "owner"]

    tasks.make_partitions()
    assert with_month() == ["acme", "globex", "owner"]


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_a_late_month_that_cannot_be_moved_keeps_its_reseller_from_no_later_month(
    a_new_month: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Two months are missing at each reseller; moving the calls of the earlier one outlasts what a statement may take, at Acme alone."""

    def too_many_to_move(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "invoicing_call_2019_05"') and connection.schema_name == "acme":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', '1ms', true)")
            sql = f"WITH slow AS (SELECT pg_sleep(1)) {sql} AND EXISTS (SELECT * FROM slow)"
        return execute(sql, *rest)

    monkeypatch.setattr(partitions, "months_around", lambda _day: [date(2019, 5, 1), date(2031, 1, 1)])
    with connection.execute_wrapper(too_many_to_move), caplog.at_level(logging.ERROR), pytest.raises(RuntimeError, match=r"missing at acme\.$"):
        tasks.make_partitions()

    assert (with_month("2031_01"), with_month("2019_05")) == (["acme", "globex", "owner"], ["globex", "owner"])
    assert [record.message for record in caplog.records] == ["invoicing_call_2019_05 was not made in acme", "Partitions are missing at acme"]
