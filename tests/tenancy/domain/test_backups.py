"""A backup is made while the portal runs, everything is lost, and it comes back whole: rehearsed as docs/operations.md tells it (reliability 97)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2.errors
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing_portal.kernel.errors import DomainError
from billing_portal.local import roles
from billing_portal.tenancy.domain import backups
from invoicing.domain import rendering
from tests.support import months
from tests.support.servers import ROOT, SUPERUSER, with_database

pytestmark = [pytest.mark.django_db(transaction=True), months.renders]
TABLES = (
    "SELECT string_agg(format('SELECT %L, count(*) FROM %I.%I', schemaname || '.' || tablename, schemaname, tablename), ' UNION ALL ')"
    " FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema|test_baseline)'"
)


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


def rows(database: str) -> dict[str, int]:
    """How many rows each table holds."""
    line = roles.connect(with_database(os.environ[SUPERUSER], database))
    try:
        with line.cursor() as cursor:
            cursor.execute(TABLES)
            (question,) = cursor.fetchone() or (None,)
            if question is None:
                return {}
            cursor.execute(question)
            return dict(cursor.fetchall())
    finally:
        line.close()


def invoiced_month() -> Any:
    anna = months.anna()
    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    rendering.pdf_file(october)
    return anna


@pytest.mark.rel(97)
def test_everything_comes_back_and_is_proven(acme: Any, files: Path, tmp_path: Path, empty_database: str) -> None:
    invoiced_month()
    before, back = tmp_path / "backup", tmp_path / "files"
    made = manage("backup", before, files=files)
    assert (made.returncode, made.stderr) == (0, "")

    restored = manage("restore", before, files=back, database=empty_database)

    assert (restored.returncode, restored.stderr) == (0, "")
    assert rows(empty_database) == rows(connection.settings_dict["NAME"])
    ledger = manage("check_ledger", files=back, database=empty_database)
    assert ledger.stdout == "1 customers, 2 transfers, 1 documents, 0 in flight: every number agrees\n"
    assert manage("check_files", files=back, database=empty_database).stdout == "1 files: every one is as it was written\n"
    assert_ledger_is_shut(empty_database)


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
