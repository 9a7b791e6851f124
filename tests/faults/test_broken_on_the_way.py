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
from tests.faults import story
from tests.faults.ground import Ground
from tests.faults.holding_up import held_up, until_somebody_waits
from tests.faults.story import Outcome
from tests.support.people import client, user
from tests.support.tree import LEVELS
from tests.support.waiting import until
from tests.support.world import jane

ARRIVING = "acme.invoicing_call"  # where calls climb to: what they cost is posted there by then
TAKING = "globex.invoicing_taken"  # the last that an issue writes: numbers are given and taxes posted by then
pytestmark = pytest.mark.timeout(sizes.size(300, 1_500))
KILLS = sizes.size(0, 57)  # at any moment, beside the three at chosen ones
PROMISED = 60  # seconds that a broken Redis may delay work


def assert_undisturbed(portal: Ground, undisturbed: Outcome, *, but: tuple[str, ...] = ()) -> None:
    """Books, documents, numbers, transfers, jobs; and each mail arrived, under the one Message-ID it was written with."""
    assert story.unlike(undisturbed, but=but) == []
    assert sorted(set(portal.mail.taken())) == sorted(story.written().items())


@pytest.mark.rel(27)
@pytest.mark.rel(41)
@pytest.mark.rel(43)
def test_workers_are_killed_while_calls_climb_while_invoices_are_issued_and_while_a_mail_is_sent(
    portal: Ground, undisturbed: Outcome, customers: list[Any]
) -> None:
    portal.up()
    with held_up(ARRIVING):
        story.take_calls(customers, 1)
        until_somebody_waits()
        portal.kill_children()
    story.until_nothing_is_owed()

    with held_up(TAKING):
        story.start_runs()
        until_somebody_waits()
        portal.kill_workers()
    with portal.mail.doing("hang"):
        portal.up()
        until(lambda: portal.mail.asked, seconds=story.LONGEST, what="no mail was sent")
        portal.kill_children()
    kill_at_any_moment(portal)
    story.until_nothing_is_owed()
    while story.try_again_what_was_given_up():
        story.until_nothing_is_owed()

    assert_undisturbed(portal, undisturbed)


def kill_at_any_moment(portal: Ground) -> None:
    """In turn all children, and the worker with them."""
    luck = random.Random(27)
    for kill in range(KILLS):
        time.sleep(luck.random())
        if kill % 2:
            portal.kill_workers()
            portal.up()
        else:
            portal.kill_children()


@pytest.mark.rel(26)
@pytest.mark.rel(43)
def test_two_beats_several_workers_impatient_people_and_messages_that_come_again(portal: Ground, undisturbed: Outcome, customers: list[Any]) -> None:
    portal.up(workers=sizes.size(1, 4), beats=2)
    story.take_calls(customers, 1)
    story.take_calls(customers, 1)
    story.until_nothing_is_owed()
    with held_up(TAKING):
        story.start_runs()
        story.start_runs()
        story.start_runs(click=2)
        until_somebody_waits()
    with schema_context("globex"):
        invoices.issue_all(story.NOVEMBER, actor=jane, at=story.NOON)
    with portal.mail.doing("hang"):
        until(lambda: portal.mail.asked, seconds=story.LONGEST, what="no mail was sent")
        until(lambda: portal.started().most_common(1)[0][1] > 1, what="no message came twice")
    story.until_nothing_is_owed()

    assert_undisturbed(portal, undisturbed, but=("runs", "jobs"))
    for level in LEVELS:
        with schema_context(level):
            of = list(Document.objects.values_list("customer_id", "period_start"))
            assert len(of) == len(set(of))
            assert {start for _customer, start in of} == {date(2026, 10, 1)}


@pytest.mark.rel(42)
def test_redis_is_flushed_then_killed_then_full(portal: Ground, undisturbed: Outcome, customers: list[Any]) -> None:
    with schema_context("acme"):
        window = client(user("jane"))
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
    assert window.get("/customers/").status_code == 200
    portal.redis_again()
    portal.redis().config_set("maxmemory", 1)
    story.start_runs("owner")
    assert window.get("/customers/").status_code == 200
    portal.redis().config_set("maxmemory", 0)
    assert story.until_work_goes_on() < PROMISED
    story.until_nothing_is_owed()

    assert_undisturbed(portal, undisturbed)
