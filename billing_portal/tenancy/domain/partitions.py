"""Monthly partitions: three months back and three ahead for every partitioned table of every reseller."""

import logging
from collections.abc import Iterator
from datetime import date

from django.conf import settings
from django.db import Error, connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.tenancy import database
from billing_portal.tenancy.models import Reseller

log = logging.getLogger(__name__)
MONTHS_BACK = MONTHS_AHEAD = 3
DETACH_SECONDS = 1  # shorter than others wait for a lock, so that who queues behind is not refused; the next day tries again
_partitioned: list[tuple[str, str]] = []


def register(table: str, column: str) -> None:
    """Say at start-up that a table is partitioned by month of this column; a default partition catches what no month holds."""
    if (table, column) not in _partitioned:
        _partitioned.append((table, column))


def month_start(day: date, offset: int = 0) -> date:
    """The first day of the month `offset` months after that of `day`."""
    months = day.year * 12 + day.month - 1 + offset
    return date(months // 12, months % 12 + 1, 1)


def months_around(day: date) -> Iterator[date]:
    """First days of the months that must have a partition on this day."""
    return (month_start(day, offset) for offset in range(-MONTHS_BACK, MONTHS_AHEAD + 1))


def make_all(reseller: Reseller, day: date | None = None) -> None:
    """Make the missing partitions of one reseller, as `make_in` does; needs the owner's database role."""
    make_in(reseller.schema_name, day or timezone.now().date())


def make_in(schema: str, day: date) -> None:
    """Make the partitions that are missing in this schema on this day, the latest month first, since an early one may have many calls to move.

    A month that cannot be made holds up no other (reliability 45); the database's error about it is raised when all the others were tried.
    """
    troubles = []
    with schema_context(schema):
        there = _partitions_of(schema)
        missing = [(table, column, month) for table, column in _partitioned for month in months_around(day) if _name(table, month) not in there]
        for table, column, month in sorted(missing, key=lambda each: each[2], reverse=True):
            try:
                make_month(schema, table, column, month)
            except Error as trouble:
                log.exception("%s was not made in %s", _name(table, month), schema)
                troubles.append(trouble)
    if troubles:
        raise troubles[0]


def make_month(schema: str, table: str, column: str, month: date) -> bool:
    """Make one month's partition, moving rows that already lie in the default one; False when it is there (architecture §4).

    The default one is taken off first: from then on nobody else writes, so what comes meanwhile waits and finds its place afterwards.
    """
    name, until = _name(table, month), month_start(month, 1)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f'"{schema}"."{name}"'])
        if cursor.fetchone()[0] is not None:
            return False
        role = connection.ops.quote_name(settings.PORTAL_APP_ROLE)
        bounds = f"FROM ('{month} 00:00+00') TO ('{until} 00:00+00')"
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{DETACH_SECONDS}s"])
        cursor.execute(f'ALTER TABLE "{table}" DETACH PARTITION "{table}_default"')
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{database.lock_seconds()}s"])
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{table}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
        cursor.execute(f'INSERT INTO "{name}" SELECT * FROM "{table}_default" WHERE "{column}" >= %s AND "{column}" < %s', [month, until])
        cursor.execute(f'DELETE FROM "{table}_default" WHERE "{column}" >= %s AND "{column}" < %s', [month, until])
        cursor.execute(f'ALTER TABLE "{table}" ATTACH PARTITION "{name}" FOR VALUES {bounds}')
        cursor.execute(f'ALTER TABLE "{table}" ATTACH PARTITION "{table}_default" DEFAULT')
        cursor.execute(f'REVOKE ALL ON "{name}" FROM {role}')
    return True


def _name(table: str, month: date) -> str:
    return f"{table}_{month:%Y_%m}"


def _partitions_of(schema: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relnamespace = %s::regnamespace", [f'"{schema}"'])
        return {name for (name,) in cursor.fetchall()}
