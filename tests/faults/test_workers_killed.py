"""Workers are killed in the middle of their work; the others, or the next, come to what an undisturbed run comes to (reliability 27, 41, 43)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults import story
from tests.faults.ground import Ground
from tests.faults.holding_up import held_up, until_somebody_waits
from tests.faults.story import Outcome

TAKING = "globex.invoicing_taken"  # the last that an invoice run writes, with numbers given and tax posted
ARRIVING = "acme.invoicing_call"  # where calls climb to, after they were posted


@pytest.mark.rel(27)
def test_a_child_killed_while_calls_climb(portal: Ground, undisturbed: Outcome, customers: list[Any]) -> None:
    portal.up()
    with held_up(ARRIVING):
        story.take_calls(customers, 1)
        until_somebody_waits()
        portal.kill_children()
    story.until_nothing_is_owed()
    story.start_runs()
    story.until_nothing_is_owed()

    assert story.unlike(undisturbed) == []


@pytest.mark.rel(27)
def test_all_workers_killed_in_the_middle_of_an_invoice_run(portal: Ground, undisturbed: Outcome, customers: list[Any]) -> None:
    portal.up()
    story.take_calls(customers, 1)
    story.until_nothing_is_owed()
    with held_up(TAKING):
        story.start_runs()
        until_somebody_waits()
        portal.kill_workers()
    portal.up()
    story.until_nothing_is_owed()

    assert story.unlike(undisturbed) == []
