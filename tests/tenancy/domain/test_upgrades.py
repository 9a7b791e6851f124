"""Upgrading many resellers: who is up to date is left alone, a failure or a kill in the middle is gone on from (reliability 98)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.tenancy.domain import schemas, upgrades
from billing_portal.tenancy.models import Reseller
from tests.sizes import size
from tests.support.servers import ROOT

RESELLERS = size(4, 50)


@pytest.fixture
def resellers(as_owner: None) -> list[str]:
    """Several more resellers, each up to date."""
    root = Reseller.objects.get(schema_name="owner")
    names = [f"tenant{number:02}" for number in range(RESELLERS)]
    for name in names:
        schemas.make(schemas.register(name=name, schema_name=name, host=f"{name}.localhost", parent=root, currency="GBP", time_zone="UTC"))
    return names


def set_back(schema: str) -> None:
    """The schema as it was before it had a table of sessions."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {schema}.django_migrations WHERE app = 'sessions'; DROP TABLE {schema}.django_session")


def has_sessions(schema: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema}.django_session"])
        return bool(cursor.fetchone()[0])


def everybody() -> list[str]:
    return list(Reseller.objects.order_by("schema_name").values_list("schema_name", flat=True))


def test_who_has_every_migration_of_this_release_is_not_behind(resellers: list[str]) -> None:
    assert upgrades.behind(["public", *everybody()]) == []

    set_back(resellers[1])

    assert upgrades.behind(everybody()) == [resellers[1]]


def test_a_schema_that_has_no_table_yet_is_behind(as_owner: None) -> None:
    assert upgrades.behind(["nothing"]) == ["nothing"]
    assert upgrades.behind(["acme", "nothing"]) == ["nothing"]


def test_migrations_of_an_earlier_release_that_were_squashed_put_nobody_behind(as_owner: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO acme.django_migrations (app, name, applied) VALUES ('customers', '0000_gone', now())")
    try:
        assert upgrades.behind(["acme"]) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM acme.django_migrations WHERE name = '0000_gone'")


def test_with_nothing_to_migrate_every_reseller_is_asked_in_one_query(resellers: list[str]) -> None:
    with CaptureQueriesContext(connection) as asked:
        call_command("migrate_schemas", verbosity=0)

    assert len([query for query in asked if "django_migrations WHERE" in query["sql"]]) == 2  # the shared schema, then all the others
    assert len(asked) <= 8


@pytest.mark.rel(98)
def test_who_is_behind_is_migrated_and_nobody_else(resellers: list[str]) -> None:
    set_back(resellers[0])

    call_command("migrate_schemas", verbosity=0)

    assert has_sessions(resellers[0])
    assert upgrades.behind(everybody()) == []


@pytest.mark.rel(98)
def test_a_failure_stops_it_says_how_far_it_came_and_is_gone_on_from(resellers: list[str]) -> None:
    first, second, third = resellers[:3]
    for name in (first, second, third):
        set_back(name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {second}.django_session (in_the_way int)")

    with pytest.raises(CommandError, match=rf"^1 of 3 schemas that were behind are migrated; {second} is not: relation \"django_session\" already exists"):
        call_command("migrate_schemas", verbosity=0)

    assert upgrades.behind(everybody()) == [second, third]
    assert has_sessions(first)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {second}.django_session")

    call_command("migrate_schemas", verbosity=0)

    assert upgrades.behind(everybody()) == []


@pytest.fixture
def migrating() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts the command in a process of its own."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        command = [sys.executable, "-W", "ignore", "manage.py", "migrate_schemas", "--verbosity", "0"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PORTAL_DB_ROLE": "owner"}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.rel(98)
def test_killed_in_the_middle_the_next_run_goes_on(resellers: list[str], migrating: Callable[..., Any]) -> None:
    for name in resellers:
        set_back(name)
    process = migrating()
    until = time.monotonic() + 60
    while len(upgrades.behind(resellers)) == len(resellers):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = upgrades.behind(everybody())
    assert all(has_sessions(name) != (name in left) for name in resellers)

    call_command("migrate_schemas", verbosity=0)

    assert upgrades.behind(everybody()) == []
