"""A job's message comes again while its first delivery is in the middle of the work: that one is held up between two statements of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from billing_portal.jobs import registry
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import Reseller
from tests.faults.holding_up import somebody_waits
from tests.support.waiting import until

PATIENCE = 60  # seconds; the machine may be busy
TRIES = 3  # of a delivery that others held up too long, as workers try it


@dataclass
class Pause:
    """Counts the statements of a job's first delivery and holds it up before one of them, or at the end of the work when there are fewer."""

    before: int
    statements: int = 0
    is_there: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, execute: Any, *asked: Any) -> Any:
        self.statements += 1
        if self.statements == self.before:
            self.hold()
        return execute(*asked)

    def hold(self) -> None:
        if not self.is_there.is_set():
            self.is_there.set()
            assert self.may_go.wait(PATIENCE), "nobody let the first delivery go on"


@contextmanager
def counting(kind: str, pause: Pause) -> Iterator[None]:
    """The work of this kind, where this thread's first delivery does it, is counted and held up; all others do it as they always do."""
    given, first = registry.find(kind), threading.Lock()

    def work(payload: dict[str, Any]) -> None:
        if not first.acquire(blocking=False):
            given.work(payload)
            return
        with connection.execute_wrapper(pause):
            given.work(payload)
        pause.hold()

    registry._handlers[kind] = replace(given, work=work)
    try:
        yield
    finally:
        registry._handlers[kind] = given


class Delivery:
    """A worker that read the job's message, on a connection of its own."""

    def __init__(self, job: Job, schema: str) -> None:
        self.did: bool | None = None
        self._job, self._schema = job, schema
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection.set_tenant(Reseller.objects.get(schema_name=self._schema))
        try:
            self.did = running.run(self._job.pk)
        finally:
            connection.close()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def join(self) -> None:
        self._thread.join(PATIENCE)
        assert self.ended, "it did not come to its end"


def statements_of(job: Job) -> int:
    """Of how many statements the work consists; it is done here and now."""
    pause = Pause(before=0)
    pause.may_go.set()
    with counting(job.kind, pause):
        assert running.run(job.pk)
    return pause.statements


def deliver_three_times(job: Job, schema: str, *, before: int) -> None:
    """Once, and while that is held up before this statement of it twice more: with its lease in force, which does nothing, and with a lapsed one, which
    takes the job over. Then whoever was held up goes on."""
    pause = Pause(before)
    with counting(job.kind, pause):
        first = Delivery(job, schema)
        until(lambda: pause.is_there.is_set() or first.ended, what="the first delivery did not begin")
        assert not first.ended
        try:
            assert running.run(job.pk) is False
            assert not running.due().filter(pk=job.pk).exists()
            assert Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, fence=1).update(leased_until=timezone.now() - timedelta(seconds=1))
            later = Delivery(job, schema)
            until(lambda: later.ended or somebody_waits(), what="the later delivery neither ended nor waited for the first")
        finally:
            pause.may_go.set()
        first.join()
        later.join()
    assert (first.did, later.did) == (True, True)
    _until_done(job)


def _until_done(job: Job) -> None:
    """What others held up too long is tried again, as by the next worker."""
    for _try in range(TRIES):
        Job.objects.filter(pk=job.pk, state=Job.State.PENDING).update(due_at=timezone.now())
        running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.DONE, "")
