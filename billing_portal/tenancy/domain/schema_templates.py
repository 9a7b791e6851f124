"""The script that makes a new schema: one schema is migrated and read back by pg_dump, once per release and month."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import database, operations
from billing_portal.tenancy.domain import partitions, postgres_tools
from billing_portal.tenancy.models import SchemaTemplate

log = logging.getLogger(__name__)
MAKING = 7_262_001  # the advisory lock under which schemas are migrated one at a time
_BUILDING = 7_262_002  # the one under which the template is made
_PLACE = "PORTAL-TEMPLATE"  # no reseller's short name, and always quoted
_TO_PSQL = ("\\restrict ", "\\unrestrict ")
_OF_THE_SESSION = {"SET default_tablespace = '';", "SET default_table_access_method = heap;"}  # lines of the dump that say nothing of the schema


def script_for(schema: str) -> str | None:
    """SQL that makes this schema as the migrations of this release would, in one round trip; None where it must be migrated.

    That is where no pg_dump fits the server, or a transaction is open and no template is there yet. Needs the owner's database role.
    """
    today = timezone.now().date()
    wanted = f"{_release()}-{today:%Y-%m}"
    found = _stored(wanted)
    if found is None and not connection.in_atomic_block:
        try:
            found = _build(wanted, today)
        except DomainError as problem:
            log.warning("Schemas are migrated one by one: %s", problem.message)
    return None if found is None else found.replace(f'"{_PLACE}"', connection.ops.quote_name(schema))


def _stored(fingerprint: str) -> str | None:
    return SchemaTemplate.objects.filter(fingerprint=fingerprint).values_list("script", flat=True).first()


@cache
def _release() -> str:
    """What decides how a schema looks: every migration on disk, our operations, and the role that is granted its rights."""
    digest = hashlib.sha256(settings.PORTAL_APP_ROLE.encode() + Path(str(operations.__file__)).read_bytes())
    for key, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        digest.update(repr(key).encode() + Path(str(sys.modules[migration.__module__].__file__)).read_bytes())
    return digest.hexdigest()[:32]


def _build(fingerprint: str, today: date) -> str:
    """Make the template and keep it in the place of an older release's."""
    postgres_tools.find("pg_dump")  # before a schema is migrated for nothing
    with _alone():
        found = _stored(fingerprint)  # another process may have made it meanwhile
        if found is None:
            found = _read_back(today)
            with transaction.atomic():
                SchemaTemplate.objects.all().delete()
                SchemaTemplate.objects.create(fingerprint=fingerprint, script=found)
    return found


def _read_back(today: date) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            database.wait_for_turn(cursor, MAKING)
            cursor.execute(f'DROP SCHEMA IF EXISTS "{_PLACE}" CASCADE')
            cursor.execute(f'CREATE SCHEMA "{_PLACE}"')
            call_command("migrate_schemas", tenant=True, schema_name=_PLACE, interactive=False, verbosity=0)
            partitions.make_in(_PLACE, today)
        return _as_script(postgres_tools.run("pg_dump", ["--schema", f'"{_PLACE}"', "--no-owner", "--inserts", "--rows-per-insert=1000"]))
    finally:
        connection.set_schema_to_public()
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{_PLACE}" CASCADE')


def _as_script(dump: str) -> str:
    """The dump from the schema's creation on; what default privileges gave the app role is taken back before the grants of the dump."""
    body = dump[dump.index(f'CREATE SCHEMA "{_PLACE}"') :]
    lines = [line for line in body.splitlines() if line not in _OF_THE_SESSION and not line.startswith(_TO_PSQL)]
    first_grant = next(number for number, line in enumerate(lines) if line.startswith("GRANT "))
    role = connection.ops.quote_name(settings.PORTAL_APP_ROLE)
    lines[first_grant:first_grant] = [f'REVOKE ALL ON ALL {kind} IN SCHEMA "{_PLACE}" FROM {role};' for kind in ("TABLES", "SEQUENCES")]
    return "\n".join(["SET LOCAL check_function_bodies = false;", *lines])


@contextmanager
def _alone() -> Iterator[None]:
    """One process makes the template at a time. The lock is held by a line of its own, since migrating closes the other."""
    guard = connection.copy()
    try:
        guard.set_schema_to_public()
        with guard.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0; SELECT pg_advisory_lock(%s)", [_BUILDING])
        yield
    finally:
        guard.close()
