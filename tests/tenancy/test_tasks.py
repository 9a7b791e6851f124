"""The provisioning worker's daily work."""

from collections.abc import Iterator
from datetime import date

import psycopg2
import pytest
from django.db import connection

from billing_portal.tenancy import tasks
from billing_portal.tenancy.domain import partitions

LEVELS = ("acme", "globex", "owner")


def with_month() -> list[str]:
    """The schemas in which the month of these tests has a partition of the calls."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'invoicing_call_2031_01' AND relispartition ORDER BY 1")
        return [schema for (schema,) in cursor.fetchall()]


@pytest.fixture
def a_new_month(as_owner: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A month that no reseller has a partition for; the test that makes it leaves none."""
    monkeypatch.setattr(partitions, "months_around", lambda _day: [date(2031, 1, 1)])
    yield
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"DROP TABLE IF EXISTS {schema}.invoicing_call_2031_01" for schema in LEVELS))


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_a_reseller_whose_calls_others_hold_keeps_nobody_else_from_next_months_partitions(a_new_month: None) -> None:
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM acme.invoicing_call")
        with pytest.raises(RuntimeError, match=r"No partitions were made for acme\.$"):
            tasks.make_partitions()
    finally:
        other.close()
    assert with_month() == ["globex", "owner"]

    tasks.make_partitions()
    assert with_month() == ["acme", "globex", "owner"]
