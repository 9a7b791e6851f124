"""Kill a process at one of its steps: the work is done in a child of the test's process, which ends itself by SIGKILL at the step.

Where thousands of deaths are wanted, only the transaction dies: the step raises what nothing catches, and all that was written is gone.
"""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django_tenants.utils import schema_context

from tests.support import waiting

_kept: list[Any] = []  # the child keeps its parent's connection unclosed: closing it would end the parent's session


def at_step(step: str, work: Callable[[], object], *, schema: str) -> bool:
    """Do the work in a process that dies "before" or "after" a function, named as "after package.module.function"; whether it came to die."""

    def until_the_step() -> None:
        _set_trap(step)
        work()

    status = _fork(until_the_step, schema)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def apart(work: Callable[[], object], *, schema: str) -> bool:
    """Do the work in a process of its own; whether it came to its end."""
    return _fork(work, schema) == 0


def _fork(work: Callable[[], object], schema: str) -> int:
    before = _sessions()
    child = os.fork()
    if child == 0:
        _in_child(work, schema)
    _pid, status = os.waitpid(child, 0)
    waiting.until(lambda: _sessions() <= before)  # what the dead one held falls when the server notices
    return status


def _sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
        return count


def _in_child(work: Callable[[], object], schema: str) -> None:
    ended = 1
    try:
        _kept.append(connection.connection)
        connection.connection = None
        connection.in_atomic_block = False
        connection.savepoint_ids, connection.run_on_commit = [], []
        with schema_context(schema):
            work()
        ended = 0
    finally:
        os._exit(ended)


class TransactionDiedError(BaseException):
    """The end of a transaction in the middle of a verb: no verb catches it."""


def abort_at_step(step: str, work: Callable[[], object]) -> bool:
    """Do the work in a transaction that dies at the step, named as for `at_step`; whether it came to die."""

    def die() -> None:
        raise TransactionDiedError

    restore = _set_trap(step, die)
    try:
        with transaction.atomic():
            work()
    except TransactionDiedError:
        return True
    finally:
        restore()
    return False


def _kill_me() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _set_trap(step: str, die: Callable[[], None] = _kill_me) -> Callable[[], None]:
    moment, _space, path = step.partition(" ")
    module_name, _dot, name = path.rpartition(".")
    module = importlib.import_module(module_name)
    real = getattr(module, name)

    def trap(*args: Any, **kwargs: Any) -> Any:
        answer = real(*args, **kwargs) if moment == "after" else None
        die()
        return answer

    setattr(module, name, trap)
    return lambda: setattr(module, name, real)
