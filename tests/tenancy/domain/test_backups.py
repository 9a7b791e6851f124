"""A backup is made while the portal runs, everything is lost, and it comes back whole: rehearsed as docs/operations.md tells it (reliability 97)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2.errors
import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from billing_portal.accounts.domain import keys, switches
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.local import processes, roles
from billing_portal.tenancy.domain import backups
from invoicing.domain import rendering
from tests import sizes
from tests.support import months, people
from tests.support.portal import serve
from tests.support.servers import ROOT, SUPERUSER, with_database
from tests.support.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True), months.renders]
REDIS = 10  # of no other process that runs beside
ROWS = "SELECT %L, count(*)::text || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '') FROM %I.%I t"
OURS = "schemaname !~ '^(pg_|information_schema|test_baseline)'"
TABLES = f"SELECT string_agg(format($${ROWS}$$, schemaname || '.' || tablename, schemaname, tablename), ' UNION ALL ') FROM pg_tables WHERE {OURS}"
SEQUENCES = f"SELECT schemaname || '.' || sequencename, coalesce(last_value, 0)::text FROM pg_sequences WHERE {OURS}"


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    """The folder of this test's files."""
    settings.MEDIA_ROOT = tmp_path / "stored"
    return tmp_path / "stored"


@pytest.fixture
def empty_database() -> Iterator[str]:
    """A new database as docs/operations.md makes one; its name."""
    name = f"{connection.settings_dict['NAME']}_back"
    roles.drop_database(os.environ[SUPERUSER], name)
    roles.create_database(os.environ[SUPERUSER], name)
    yield name
    roles.drop_database(os.environ[SUPERUSER], name)


def manage(*words: object, files: Path, database: str = "") -> subprocess.CompletedProcess[str]:
    """`manage.py` with these words on this database and this folder of files."""
    own = {name: with_database(os.environ[name], database or connection.settings_dict["NAME"]) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    environment = {name: value for name, value in os.environ.items() if name != "PORTAL_DB_ROLE"} | own | {"MEDIA_ROOT": str(files)}
    command = [sys.executable, "manage.py", *map(str, words)]
    return subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)


def contents(database: str) -> dict[str, str]:
    """Of each table how many rows it holds and a digest of all that stands in them; of each sequence where it is."""
    line = roles.connect(with_database(os.environ[SUPERUSER], database))
    try:
        with line.cursor() as cursor:
            cursor.execute(TABLES)
            [[question]] = cursor.fetchall()
            cursor.execute(f"{question} UNION ALL {SEQUENCES}")
            return dict(cursor.fetchall())
    finally:
        line.close()


def stored(folder: Path) -> dict[str, str]:
    """The files of a folder with a digest of each."""
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}


