"""The climb is killed between each two of its steps, at every level: repeated, it comes to what an undisturbed one comes to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from customers.models import PlanAssignment, Transfer
from invoicing.domain import waiting
from invoicing.models import Call, CallBatch
from tests.support import killing, tree, world
from tests.support.tree import Tree
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENTERING = (
    "after invoicing.domain.keys.claim",
    "after customers.domain.ledger.post_many",
    "after invoicing.domain.call_rows.copy",
    "after customers.domain.spending.note",
)
OWING = "after billing_portal.jobs.outbox.add"
CLIMBING = (
    "before invoicing.domain.climb.climb",
    "before invoicing.domain.climb._enter",
    *ENTERING,
    "after invoicing.domain.climb._enter",
    "after invoicing.domain.climb.climb",
    "before billing_portal.jobs.domain.running._finish",
    "after billing_portal.jobs.domain.running._finish",
)
UNDISTURBED = {
    "globex": [("Anna Ltd", "-3.05", "USD")],
    "acme": [("Globex", "-1.2201", "GBP")],
    "owner": [("Acme", "-0.915", "EUR")],
}


@pytest.fixture
def three(transactional_db: None, acme: Any) -> Tree:
    return tree.plant(at_acme={"44": ("United Kingdom", "0.40")})


def send(three: Tree) -> None:
    """Three calls to London and one to Paris, for which Acme has no price."""
    tree.take([*(tree.call(three.anna, f"c{n}") for n in range(3)), tree.call(three.anna, "c3", to=tree.PARIS)], NOON)


def run_one() -> None:
    """Do the one climb or write-back that is owed in this schema."""
    running.run(Job.objects.filter(kind__startswith="calls.", state="pending").get().pk)


def counts(level: str) -> tuple[int, int, int]:
    with schema_context(level):
        return CallBatch.objects.count(), Call.objects.count(), Transfer.objects.count()


def assert_undisturbed() -> None:
    tree.work()
    assert tree.balances() == UNDISTURBED
    assert (counts("globex"), counts("acme"), counts("owner")) == ((1, 4, 1), (1, 3, 1), (1, 3, 1))
    assert tree.differences() == []


def test_undisturbed(three: Tree) -> None:
    send(three)
    assert_undisturbed()


@pytest.mark.parametrize("step", [*ENTERING, OWING])
def test_killed_while_calls_come_in(three: Tree, step: str) -> None:
    assert killing.at_step(step, lambda: send(three), schema="globex")

    send(three)
    assert_undisturbed()


@pytest.mark.parametrize("step", [*CLIMBING, OWING])
def test_killed_while_climbing_to_the_level_above(three: Tree, step: str) -> None:
    send(three)
    assert killing.at_step(step, run_one, schema="globex")

    assert_undisturbed()


@pytest.mark.parametrize("step", CLIMBING)
def test_killed_while_climbing_to_the_root(three: Tree, step: str) -> None:
    send(three)
    run_one()
    assert killing.at_step(step, run_one, schema="acme")

    assert_undisturbed()


def test_killed_at_every_step_one_after_the_other(three: Tree) -> None:
    send(three)
    for step in CLIMBING[:-3]:
        assert killing.at_step(step, run_one, schema="globex")
        Job.objects.filter(kind="calls.climb").update(state="pending", attempts=0)

    assert_undisturbed()


@pytest.mark.parametrize(
    "step",
    [
        "before invoicing.domain.climb.write_back",
        "after invoicing.domain.climb.write_back",
        "after billing_portal.jobs.domain.running._finish",
    ],
)
def test_killed_while_a_price_is_written_back(three: Tree, step: str) -> None:
    send(three)
    tree.work()
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("With France", rates={"33": ("France", "0.90")}))
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)
        run_climb_only()
    assert killing.at_step(step, run_one, schema="acme")

    tree.work()
    assert sorted(tree.prices()["globex"])[-1] == ("1.22", "USD", "0.915", "GBP")
    assert tree.differences() == []


def run_climb_only() -> None:
    running.run(Job.objects.get(kind="calls.climb", state="pending").pk)
