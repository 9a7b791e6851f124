"""The bounds of a session, and what the database's troubles mean."""

from __future__ import annotations

import io
from typing import Any

import psycopg2
import pytest
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection, transaction

from billing_portal.tenancy import database
from customers.models import Standing
from tests.support import databases, world

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


class Cut:
    """Sessions of people, as text; when the second piece is wanted, the session that copies them is ended from elsewhere."""

    def __init__(self) -> None:
        self.pieces = 0
        self.session = connection.connection.info.backend_pid

    def read(self, size: int = -1) -> str:
        self.pieces += 1
        if self.pieces == 2:
            with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [self.session])
        return "".join(f"{self.pieces}-{row}\t\t2026-11-26\n" for row in range(500)) if self.pieces < 50 else ""


def copy_and_be_cut_off() -> None:
    with transaction.atomic():
        database.copy_in("COPY django_session (session_key, session_data, expire_date) FROM STDIN", Cut())


@pytest.mark.rel(44)
@pytest.mark.django_db(transaction=True)
def test_a_copy_that_is_cut_off_in_the_middle_is_trouble_that_passes(acme: Any) -> None:
    with pytest.raises((OperationalError, InterfaceError)) as met:
        copy_and_be_cut_off()

    assert database.passes(met.value)
    assert not Session.objects.exists()  # and the next question has a connection again


class Broken:
    """A connection whose cursor is as psycopg2's is at times when the server goes away in the middle of COPY."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        self.wrap_database_errors = connection.wrap_database_errors

    def __enter__(self) -> Broken:
        return self

    def __exit__(self, *_: object) -> None: ...

    def cursor(self) -> Broken:
        return self

    def copy_expert(self, *_: object) -> None:
        raise SystemError("<function decode> returned a result with an exception set") from self.cause


@pytest.mark.rel(44)
def test_what_the_server_said_is_found_behind_a_system_error(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "connection", Broken(psycopg2.errors.AdminShutdown("terminating connection")))
    with pytest.raises(OperationalError, match="terminating connection"):
        database.copy_in("COPY copied FROM STDIN", io.StringIO())

    monkeypatch.setattr(database, "connection", Broken(ValueError("ours")))
    with pytest.raises(SystemError):
        database.copy_in("COPY copied FROM STDIN", io.StringIO())


def test_a_statement_that_is_too_slow_does_not_pass_by_itself(acme: Any) -> None:
    with pytest.raises(OperationalError) as met, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")

    assert (database.is_busy(met.value), database.passes(met.value)) == (False, False)


def test_a_lost_connection_passes_and_a_mistake_of_ours_does_not() -> None:
    assert database.passes(OperationalError("server closed the connection unexpectedly"))
    assert database.passes(InterfaceError("connection already closed"))
    assert not database.passes(ValueError("no"))
    assert not database.is_busy(InterfaceError("connection already closed"))
