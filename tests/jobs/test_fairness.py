"""Workers read the messages of a reseller that has little waiting before those of one that has much."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.celery import app
from billing_portal.jobs import broker, outbox, tasks
from billing_portal.jobs.models import Job

pytestmark = [pytest.mark.rel(59), pytest.mark.django_db(transaction=True)]
QUEUE, OTHER = "mail", "documents"


@pytest.fixture
def messages() -> Iterator[Any]:
    """The queue as a worker reads it, empty before and after, and so is another one."""
    with app.connection_for_read() as line:
        channel = line.default_channel
        purge(channel)
        yield channel
        purge(channel)


def purge(messages: Any) -> None:
    for queue in (QUEUE, OTHER):
        messages.queue_purge(queue)


def owe(schema: str, count: int, name: str = "k", kind: str = "mail.deliver") -> None:
    with schema_context(schema):
        for number in range(count):
            outbox.add(kind, {"mail": "x"}, key=f"{name}{number}")


def read(messages: Any, queue: str = QUEUE) -> list[str]:
    """Whose jobs the messages are about, in the order in which workers get them."""
    found = []
    while (message := messages.basic_get(queue, no_ack=True)) is not None:
        found.append(message.headers["_schema_name"])
    return found


@pytest.mark.parametrize(("before", "priority"), [(0, 0), (9, 0), (10, 3), (99, 3), (100, 6), (999, 6), (1_000, 9), (50_000, 9)])
def test_the_more_wait_the_later_is_the_turn(before: int, priority: int) -> None:
    assert broker.turn(before) == priority


def test_one_job_of_a_reseller_overtakes_the_many_of_another(acme: Any, globex: Any, messages: Any) -> None:
    owe("acme", 25)
    owe("globex", 2)

    assert read(messages) == ["acme"] * 10 + ["globex"] * 2 + ["acme"] * 15


def test_a_sweep_gives_each_reseller_its_turn(acme: Any, globex: Any, messages: Any) -> None:
    owe("acme", 25)
    owe("globex", 12)
    read(messages)

    tasks.sweep()

    assert read(messages) == ["acme"] * 10 + ["globex"] * 10 + ["acme"] * 15 + ["globex"] * 2


def test_what_a_reseller_owes_in_another_queue_costs_no_turn_in_this_one(acme: Any, globex: Any, messages: Any) -> None:
    owe("acme", 12, "pdf", "invoices.render")

    owe("acme", 1)
    owe("globex", 1)

    assert read(messages) == ["acme", "globex"]


def test_a_sweep_counts_and_finds_what_is_due_in_each_queue_by_itself(acme: Any, globex: Any, messages: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of documents due longer than a mail the sweep tells of some, and of the mail beside them."""
    owe("acme", 25, "pdf", "invoices.render")
    owe("acme", 3)
    owe("globex", 2)

    for limit, told in ((100, 25), (20, 20)):
        purge(messages)
        monkeypatch.setattr(tasks, "SWEEP_LIMIT", limit)
        tasks.sweep()
        assert read(messages) == ["acme"] * 3 + ["globex"] * 2
        assert read(messages, OTHER) == ["acme"] * told


def test_jobs_that_are_done_or_wait_for_their_time_hold_nobody_up(acme: Any, messages: Any) -> None:
    owe("acme", 30)
    with schema_context("acme"):
        Job.objects.update(state=Job.State.DONE)
    messages.queue_purge(QUEUE)

    owe("acme", 1, "new")
    owe("globex", 1)

    assert read(messages) == ["acme", "globex"]


def test_what_is_told_leaves_the_schema_as_it_was(acme: Any, messages: Any) -> None:
    before = connection.schema_name

    owe("globex", 1)

    assert connection.schema_name == before
