"""A real worker lets calls climb as soon as they are posted; killed in the middle, another one brings them to the same end."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.jobs import tasks
from billing_portal.jobs.models import Job
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from invoicing.models import Call
from tests import sizes
from tests.support import tree
from tests.support.tree import Tree
from tests.support.waiting import until
from tests.support.workers import worker

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def three(transactional_db: None, acme: Any) -> Tree:
    return tree.plant()


def count(level: str) -> int:
    with schema_context(level):
        return Call.objects.count()


def batched(records: list[CallRecord]) -> list[list[CallRecord]]:
    """In as large batches as are taken at once."""
    return [records[first : first + calls.AT_ONCE] for first in range(0, len(records), calls.AT_ONCE)]


@pytest.mark.timeout(sizes.size(300, 1_500))
def test_killed_in_the_middle_another_worker_ends_it(three: Tree, tmp_path: Path) -> None:
    first_batch, *others = batched([tree.call(three.anna, f"c{n}") for n in range(sizes.CALLS)])
    with worker(tmp_path, queues="calls") as first:
        tree.take(first_batch, NOON)
        until(lambda: Job.objects.filter(kind="calls.climb", state="running").exists(), pause=0.001)
        os.killpg(os.getpgid(first.process.pid), signal.SIGKILL)
        until(lambda: first.ended)
    assert count("owner") == 0

    with worker(tmp_path, queues="calls"):
        tasks.sweep()
        for batch in others:
            tree.take(batch, NOON)
        until(lambda: count("owner") == sizes.CALLS, pause=0.2, seconds=sizes.size(60, 900))

    assert (count("globex"), count("acme")) == (sizes.CALLS, sizes.CALLS)
    assert tree.balances()["owner"] == [("Acme", tree.short(-sizes.CALLS * tree.OWNER_PRICE), "EUR")]
    tree.work()
    assert tree.differences() == []
