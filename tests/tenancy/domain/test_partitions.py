"""Calls lie in monthly partitions; a month made late takes its rows out of the default one."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection

from billing_portal.tenancy.domain import partitions
from billing_portal.tenancy.models import new_id
from invoicing.models import Call

pytestmark = pytest.mark.django_db


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

    with pytest.raises(ProgrammingError, match="permission denied"):
        partitions.make_month("acme", "invoicing_call", "at", date(2031, 1, 1))
