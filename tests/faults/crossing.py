"""Many who move money at the same moment over the same rows, and what the database says of their waiting."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence

from django.db import OperationalError, connection
from psycopg2.extensions import connection as Line

from billing_portal.local import roles
from billing_portal.tenancy import database
from billing_portal.tenancy.models import Reseller
from tests.support.servers import SUPERUSER, with_database

Act = Callable[[], object]
TRIES = 5
PROMISED = database.LOCK_SECONDS["app"]
LATE = 1  # second by which a busy machine notices a lock's end, or that its time is over, too late
LOCK_NOT_TO_BE_HAD = "55P03"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
LONGEST_WAIT = """
    SELECT coalesce(extract(epoch FROM max(clock_timestamp() - lock.waitstart)), 0)::float
      FROM pg_locks AS lock JOIN pg_stat_activity AS session ON session.pid = lock.pid
     WHERE NOT lock.granted AND session.datname = current_database()
"""


class Crowd:
    """Each list of acts is done by somebody with a connection of their own in Acme's schema; all begin together.

    Who is told that others hold what they want tries again, as people and workers do; that and everything else that goes wrong is kept.
    """

    def __init__(self, lists: Sequence[Sequence[Act]]) -> None:
        self.lists = lists
        self.busy: list[tuple[str, float]] = []  # what the database said, and after how many seconds
        self.problems: list[str] = []
        self.longest_wait = 0.0  # for a lock, as the server counts it: an act of one of fifty threads may take longer for want of a processor alone
        self._gate = threading.Barrier(len(lists))
        self._over = threading.Event()

    def work(self, *, seconds: float = 240) -> None:
        before = _ask(DEADLOCKS)
        watch = threading.Thread(target=self._watch)
        threads = [threading.Thread(target=self._do, args=(acts,)) for acts in self.lists]
        for thread in [watch, *threads]:
            thread.start()
        for thread in threads:
            thread.join(timeout=seconds)
            self.problems += ["somebody has not come to an end"] * thread.is_alive()
        self._over.set()
        watch.join()
        self.deadlocks = _ask(DEADLOCKS) - before

    def assert_nobody_waited_in_a_ring_or_too_long(self) -> None:
        """No deadlock; no lock was waited for longer than promised; one act in fifty at most was told that others held what it wanted, none too early."""
        count = sum(map(len, self.lists))
        assert (self.problems, self.deadlocks) == ([], 0)
        assert [told for told in self.busy if told[0] != LOCK_NOT_TO_BE_HAD or told[1] < PROMISED] == []
        assert len(self.busy) <= count // 50, f"{len(self.busy)} of {count} were told to come again"
        assert self.longest_wait < PROMISED + LATE

    def _do(self, acts: Sequence[Act]) -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        self._gate.wait(timeout=60)
        try:
            for act in acts:
                self._until_done(act)
        except Exception as problem:  # noqa: BLE001 - told to the test
            self.problems.append(f"{type(problem).__name__}: {problem}")
        finally:
            connection.close()

    def _until_done(self, act: Act) -> None:
        for attempt in range(1, TRIES + 1):
            begin = time.monotonic()
            try:
                act()
            except OperationalError as met:
                if attempt == TRIES or not database.is_busy(met):
                    raise
                self.busy.append((getattr(met.__cause__, "pgcode", ""), time.monotonic() - begin))
            else:
                return

    def _watch(self) -> None:
        line = _line()
        try:
            while not self._over.wait(0.05):
                with line.cursor() as cursor:
                    cursor.execute(LONGEST_WAIT)
                    [(seconds,)] = cursor.fetchall()
                self.longest_wait = max(self.longest_wait, seconds)
        finally:
            line.close()


def _ask(question: str) -> int:
    line = _line()
    try:
        with line.cursor() as cursor:
            cursor.execute(question)
            [(answer,)] = cursor.fetchall()
            return int(answer)
    finally:
        line.close()


def _line() -> Line:
    return roles.connect(with_database(os.environ[SUPERUSER], connection.settings_dict["NAME"]))