def a_day_of_calls(account: str) -> list[dict[str, Any]]:
    """One call that the backup knows, and one that comes after it."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    return [{"call_id": name, "account": account, "to": "442079460123", "setup_at": at, "answered_at": at, "seconds": 60} for name in ("known", "later")]


def send(records: list[dict[str, Any]], key: str) -> list[str]:
    """As a switch sends them: what it is told of each."""
    body = json.dumps({"records": records})
    answer = Client(headers={"host": people.host_here()}).post("/api/v1/calls", body, "application/json", headers={"Authorization": f"Bearer {key}"})
    return [record["status"] for record in answer.json()["records"]]


@contextmanager
def standing_on(database: str, acme: Any) -> Iterator[None]:
    """This process works on another database."""
    here = connection.settings_dict["NAME"]
    _go_to(database, acme)
    try:
        yield
    finally:
        _go_to(here, acme)


def _go_to(database: str, acme: Any) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    connection.set_tenant(acme)


@contextmanager
def running_again(database: str, logs: Path, patch: pytest.MonkeyPatch) -> Iterator[Callable[[list[dict[str, Any]], str], list[str]]]:
    """The portal on a database that came back; at the end all that was owed is done. At full size by web, worker and beat in processes of their own."""
    if not sizes.FULL:
        yield send
        months.run_jobs()
        return
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        patch.setenv(name, with_database(os.environ[name], database))
    patch.setenv("MEDIA_ROOT", str(django_settings.MEDIA_ROOT))
    with serve(logs, REDIS) as portal:
        words = [sys.executable, "-m", "celery", "-A", "billing_portal.celery", "beat", "--pidfile", "", "-s", str(logs / "beat")]
        beat = processes.start("beat", words, log=logs / "beat.log", environment=portal.environment, folder=ROOT)
        try:
            yield lambda records, key: [each["status"] for each in portal.send("/api/v1/calls", {"records": records}, key=key)[1]["records"]]
            until(lambda: not Job.objects.exclude(state=Job.State.DONE).exists(), seconds=120, what="work that was owed was not done")
        finally:
            processes.stop([beat], 10)


def invoiced_month() -> Any:
    anna = months.anna()
    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    rendering.pdf_file(october)
    return anna


@pytest.mark.rel(97)
def test_everything_comes_back_and_is_proven(
    acme: Any, files: Path, tmp_path: Path, empty_database: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = a_day_of_calls(invoiced_month().account_number)
    _row, key = keys.make(switches.ensure_default(), [keys.CALLS_WRITE], actor=people.system, at=people.START)
    assert send(calls[:1], key) == ["rated"]
    before, back, whole = tmp_path / "backup", tmp_path / "files", contents(connection.settings_dict["NAME"])
    made = manage("backup", before, files=files)
    assert (made.returncode, made.stderr) == (0, "")
    assert send(calls[1:], key) == ["rated"]  # and lost with the server

    restored = manage("restore", before, files=back, database=empty_database)

    assert (restored.returncode, restored.stderr) == (0, "")
    assert contents(empty_database) == whole
    assert stored(back) == stored(files) != {}
    ledger = manage("check_ledger", files=back, database=empty_database)
    assert ledger.stdout == "1 customers, 3 transfers, 1 documents, 0 in flight: every number agrees\n"
    assert manage("check_files", files=back, database=empty_database).stdout == "1 files: every one is as it was written\n"
    assert_ledger_is_shut(empty_database)
    settings.MEDIA_ROOT = back
    assert_work_goes_on(acme, empty_database, calls, key, tmp_path, monkeypatch)


def assert_work_goes_on(acme: Any, database: str, calls: list[dict[str, Any]], key: str, logs: Path, patch: pytest.MonkeyPatch) -> None:
    """Steps 5 and 6: the switch sends the day again with the key it has, the workers do what was owed, and the books are exact."""
    said = StringIO()
    with standing_on(database, acme):
        assert Job.objects.filter(state=Job.State.PENDING).exists()
        with running_again(database, logs, patch) as send_again:
            assert send_again(calls, key) == ["repeated", "rated"]
            assert send_again(calls, key) == ["repeated", "repeated"]
        assert not Job.objects.exclude(state=Job.State.DONE).exists()
        call_command("check_ledger", stdout=said)
    assert said.getvalue() == "1 customers, 4 transfers, 1 documents, 0 in flight: every number agrees\n"


def assert_ledger_is_shut(database: str) -> None:
    """Rights and guards came back too."""
    app = roles.connect(with_database(os.environ["DATABASE_URL"], database))
    with app.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied"):
        cursor.execute("UPDATE acme.customers_transfer SET amount = 1")
    with app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM acme.customers_customer")
        assert cursor.fetchone() == (1,)
    app.close()
    boss = roles.connect(with_database(os.environ[SUPERUSER], database))
    with boss.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege, match="append-only"):
        cursor.execute("UPDATE acme.customers_transfer SET amount = 1")
    boss.close()


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A folder like a backup, whole, of nothing."""
    folder = tmp_path / "backup"
    folder.mkdir()
    for name in ("database.dump", "files.tar"):
        (folder / name).touch()
    nothing = sha256(b"").hexdigest()
    (folder / "backup.json").write_text(json.dumps({"files": {"database.dump": nothing, "files.tar": nothing}}))
    return folder


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as told:
        act()
    return told.value.code


def test_a_backup_does_not_come_over_what_is_there(acme: Any, files: Path, backup: Path) -> None:
    assert refused(lambda: backups.restore(backup)) == "database_not_empty"
    files.mkdir()
    (files / "logo.png").touch()
    assert refused(lambda: backups.restore(backup)) == "files_not_empty"
    assert refused(lambda: backups.make(backup, at=datetime(2026, 11, 1, tzinfo=UTC))) == "folder_not_empty"


@pytest.mark.parametrize("damage", ["database.dump", "files.tar", "backup.json"])
def test_a_damaged_backup_does_not_come_back(backup: Path, damage: str) -> None:
    (backup / damage).unlink()
    assert refused(lambda: backups.restore(backup)) == "backup_not_whole"


def test_a_changed_backup_does_not_come_back(backup: Path) -> None:
    (backup / "files.tar").write_bytes(b"x")
    assert refused(lambda: backups.restore(backup)) == "backup_not_whole"


def test_a_file_that_is_not_what_was_written_is_named(acme: Any, files: Path) -> None:
    invoiced_month()
    [stored] = files.rglob("*.pdf")
    stored.write_bytes(b"%PDF-forged")
    said = StringIO()

    with pytest.raises(CommandError, match=r"1 file is missing or damaged\."):
        call_command("check_files", stdout=said)
    assert said.getvalue() == "acme: ACM-2026-0001.pdf: This file is not what was stored.\n1 files: NOT every one is as it was written\n"
