"""What the portal asks of each database session, and what the database's troubles mean (reliability 44, 45)."""

from typing import Any, Protocol

import psycopg2
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

LOCK_SECONDS = {"app": 2, "owner": 5}  # how long a role waits for what somebody else has locked
CLIENT_CHECK_SECONDS = 2  # how soon the server notices in the middle of a statement that its client is gone
TOO_SLOW = "57014"
BUSY = frozenset({"55P03", "40P01", "40001"})  # a lock was not to be had in time, a deadlock, a conflict
BOUND = """
    SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),
           set_config('idle_in_transaction_session_timeout', %s, false), set_config('client_connection_check_interval', %s, false)
"""


class Readable(Protocol):
    """Text that is handed over piece by piece."""

    def read(self, size: int = -1, /) -> str: ...


def bound_waits(connection: Any, **_more: Any) -> None:
    """Give a new session its bounds: nobody waits for a lock longer than two seconds, and no statement or idle transaction goes on for ever."""
    longest = f"{settings.DATABASE_STATEMENT_SECONDS}s"
    with connection.cursor() as cursor:
        cursor.execute(BOUND, [f"{lock_seconds()}s", longest, longest, f"{CLIENT_CHECK_SECONDS}s"])


def wait_for_turn(cursor: Any, lock: int) -> None:
    """Hold this advisory lock until the transaction ends; for its turn it waits as long as it takes."""
    cursor.execute("SET LOCAL lock_timeout = 0")
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{lock_seconds()}s"])


def take_turns(cursor: Any, what: str) -> None:
    """Until the transaction ends nobody else of this reseller does what is called so; waits no longer than for any lock."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || %s, 0))", [what])


def copy_in(statement: str, text: Readable) -> None:
    """COPY … FROM STDIN in the connection's transaction; raises Django's errors, also where psycopg2 hides what the server said in a SystemError."""
    with connection.cursor() as cursor, connection.wrap_database_errors:
        try:
            cursor.copy_expert(statement, text)
        except SystemError as problem:
            if isinstance(problem.__cause__, psycopg2.Error):
                raise problem.__cause__ from problem
            raise


def lock_seconds() -> int:
    """How long this process waits for a lock, in seconds."""
    return LOCK_SECONDS[settings.PORTAL_DB_ROLE]


def passes(problem: BaseException | None) -> bool:
    """Whether this is trouble of the database that passes by itself: it is away, was cut off, or others held a row too long."""
    return isinstance(problem, OperationalError | InterfaceError) and _code(problem) != TOO_SLOW


def is_busy(problem: BaseException | None) -> bool:
    """Whether somebody else held what was wanted, so that certainly nothing was changed."""
    return isinstance(problem, OperationalError) and _code(problem) in BUSY


def _code(problem: BaseException) -> str | None:
    return getattr(problem.__cause__, "pgcode", None)
