"""A database per test process, copied from a template that is built once per state of the migrations."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from billing_portal.local import roles
from tests.support.servers import ROOT, SUPERUSER, with_database

BUILDING = 7_262_101  # the advisory lock under which the template is built
NEVER_CHANGED = ("django_migrations", "django_content_type", "auth_permission")
BASELINE = "test_baseline"


def create() -> str:
    """Make this process's database and point the environment of this process and its children at it."""
    template, name = _template(), f"w_{os.getpid()}"
    roles.drop_database(os.environ[SUPERUSER], name)
    roles.create_database(os.environ[SUPERUSER], name, template=template)
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[variable] = with_database(os.environ[variable], name)
    return name


def drop(name: str) -> None:
    superuser.cache_clear()
    roles.drop_database(os.environ[SUPERUSER], name)


@cache
def superuser(name: str) -> Connection:
    """This process's own connection as the server's superuser, for what no role of the portal may do."""
    return roles.connect(with_database(os.environ[SUPERUSER], name))


def empty(name: str) -> None:
    """Bring a test's committed changes back to the template's state: the resellers and their defaults stay, all else goes."""
    with superuser(name).cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET lock_timeout = '10s'")
        _drop_new_schemas(cursor)
        cursor.execute("BEGIN")
        try:
            cursor.execute(_which_have_rows(name))
            for schema, table in cursor.fetchall():
                cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(schema, table)))
            for schema, table in _with_baseline(name):
                copy = sql.Identifier(BASELINE, f"{schema}.{table}")
                cursor.execute(sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}").format(sql.Identifier(schema, table), copy))
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise


def fingerprint() -> str:
    """The state of everything that decides what the template holds."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for folder in ("billing_portal", "rateplans", "customers", "invoicing"):
        yield from (ROOT / folder).rglob("migrations/*.py")
    yield from (ROOT / "billing_portal" / "tenancy").rglob("*.py")
    yield ROOT / "billing_portal" / "settings.py"
    yield Path(__file__)
    yield from (Path(__file__).with_name(name) for name in ("template.py", "canary_words.py"))


def _template() -> str:
    """The template's name; whoever comes first builds it, the others wait."""
    name, url = f"tpl_{fingerprint()}", os.environ[SUPERUSER]
    with _locked(url) as line, line.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            draft = name.replace("tpl_", "making_")
            roles.drop_database(url, draft)
            roles.create_database(url, draft)
            roles.grant_defaults(with_database(url, draft), roles.OWNER, roles.APP)
            _build(draft)
            _keep_baseline(draft)
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    return name


def _build(name: str) -> None:
    addresses = {variable: with_database(os.environ[variable], name) for variable in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    environment = os.environ | addresses | {"PORTAL_DB_ROLE": "owner"}
    made = subprocess.run([sys.executable, "-m", "tests.support.template"], check=False, env=environment, cwd=ROOT, capture_output=True, text=True)
    if made.returncode != 0:
        raise RuntimeError(f"The template database could not be built:\n{made.stdout}{made.stderr}")


@contextmanager
def _locked(url: str) -> Iterator[Connection]:
    line = roles.connect(url)
    try:
        with line.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        yield line
    finally:
        line.close()


def _keep_baseline(name: str) -> None:
    """Copy what the template's tables hold beside them, for tests that commit."""
    line = roles.connect(with_database(os.environ[SUPERUSER], name))
    with line.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(BASELINE)))
        cursor.execute(_question(_tables(cursor)))
        for schema, table in cursor.fetchall():
            copy = sql.Identifier(BASELINE, f"{schema}.{table}")
            cursor.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {}").format(copy, sql.Identifier(schema, table)))
        for right in ("USAGE ON SCHEMA {}", "SELECT ON ALL TABLES IN SCHEMA {}"):  # so that the owner can back the whole database up
            cursor.execute(sql.SQL(f"GRANT {right} TO {{}}").format(sql.Identifier(BASELINE), sql.Identifier(roles.OWNER)))
    line.close()


@cache
def _with_baseline(name: str) -> list[tuple[str, str]]:
    with superuser(name).cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [BASELINE])
        return [tuple(found.split(".", 1)) for (found,) in cursor.fetchall()]


@cache
def _which_have_rows(name: str) -> sql.Composable:
    with superuser(name).cursor() as cursor:
        return _question(_tables(cursor))


def _question(tables: list[tuple[str, str]]) -> sql.Composable:
    """One query that names the tables that have rows."""
    parts = [
        sql.SQL("SELECT {}, {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(schema), sql.Literal(table), sql.Identifier(schema, table))
        for schema, table in tables
    ]
    return sql.SQL(" UNION ALL ").join(parts)


def _tables(cursor: Any) -> list[tuple[str, str]]:
    cursor.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema)' AND n.nspname <> %s AND c.relname <> ALL (%s)",
        [BASELINE, list(NEVER_CHANGED)],
    )
    return [(schema, table) for schema, table in cursor.fetchall()]


def _drop_new_schemas(cursor: Any) -> None:
    """Drop the schemas of resellers that the test made, each by itself: together they are more tables than the server can hold locks of."""
    cursor.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' AND nspname <> ALL (ARRAY['public', %s]::text[])"
        " AND nspname NOT IN (SELECT schema_name FROM {})".format(f'"{BASELINE}"."public.tenancy_reseller"'),
        [BASELINE],
    )
    for (schema,) in cursor.fetchall():
        cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
