"""The bounds of a session, and what the database's troubles mean."""

from typing import Any

import psycopg2
import pytest
from django.db import InterfaceError, OperationalError, connection, transaction

from billing_portal.tenancy import database
from customers.models import Standing
from tests.support import world

pytestmark = pytest.mark.django_db


def bound(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        said: str = cursor.fetchone()[0]
        return said


@pytest.mark.rel(45)
def test_a_session_waits_two_seconds_for_a_lock_and_works_no_longer_than_ten_minutes(acme: Any) -> None:
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "client_connection_check_interval")
    assert [bound(name) for name in names] == ["2s", "10min", "10min", "2s"]


@pytest.mark.rel(45)
@pytest.mark.django_db(transaction=True)
def test_whoever_meets_a_lock_is_told_that_others_are_busy_within_two_seconds(acme: Any) -> None:
    anna = world.customer()
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM acme.customers_standing WHERE customer_id = %s FOR UPDATE", [str(anna.pk)])
            with pytest.raises(OperationalError) as met, transaction.atomic():
                Standing.objects.select_for_update().get(customer=anna)
    finally:
        other.close()

    assert (database.is_busy(met.value), database.passes(met.value)) == (True, True)


def test_a_statement_that_is_too_slow_does_not_pass_by_itself(acme: Any) -> None:
    with pytest.raises(OperationalError) as met, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")

    assert (database.is_busy(met.value), database.passes(met.value)) == (False, False)


def test_a_lost_connection_passes_and_a_mistake_of_ours_does_not() -> None:
    assert database.passes(OperationalError("server closed the connection unexpectedly"))
    assert database.passes(InterfaceError("connection already closed"))
    assert not database.passes(ValueError("no"))
    assert not database.is_busy(InterfaceError("connection already closed"))
