"""No work is left on another reseller's schema: after a task that raised there, in a thread, behind a pooler (reliability 47 to 50)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_context, tenant_context

from billing_portal.celery import app
from billing_portal.jobs.models import Job
from billing_portal.local import processes
from billing_portal.local.redis import free_port
from billing_portal.tenancy import boot
from billing_portal.tenancy.models import Reseller
from tests import sizes
from tests.faults.breakable_postgres import standing_on
from tests.support.databases import superuser
from tests.support.servers import ROOT
from tests.support.waiting import until

TASKS = sizes.size(60, 1_000)
RESELLERS = sizes.size(5, 20)
seen: list[tuple[str, str]] = []


@app.task(name="test.look")  # type: ignore[untyped-decorator]
def look(schema: str, does: str) -> None:
    """Where this task finds itself; then it may go elsewhere and fail there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        [here] = cursor.fetchone()
    seen.append((schema, here if here == connection.schema_name else f"{connection.schema_name}, but {here}"))
    if does == "leaves":
        connection.set_schema("globex")
        raise ValueError("left on the wrong schema")
    if does == "breaks":
        with transaction.atomic(), tenant_context(Reseller.objects.get(schema_name="globex")), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")


@pytest.fixture
def many(acme: Any) -> list[str]:
    """So many resellers, most with an empty schema: what is asked is only where one is."""
    connection.set_schema_to_public()
    parent, line = Reseller.objects.get(schema_name="owner"), superuser(connection.settings_dict["NAME"])
    names = [f"reseller{number}" for number in range(RESELLERS - 2)]
    for name in names:
        Reseller.objects.create(name=name, schema_name=name, parent=parent, currency="EUR", time_zone="UTC", state=Reseller.State.READY)
        with line.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {name} AUTHORIZATION portal_owner; GRANT USAGE ON SCHEMA {name} TO portal_app")
    return ["acme", "globex", *names]


@pytest.mark.rel(48)
@pytest.mark.django_db(transaction=True)
def test_every_task_starts_in_the_schema_of_its_own_reseller_whatever_the_one_before_did(many: list[str]) -> None:
    luck = Random(48)
    seen.clear()
    connection.set_schema_to_public()
    for _task in range(TASKS):
        schema = luck.choice(many)
        with schema_context(schema):
            message = look.s(schema, luck.choice(["looks", "leaves", "breaks"]))
            headers = {"_schema_name": connection.schema_name}
        message.apply(headers=headers)
        assert connection.schema_name == "public"

    assert len(seen) == TASKS
    assert [(asked, found) for asked, found in seen if asked != found] == []
    assert {asked for asked, _found in seen} == set(many)


@pytest.mark.rel(49)
@pytest.mark.django_db(transaction=True)
def test_a_thread_that_was_not_told_its_reseller_finds_nothing_and_says_so(acme: Any) -> None:
    met: list[Any] = []

    def ask() -> None:
        try:
            met.append((connection.schema_name, Job.objects.count()))
        except DatabaseError as problem:
            met.append((connection.schema_name, str(problem).splitlines()[0]))
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert met == [("public", 'relation "jobs_job" does not exist')]


@contextmanager
def pgbouncer(folder: Path, mode: str) -> Iterator[str]:
    """A pooler before the test's database; the address to reach it as the role of web and workers."""
    given, port = connection.settings_dict, free_port()
    where = f"host={given['OPTIONS'].get('host') or given['HOST']} dbname={given['NAME']} user={given['USER']} password={given['PASSWORD']}"
    folder.chmod(0o755)
    config = folder / f"{mode}.ini"
    lines = ["[databases]", f"pooled = {where}", "[pgbouncer]", "listen_addr = 127.0.0.1", f"listen_port = {port}", "auth_type = any", f"pool_mode = {mode}"]
    config.write_text("\n".join([*lines, "unix_socket_dir =", "logfile =", "pidfile =", "default_pool_size = 5", ""]))
    config.chmod(0o644)
    user = "nobody" if os.geteuid() == 0 else None
    child = processes.start("pgbouncer", ["pgbouncer", config], log=folder / f"{mode}.log", folder=Path("/"), user=user)
    try:
        until(lambda: child.ended or "process up" in child.output(), pause=0.05)
        assert not child.ended, child.tail()
        yield f"postgres://{given['USER']}:{given['PASSWORD']}@127.0.0.1:{port}/pooled"
    finally:
        processes.stop([child], seconds=5)


def start_web(database_url: str) -> subprocess.CompletedProcess[str]:
    """Load the web application as gunicorn does."""
    own = os.environ | {"DATABASE_URL": database_url, "PORTAL_DB_ROLE": "app"}
    return subprocess.run([sys.executable, "-c", "import billing_portal.wsgi"], check=False, env=own, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.rel(50)
@pytest.mark.pgbouncer
@pytest.mark.django_db(transaction=True)
def test_behind_a_pooler_that_lends_sessions_out_the_portal_does_not_start(acme: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = Path("/tmp") / f"pooler-{os.getpid()}" if os.geteuid() == 0 else tmp_path_factory.mktemp("pooler")
    folder.mkdir(exist_ok=True)
    with pgbouncer(folder, "transaction") as address, standing_on(address), pytest.raises(boot.BootError, match="through a pooler in transaction mode"):
        boot.check()
    with pgbouncer(folder, "session") as address, standing_on(address):
        boot.check()


@pytest.mark.rel(47)
@pytest.mark.django_db(transaction=True)
def test_with_a_table_missing_the_web_does_not_start(acme: Any) -> None:
    line = superuser(connection.settings_dict["NAME"])
    with line.cursor() as cursor:
        cursor.execute("ALTER TABLE globex.accounts_user RENAME TO elsewhere")
    try:
        refused = start_web(os.environ["DATABASE_URL"])
        with pytest.raises(boot.BootError):
            boot.check()
    finally:
        with line.cursor() as cursor:
            cursor.execute("ALTER TABLE globex.elsewhere RENAME TO accounts_user")

    assert "BootError: The tables are not where they belong: globex.accounts_user is missing. Run migrate_schemas" in refused.stderr
    assert refused.returncode == 1
