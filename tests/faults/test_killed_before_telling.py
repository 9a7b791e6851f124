"""A process dies right after its COMMIT, before it told the broker: every job it owed is found by the sweep and done once (reliability 41)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import passwords
from billing_portal.jobs import tasks
from billing_portal.jobs.models import Job
from billing_portal.mail.models import MailLog
from customers.models import Customer
from invoicing.domain import runs
from invoicing.models import Call, Document
from tests import sizes
from tests.support import killing, messages, months, tree, world
from tests.support.people import user
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KILLS = sizes.size(3, 60)
COMMITTED = "before billing_portal.jobs.broker._waiting_before"  # the first that is done once the COMMIT went through
KINDS = ("calls.climb", "accounts.forgotten", "invoices.issue")


@pytest.fixture
def acts(acme: Any, transactional_db: None) -> list[Callable[[], object]]:
    """As many acts as kills, each of which owes one job: a switch sends a call, somebody forgot a password, somebody starts a run."""
    three = tree.plant()
    return [_act(number, three.anna) for number in range(KILLS)]


def _act(number: int, anna: Customer) -> Callable[[], object]:
    kind = KINDS[number % len(KINDS)]
    if kind == "calls.climb":
        return lambda: tree.take([tree.call(anna, f"c{number}")], NOON)
    if kind == "accounts.forgotten":
        name = user(f"jane{number}").username
        return lambda: passwords.forgotten(name, at=NOON)
    billed = world.customer(f"Customer {number}", currency="USD", time_zone="America/New_York").pk
    months.calls(Customer.objects.get(pk=billed), "2026-10-05 09:00", price="2.50")
    return lambda: runs.start(date(2026, 11, 1), key=f"run-{number}", actor=jane, at=NOON, customer_ids=[billed])


@pytest.mark.rel(41)
@months.renders
def test_whoever_dies_between_the_commit_and_the_telling_leaves_work_that_is_done_once(acts: list[Callable[[], object]]) -> None:
    messages.read_all()  # what tests before owed

    assert [killing.at_step(COMMITTED, act, schema="globex") for act in acts] == [True] * KILLS

    owed = list(Job.objects.filter(kind__in=KINDS, state=Job.State.PENDING, attempts=0))
    assert (len(owed), Job.objects.count()) == (KILLS, KILLS)
    assert messages.read_all() == [], "nobody was told"
    assert not Document.objects.exists()

    tasks.sweep()
    tasks.sweep()
    told = messages.read_all()
    assert Counter(message.arguments[0] for message in told) == {str(job.pk): 2 for job in owed}
    for message in told:
        message.work()

    assert set(Job.objects.filter(pk__in=[job.pk for job in owed]).values_list("state", "attempts", "fence")) == {("done", 1, 1)}
    each = [sum(kind == KINDS[number % len(KINDS)] for number in range(KILLS)) for kind in KINDS]
    with schema_context("globex"):
        there = [MailLog.objects.filter(kind="password_reset").count(), Document.objects.count()]
    with schema_context("acme"):
        assert [Call.objects.count(), *there] == each
    assert tree.differences() == []
