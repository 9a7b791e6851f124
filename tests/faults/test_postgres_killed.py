"""Postgres is killed and connections are cut while calls come in and climb and invoices are issued, drawn and mailed: what comes of it is what comes of it
undisturbed, and web and worker recover by themselves (reliability 44)."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import cycle
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from redis import Redis

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Switch
from billing_portal.jobs import tasks
from billing_portal.local import roles
from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from invoicing.domain.records import CallRecord
from tests import sizes
from tests.faults import outcome, story
from tests.faults.breakable_postgres import Breakable, breakable_postgres, standing_on
from tests.faults.kills import Blows
from tests.support import tree
from tests.support.people import START
from tests.support.portal import Mailbox, Portal, serve
from tests.support.telling import told_through
from tests.support.waiting import until
from tests.support.world import jane

pytestmark = pytest.mark.timeout(sizes.size(300, 1_200))
SENDERS = 4
EACH = 4  # calls in one request
PAUSE = 1.0  # seconds from one request of a sender to its next
KILLS = sizes.size(1, 25)  # in the middle of a job, and under load
CUSTOMERS = sizes.size(20, 200)  # of whom one after another is invoiced, as many as it takes to strike in the middle of it
LONGEST = sizes.size(240, 600)  # seconds until something happens that must
SWEEP = sizes.size(5, 30)  # seconds; 30 is the portal's own
REDIS_NUMBER = 13
INVOICING, CALLING, MAILING = "invoices.", "calls.", "mail."


class WaitingMailbox(Mailbox):
    """Takes a mail at once, and may be told to wait a few seconds before it says so."""

    waits = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        end = time.monotonic() + 5
        while self.waits and time.monotonic() < end:
            await asyncio.sleep(0.02)
        return answer


@contextmanager
def breakable() -> Iterator[Breakable]:
    folder = Path(os.environ["PORTAL_DATA"]).parent / f"breakable-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with breakable_postgres(folder) as made, standing_on(made.url(roles.APP)), pytest.MonkeyPatch.context() as environment:
        environment.setenv("DATABASE_URL", made.url(roles.APP))
        environment.setenv("DATABASE_OWNER_URL", made.url(roles.OWNER))
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        yield made
        connection.set_schema_to_public()


def november(of: Customer, sender: int, request: int) -> list[CallRecord]:
    """The calls of one request: none of those that are invoiced."""
    at = tree.NINE.replace(month=11)
    return [tree.call(of, f"{sender}-{request}-{call}", at=at, seconds=61 + call) for call in range(EACH)]


class Sender(threading.Thread):
    """A switch that sends each call until it is answered, as switches do, and goes on until it is enough."""

    def __init__(self, portal: Portal, number: int, customer: Customer, key: str) -> None:
        super().__init__()
        self.portal, self.number, self.customer, self.key = portal, number, customer, key
        self.enough = threading.Event()
        self.answers: Counter[int] = Counter()
        self.unanswered: list[str] = []  # the web itself is never killed: each question has an answer
        self.taken = 0  # requests

    def run(self) -> None:
        while not self.enough.is_set():
            self._send(november(self.customer, self.number, self.taken))
            self.taken += 1
            self.enough.wait(PAUSE)

    def _send(self, calls: list[CallRecord]) -> None:
        given = ("call_id", "account", "to", "setup_at", "answered_at", "seconds")
        records = json.loads(json.dumps([{name: getattr(call, name) for name in given} for call in calls], cls=DjangoJSONEncoder))
        code, end = 0, time.monotonic() + LONGEST
        while code != 200:
            assert time.monotonic() < end, f"{calls[0].call_id} was never taken: {code}"
            try:
                code, _said = self.portal.send("/api/v1/calls", {"records": records}, key=self.key, reseller="globex")
            except (OSError, HTTPException, ValueError) as problem:
                self.unanswered.append(repr(problem))
                continue
            self.answers[code] += 1
            time.sleep(0 if code == 200 else 0.1)


@dataclass
class Storm:
    """What falls upon the portal, and what it was in the middle of."""

    postgres: Breakable
    portal: Portal
    mailbox: WaitingMailbox
    senders: list[Sender]
    customers: list[Customer]
    asked: int = 0  # of these customers, whose invoices somebody asked for
    cuts: Blows = field(default_factory=Blows)
    kills: Blows = field(default_factory=Blows)

    def rage(self) -> None:
        """Cut all connections twice and kill the server, each time in the middle of other work, until it is enough; and never without load."""
        works = cycle((INVOICING, CALLING, MAILING, INVOICING))
        start_runs_above()
        while self.kills.met < KILLS:
            for strike in (self._cut, self._cut, self._kill):
                self._await(next(works), strike)
            assert all(sender.is_alive() for sender in self.senders)

    def _await(self, work: str, strike: Callable[[str], bool]) -> None:
        """Strike when somebody is at this work. Where it is invoices, one more is asked for as soon as all are made and sent."""

        def struck() -> bool:
            if story.held(work):
                return strike(work)
            if work != CALLING and not story.owed(kind=INVOICING) and not story.owed(kind=MAILING):
                start_run_of(self.customers, self.asked)
                self.asked += 1
            return False

        self.mailbox.waits = work == MAILING
        until_with_sweeps(struck, lambda: story.tell_again(INVOICING, MAILING), every=1)
        self.mailbox.waits = False

    def _refused(self) -> int:
        return sum(sender.answers[503] for sender in self.senders)

    def _cut(self, kind: str) -> bool:
        return self.cuts.strike([self.portal.worker], self.postgres.cut_all_connections, then=connection.close, at=kind)

    def _kill(self, kind: str) -> bool:
        refused = self._refused()
        return self.kills.strike([self.portal.worker], self.postgres.kill, then=lambda: self._again(refused), at=kind)

    def _again(self, refused: int) -> None:
        """Not before a switch has met its absence, however fast it would come back."""
        until(lambda: self._refused() > refused, what="no switch was refused")
        self.postgres.again()
        connection.close()


def start_runs_above() -> None:
    story.start_runs("acme", "owner")


def start_run_of(customers: list[Customer], number: int) -> None:
    """Somebody asks for the invoice of one customer."""
    story.start_runs("globex", of=[customers[number]], click=number)


def until_with_sweeps(happens: Callable[[], object], sweep: Callable[[], object] = tasks.sweep, *, every: int = SWEEP) -> None:
    """Now and then with the sweep that beat would do, as if the minutes were over that a job waits which was cut off often."""
    begin = time.monotonic()
    swept = 0.0
    while not happens():
        now = time.monotonic()
        assert now < begin + LONGEST, [(level, job.kind, job.state, job.attempts, job.fence, job.error) for level, job in story.owed()]
        if now > swept + every:
            story.hurry()
            sweep()
            swept = now
        time.sleep(0.01)


def rage_over(postgres: Breakable, portal: Portal, mailbox: WaitingMailbox, customers: list[Customer], key: str) -> Storm:
    senders = [Sender(portal, number, customers[number], key) for number in range(SENDERS)]
    storm = Storm(postgres, portal, mailbox, senders, customers)
    for sender in senders:
        sender.start()
    try:
        storm.rage()
    finally:
        for sender in senders:
            sender.enough.set()
        for sender in senders:
            sender.join(timeout=LONGEST)
    until_with_sweeps(lambda: not story.owed())
    return storm


def told(asked: int, requests: list[int]) -> Callable[[], None]:
    """The same story undisturbed, with so many invoices asked for and so many requests of each sender."""

    def tell() -> None:
        customers = story.plant(CUSTOMERS)
        story.take_calls(customers, 1)
        story.do_all()
        start_runs_above()
        for number in range(asked):
            start_run_of(customers, number)
        for sender, count in enumerate(requests):
            for request in range(count):
                tree.take(november(customers[sender], sender, request), story.NOON)
        story.do_all()

    return tell


@pytest.mark.rel(44)
@pytest.mark.django_db(transaction=True)
def test_killed_under_load(tmp_path: Path) -> None:
    mailbox = WaitingMailbox()
    broker = f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{REDIS_NUMBER}"
    Redis.from_url(broker).flushdb()
    with breakable() as postgres:
        customers = story.plant(CUSTOMERS)
        key = keys.make(Switch.objects.create(name="Frankfurt"), [keys.CALLS_WRITE], actor=jane, at=START)[1]
        story.take_calls(customers, 1)
        story.do_all()
        with serve(tmp_path, REDIS_NUMBER, mailbox) as portal, told_through(broker):
            before = (portal.web.process.pid, portal.worker.process.pid)
            storm = rage_over(postgres, portal, mailbox, customers, key)
            assert (portal.web.ended, portal.worker.ended) == (False, False)
            assert (portal.web.process.pid, portal.worker.process.pid) == before
        mails = [(str(mail["Message-ID"]), str(mail["To"])) for mail in mailbox.mails]
        found, wrong, astray, written = outcome.outcome(), outcome.broken(), outcome.astray(mails), len(outcome.written())

    assert (storm.kills.met, storm.cuts.met >= KILLS) == (KILLS, True)
    assert [problem for sender in storm.senders for problem in sender.unanswered] == []
    answers = sum((sender.answers for sender in storm.senders), Counter[int]())
    requests = [sender.taken for sender in storm.senders]
    assert set(answers) == {200, 503}
    assert (answers[200], answers[503] >= KILLS) == (sum(requests), True)
    assert outcome.differences(found, story.undisturbed(told(storm.asked, requests))) == []
    assert wrong + astray == []
    assert len(mails) <= written + storm.cuts.of("mail.deliver") + storm.kills.of("mail.deliver")
