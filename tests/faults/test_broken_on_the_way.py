"""Calls climb and invoices are issued while something breaks: what comes of it is what an undisturbed run comes to (reliability 26, 27, 41 to 43)."""

from __future__ import annotations

import random
import time
from datetime import date
from typing import Any

import pytest
from django_tenants.utils import schema_context

from invoicing.domain import invoices
from invoicing.models import Document
from tests import sizes
from tests.faults import outcome, story
from tests.faults.conftest import MANY, PAPERS
from tests.faults.ground import QUEUES, WITHOUT_PAPERS, Ground
from tests.faults.holding_up import held_up, until_somebody_waits
from tests.faults.kills import Blows
from tests.faults.outcome import Outcome
from tests.support.tree import LEVELS
from tests.support.waiting import until
from tests.support.world import jane

ARRIVING = "acme.invoicing_call"  # where calls climb to: what they cost is posted there by then
TAKING = "globex.invoicing_taken"  # the last that an issue writes: numbers are given and taxes posted by then
pytestmark = pytest.mark.timeout(sizes.size(300, 1_500))
KILLS = sizes.size(3, 60)  # in the middle of a job: three at chosen moments, the others at any
WORKERS = sizes.size(1, 4)  # and where some papers are put off, one more that makes the others
PROMISED = 60  # seconds that a broken Redis may delay work


@pytest.mark.rel(27)
@pytest.mark.rel(41)
@pytest.mark.rel(43)
def test_workers_are_killed_while_calls_climb_while_invoices_are_issued_and_while_a_mail_is_sent(
    portal: Ground, undisturbed: Outcome, customers: list[Any]
) -> None:
    kills = Blows()
    portal.up()
    with held_up(ARRIVING):
        story.take_calls(customers, 1)
        until_somebody_waits()
        until(lambda: kills.strike(portal.workers, portal.kill_children, at="calls.climb"))
    story.until_nothing_is_owed()

    with held_up(TAKING):
        story.start_runs()
        until_somebody_waits()
        until(lambda: kills.strike(portal.workers, portal.kill_workers, at="invoices.issue"))
    with portal.mail.doing("hang"):
        portal.up()
        until(lambda: portal.mail.asked, seconds=story.LONGEST, what="no mail was sent")
        until(lambda: kills.strike(portal.workers, portal.kill_children, at="mail.deliver"))
    assert kills.met == 3
    kill_at_any_moment(portal, kills)
    story.until_nothing_is_owed()

    assert kills.met == KILLS
    assert outcome.unlike(undisturbed) == []
    assert outcome.astray(portal.mail.taken()) == []
    assert len(portal.mail.taken()) <= len(outcome.written()) + kills.of("mail.deliver")


def kill_at_any_moment(portal: Ground, kills: Blows) -> None:
    """In turn all children, and the worker with them, until so many were in the middle of a job. One job at least is done between two, however slow this
    machine is; however fast it is, there is work for twice as many."""
    luck = random.Random(27)
    while kills.met < KILLS:
        story.until_work_goes_on(1)
        time.sleep(luck.random() / 10)
        until(story.held, pause=0.01, seconds=story.LONGEST, what=f"all was done after {kills.met} kills that met work")
        if len(kills.broken_off) % 2:
            kills.strike(portal.workers, portal.kill_workers)
            portal.up()
        else:
            kills.strike(portal.workers, portal.kill_children)


@pytest.mark.rel(26)
@pytest.mark.rel(43)
def test_two_beats_several_workers_impatient_people_and_messages_that_come_again(portal: Ground, many_undisturbed: Outcome, many_customers: list[Any]) -> None:
    portal.up(workers=WORKERS, beats=2, queues=QUEUES if PAPERS == MANY else WITHOUT_PAPERS)
    story.take_calls(many_customers, 1)
    story.take_calls(many_customers, 1)
    story.until_nothing_is_owed()
    with held_up(TAKING):
        story.start_runs()
        story.start_runs()
        story.start_runs("globex", click=2)
        until_somebody_waits()
    with schema_context("globex"):
        invoices.issue_all(story.NOVEMBER, actor=jane, at=story.NOON, customer_ids=[each.pk for each in many_customers[::2]])
    story.until_nothing_is_owed("invoices.issue")
    story.put_papers_off(but=PAPERS)
    with portal.mail.doing("hang"):
        portal.up(workers=WORKERS if PAPERS == MANY else WORKERS + 1, beats=2)
        until(lambda: portal.mail.asked, seconds=story.LONGEST, what="no mail was sent")
        until(lambda: portal.started().most_common(1)[0][1] > 1, what="no message came twice")
    story.until_nothing_is_owed()

    assert outcome.unlike(many_undisturbed, but=("runs", "jobs")) == []
    assert sorted(portal.mail.taken()) == sorted(outcome.written().items())
    for level, count in zip(LEVELS, (MANY, 1, 1), strict=True):
        with schema_context(level):
            of = list(Document.objects.values_list("customer_id", "period_start"))
            assert (len(of), len(set(of))) == (count, count)
            assert {start for _customer, start in of} == {date(2026, 10, 1)}


@pytest.mark.rel(42)
def test_redis_is_flushed_then_killed_then_full(portal: Ground, undisturbed: Outcome, customers: list[Any]) -> None:
    """What the web does meanwhile: `test_web_without_redis`."""
    portal.up()
    with held_up(ARRIVING):
        story.take_calls(customers, 1)
        until_somebody_waits()
        portal.redis().flushall()
    assert story.until_work_goes_on() < PROMISED
    story.until_nothing_is_owed()

    with held_up(TAKING):
        story.start_runs("globex")
        until_somebody_waits()
        portal.kill_redis()
    story.start_runs("acme")
    portal.redis_again()
    portal.redis().config_set("maxmemory", 1)
    story.start_runs("owner")
    portal.redis().config_set("maxmemory", 0)
    # Celery ends a worker that came back to Redis while it was full: whoever supervises it starts it again.
    assert story.until_work_goes_on(meanwhile=portal.up) < PROMISED
    story.until_nothing_is_owed()

    assert outcome.unlike(undisturbed) == []
    assert sorted(portal.mail.taken()) == sorted(outcome.written().items())
