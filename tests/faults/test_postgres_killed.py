"""Postgres is killed and connections are cut while calls come in and climb: all or nothing, and web and worker recover by themselves (reliability 44)."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context
from redis import Redis

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Switch
from billing_portal.jobs import tasks
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.local import roles
from billing_portal.tenancy.models import Reseller
from customers.models import Standing
from invoicing.models import Call, CallKey
from tests import sizes
from tests.faults import story
from tests.faults.breakable_postgres import Breakable, breakable_postgres, standing_on
from tests.support import tree
from tests.support.people import START
from tests.support.portal import Portal, serve
from tests.support.telling import told_through
from tests.support.waiting import until
from tests.support.world import jane

pytestmark = pytest.mark.timeout(sizes.size(300, 900))
SENDERS = 4
REQUESTS = sizes.size(10, 300)  # of each sender
EACH = 4  # calls in one request
CALLS = SENDERS * REQUESTS * EACH
KILLS = sizes.size(1, 25)
SWEEP = sizes.size(5, 30)  # seconds; 30 is the portal's own
REDIS_NUMBER = 13
PRICE = Decimal("0.61")


@pytest.fixture
def breakable(django_db_setup: None, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Breakable]:
    folder = Path(os.environ["PORTAL_DATA"]).parent / f"breakable-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with django_db_blocker.unblock(), breakable_postgres(folder) as made, standing_on(made.url(roles.APP)):
        monkeypatch.setenv("DATABASE_URL", made.url(roles.APP))
        monkeypatch.setenv("DATABASE_OWNER_URL", made.url(roles.OWNER))
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        yield made
        connection.set_schema_to_public()


class Sender(threading.Thread):
    """A switch that sends each call until it is answered, as switches do."""

    def __init__(self, portal: Portal, number: int, account: str, key: str) -> None:
        super().__init__()
        self.portal, self.number, self.account, self.key = portal, number, account, key
        self.answers: Counter[int] = Counter()
        self.statuses: Counter[str] = Counter()
        self.unanswered: list[str] = []  # the web itself is never killed: each question has an answer

    def run(self) -> None:
        at = "2026-10-03T09:00:00Z"
        fields = {"account": self.account, "to": tree.LONDON, "setup_at": at, "answered_at": at, "seconds": 61}
        for n in range(REQUESTS):
            self._send([{"call_id": f"{self.number}-{n}-{call}", **fields} for call in range(EACH)])

    def _send(self, calls: list[dict[str, Any]]) -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                code, said = self.portal.send("/api/v1/calls", {"records": calls}, key=self.key, reseller="globex")
            except (OSError, HTTPException, ValueError) as problem:
                self.unanswered.append(repr(problem))
                continue
            self.answers[code] += 1
            if code == 200:
                self.statuses.update(record["status"] for record in said["records"])
                return
            time.sleep(0.1)


def break_it(breakable: Breakable, senders: list[Sender]) -> int:
    """Kill the server so many times, and cut all connections in between, while somebody sends; how often it was done."""
    for kill in range(KILLS):
        for _cut in range(2):
            time.sleep(0.4)
            breakable.cut_all_connections()
        time.sleep(0.4)
        breakable.kill()
        time.sleep(0.3)
        breakable.again()
        if not any(sender.is_alive() for sender in senders):
            return kill + 1
    return KILLS


@pytest.mark.rel(44)
def test_killed_under_load(breakable: Breakable, tmp_path: Path) -> None:
    broker = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{REDIS_NUMBER}"
    Redis.from_url(broker).flushdb()
    anna = tree.plant().anna
    switch = Switch.objects.create(name="Frankfurt")
    key = keys.make(switch, [keys.CALLS_WRITE], actor=jane, at=START)[1]
    with serve(tmp_path, REDIS_NUMBER) as portal, told_through(broker):
        before = (portal.web.process.pid, portal.worker.process.pid)
        senders = [Sender(portal, number, anna.account_number, key) for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        killed = break_it(breakable, senders)
        for sender in senders:
            sender.join(timeout=240)
        connection.close()
        finish()
        assert (portal.web.ended, portal.worker.ended) == (False, False)
        assert (portal.web.process.pid, portal.worker.process.pid) == before

    assert killed >= 1
    assert [problem for sender in senders for problem in sender.unanswered] == []
    answers = sum((sender.answers for sender in senders), Counter())
    assert set(answers) <= {200, 503}
    assert answers[200] == SENDERS * REQUESTS
    assert answers[503] > 0
    for level, price in zip(tree.LEVELS, (PRICE, None, tree.OWNER_PRICE), strict=True):
        with schema_context(level):
            assert (Call.objects.count(), CallKey.objects.count()) == (CALLS, CALLS)
            if price is not None:
                assert Standing.objects.get().balance == -price * CALLS
    assert story.broken() == []


def finish() -> None:
    """Until all has climbed; now and then with the sweep that beat would do, as if the minutes were over that a job waits which was cut off often."""
    end = time.monotonic() + sizes.size(120, 600)
    while story.owed() and time.monotonic() < end:
        for level in tree.LEVELS:
            with schema_context(level):
                Job.objects.filter(state=Job.State.PENDING, error=running.STOPPED).update(due_at=timezone.now())
        tasks.sweep()
        until(lambda: not story.owed(), pause=0.2, seconds=SWEEP, fails=False)
    assert [(level, job.kind, job.state, job.attempts, job.fence, job.due_at, job.error) for level, job in story.owed()] == []
