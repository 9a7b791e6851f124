"""What must hold before a process serves anybody: every reseller's tables lie in its own schema, and the session is its own (reliability 47, 50)."""

import logging
import sys
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import OperationalError, connection

from billing_portal.tenancy.models import Reseller

log = logging.getLogger(__name__)
SHOWN = 5  # of what is missing
PRESENT = """
    SELECT space.nspname || '.' || class.relname FROM pg_catalog.pg_class class JOIN pg_catalog.pg_namespace space ON space.oid = class.relnamespace
     WHERE class.relkind IN ('r', 'p') AND space.nspname = ANY(%(schemas)s)
"""
WANTED = "SELECT schema || '.' || name FROM unnest(%(schemas)s::text[]) schema CROSS JOIN unnest(%(names)s::text[]) name"
_checked = False  # of this process: once found good, the tables change by migrations alone, which are checked by themselves


class BootError(RuntimeError):
    """The portal must not serve; the message says what is wrong."""


def check() -> None:
    """Refuse to go on when a table of a reseller is missing or lies in the shared schema, or when sessions are shared. Raises BootError.

    A missing table would silently be read from the shared schema, a pooler that hands out sessions by transaction would serve one reseller another's rows.
    """
    global _checked
    check_session()
    check_tables([str(name) for name in Reseller.objects.filter(state=Reseller.State.READY).order_by("schema_name").values_list("schema_name", flat=True)])
    _checked = True


def ensure_checked() -> None:
    """Check unless this process has: for one that was started while the database was away."""
    if not _checked:
        check()


def check_now_or_later() -> None:
    """At the start of a process: refuse what is wrong; while the database is away nothing can be told, and nothing be served either."""
    try:
        check()
    except OperationalError as away:
        log.warning("The database does not answer yet; it is checked before the first request or job: %s", away)


def check_worker(**_sender: Any) -> None:
    """The same for a worker, which takes no other exception for an answer."""
    try:
        check_now_or_later()
    except BootError as refused:
        sys.exit(str(refused))


def check_tables(schemas: list[str]) -> None:
    """Every table of a reseller in each of these schemas, and none of them in the shared one. Raises BootError."""
    own, shared = _tables(settings.TENANT_APPS), _tables(settings.SHARED_APPS)
    wrong = [f"{name} should not be there" for name in _ask(f"{WANTED} INTERSECT {PRESENT}", [settings.PUBLIC_SCHEMA_NAME], own - shared)]
    wrong += [f"{name} is missing" for name in _ask(f"{WANTED} EXCEPT {PRESENT}", schemas, own)]
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise BootError(f"The tables are not where they belong: {', '.join(wrong[:SHOWN])}{more}. Run migrate_schemas, or restore them.")


def check_session() -> None:
    """Our session stays ours while somebody else's transaction is open: a pooler in transaction mode would have lent it out. Raises BootError."""
    before = _backend(connection)
    other = connection.copy()
    try:
        other.set_autocommit(False)
        _backend(other)  # its transaction stays open, with whatever session a pooler gave it
        after = _backend(connection)
        other.rollback()
    finally:
        other.close()
    if before != after:
        raise BootError("The database is reached through a pooler in transaction mode, which would mix resellers: use session mode, or none.")


def check_migrated(schema_name: str, **_sender: Any) -> None:
    """After the migration of one schema: it is whole. Raises BootError."""
    check_tables([] if schema_name == settings.PUBLIC_SCHEMA_NAME else [schema_name])


def _backend(line: Any) -> int:
    with line.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        number: int = cursor.fetchone()[0]
        return number


def _ask(question: str, schemas: list[str], names: set[str]) -> list[str]:
    """What the database answers, as "schema.table"; one statement however many resellers there are."""
    with connection.cursor() as cursor:
        cursor.execute(f"{question} ORDER BY 1", {"schemas": schemas, "names": sorted(names)})
        return [name for (name,) in cursor.fetchall()]


def _tables(entries: list[str]) -> set[str]:
    """The tables of these installed apps."""
    configs = [apps.get_app_config(AppConfig.create(entry).label) for entry in entries]
    models = [model for config in configs for model in config.get_models(include_auto_created=True)]
    return {model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy}
