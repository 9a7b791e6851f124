"""Stop the portal's processes at a chosen place, so that what breaks there breaks in the middle: somebody else has what they need next."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg2.extensions import connection as Line

from billing_portal.local import roles
from tests.support import databases
from tests.support.servers import SUPERUSER, with_database
from tests.support.waiting import until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@contextmanager
def held_up(at: str) -> Iterator[None]:
    """Nobody can write to this table ("acme.invoicing_taken") meanwhile."""
    line = _superuser()
    try:
        line.autocommit = False
        with line.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {at} IN EXCLUSIVE MODE")
        yield
    finally:
        line.close()


def until_somebody_waits() -> None:
    until(somebody_waits, pause=0.01, what="nobody came to the place where it would be held up")


def somebody_waits() -> bool:
    """Whether a session of this database waits for what another one holds."""
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute(WAITING)
        found = cursor.fetchone()
        return bool(found and found[0])


def _superuser() -> Line:
    return roles.connect(with_database(os.environ[SUPERUSER], connection.settings_dict["NAME"]))
