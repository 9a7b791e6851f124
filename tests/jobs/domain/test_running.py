"""Owed work is done exactly when its row says so: under a lease, behind a fence, at most five times before a person looks."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from billing_portal.accounts.models import Switch
from billing_portal.jobs import outbox, registry
from billing_portal.jobs.domain import holding, running
from billing_portal.jobs.models import Job
from tests.support.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds() -> Iterator[None]:
    """Kinds of work that exist only in these tests."""
    before = dict(registry._handlers)
    registry.handler("test.switch")(lambda payload: make_switch(payload["name"]))
    registry.handler("test.half")(half_done)
    registry.handler("test.outside", atomic=False)(half_done)
    registry.handler("test.away")(away)
    registry.handler("test.secret", forgets=True)(lambda payload: make_switch(payload["name"]))
    yield
    registry._handlers.clear()
    registry._handlers.update(before)


def make_switch(name: str) -> None:
    Switch.objects.create(name=name)


def half_done(payload: dict[str, Any]) -> None:
    make_switch(payload["name"])
    raise ValueError("the wire broke")


def away(payload: dict[str, Any]) -> None:
    raise registry.TryLaterError("nobody answers")


def answer_lost() -> None:
    raise OperationalError("server closed the connection unexpectedly")


def owe(kind: str = "test.switch", name: str = "one") -> Job:
    outbox.add(kind, {"name": name}, key=f"{kind}:{name}")
    return Job.objects.get(key=f"{kind}:{name}")


def names() -> list[str]:
    return list(Switch.objects.exclude(name="default").values_list("name", flat=True))


def test_an_owed_job_is_done_once(acme: Any) -> None:
    job = owe()

    assert [running.run(job.pk), running.run(job.pk)] == [True, False]
    assert names() == ["one"]
    assert Job.objects.get().state == Job.State.DONE


def test_of_what_may_be_a_secret_nothing_stays_once_it_is_done_and_all_of_it_before(acme: Any) -> None:
    make_switch("one")
    job, plain = owe("test.secret"), owe("test.switch", "two")
    running.run(plain.pk)
    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.payload) == (Job.State.PENDING, {"name": "one"}), "there is a switch of this name, so it is tried again"

    Switch.objects.all().delete()
    Job.objects.update(due_at=timezone.now())
    running.run(job.pk)
    assert names() == ["one"]
    assert list(Job.objects.order_by("key").values_list("key", "state", "payload")) == [
        ("test.secret:one", "done", {}),
        ("test.switch:two", "done", {"name": "two"}),
    ]


def test_the_same_key_is_owed_once(acme: Any) -> None:
    assert [outbox.add("test.switch", {"name": "one"}, key="k"), outbox.add("test.switch", {"name": "two"}, key="k")] == [True, False]
    assert Job.objects.get().payload == {"name": "one"}


def test_a_failed_job_leaves_nothing_and_comes_back(acme: Any) -> None:
    job = owe("test.half")

    running.run(job.pk)

    job.refresh_from_db()
    assert names() == []
    assert (job.state, job.attempts, job.error) == (Job.State.PENDING, 1, "ValueError: the wire broke")
    assert job.due_at > timezone.now()


def test_what_a_handler_without_a_transaction_did_stays(acme: Any) -> None:
    running.run(owe("test.outside").pk)

    assert names() == ["one"]


@pytest.mark.rel(43)
def test_after_five_failures_a_job_waits_for_a_person(acme: Any) -> None:
    job = owe("test.half")
    for _ in range(running.MAX_ATTEMPTS):
        Job.objects.update(due_at=timezone.now())
        running.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts) == (Job.State.DEAD, 5)
    assert not running.due().exists()

    running.retry(job)
    assert list(running.due()) == [job]


@contextmanager
def held(job: Job) -> Iterator[None]:
    """Somebody else's session works on it, with a lease of five minutes."""
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, fence=1, attempts=1, leased_until=timezone.now() + timedelta(minutes=5))
    line = connection.get_new_connection(connection.get_connection_params())
    try:
        with line.cursor() as cursor:
            cursor.execute(holding.TAKE, [f"{job.pk}:1"])
        line.commit()
        yield
    finally:
        line.close()


@pytest.mark.rel(43)
def test_a_job_that_a_living_session_works_on_is_not_started_again(acme: Any) -> None:
    job = owe()

    with held(job):
        assert running.run(job.pk) is False
        assert not running.due().exists()


@pytest.mark.rel(27)
def test_a_job_whose_worker_died_is_due_at_once_and_not_when_its_lease_ends(acme: Any) -> None:
    job = owe()
    with held(job):
        pass

    until(lambda: running.due().exists())
    assert running.run(job.pk) is True
    assert names() == ["one"]


@pytest.mark.rel(43)
def test_a_job_whose_worker_hangs_is_taken_over_when_its_lease_ends(acme: Any) -> None:
    job = owe()
    with held(job):
        Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert running.run(job.pk) is True

    assert names() == ["one"]


@pytest.mark.rel(43)
def test_work_in_hand_is_held_and_let_go(acme: Any) -> None:
    job = owe()
    seen: list[bool] = []
    registry.handler("test.switch")(lambda payload: seen.append(running.due().exists()))

    running.run(job.pk)

    assert seen == [False]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)


@pytest.mark.rel(44)
@pytest.mark.parametrize("trouble", [registry.TryLaterError("away"), OperationalError("the connection was cut"), InterfaceError("closed")])
def test_trouble_that_is_not_the_jobs_own_is_no_attempt(acme: Any, trouble: Exception) -> None:
    job = owe()

    def troubled(payload: dict[str, Any]) -> None:
        raise trouble

    registry.handler("test.switch")(troubled)
    for _ in range(running.MAX_ATTEMPTS + 1):
        Job.objects.update(due_at=timezone.now())
        running.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts, job.fence, job.error) == (Job.State.PENDING, 0, 6, f"{type(trouble).__name__}: {trouble}")
    assert timedelta(minutes=14) < job.due_at - timezone.now() <= timedelta(minutes=15)


def test_trouble_without_end_waits_for_a_person(acme: Any) -> None:
    job = owe("test.away")
    Job.objects.update(fence=running.MAX_STARTS - 1)

    running.run(job.pk)

    job.refresh_from_db()
    assert job.state == Job.State.DEAD


@pytest.mark.rel(44)
@pytest.mark.django_db(transaction=True)
def test_a_job_whose_commit_went_through_stays_done_though_its_answer_was_lost(acme: Any) -> None:
    job = owe()

    def lost(payload: dict[str, Any]) -> None:
        make_switch(payload["name"])
        transaction.on_commit(answer_lost)

    registry.handler("test.switch")(lost)

    assert [running.run(job.pk), running.run(job.pk)] == [True, False]
    assert names() == ["one"]
    assert Job.objects.get().state == Job.State.DONE


@pytest.mark.rel(43)
def test_a_job_that_kills_its_worker_is_given_up_after_five_attempts(acme: Any) -> None:
    job = owe()
    lapsed = timezone.now() - timedelta(seconds=1)
    Job.objects.update(state=Job.State.RUNNING, fence=5, attempts=5, leased_until=lapsed)

    assert running.run(job.pk) is False

    job.refresh_from_db()
    assert (job.state, job.attempts, job.leased_until) == (Job.State.DEAD, 5, None)
    assert job.error == "No worker came to an end of it in 5 attempts."
    assert names() == []
    running.retry(job)
    assert running.run(job.pk) is True


@pytest.mark.rel(43)
def test_a_job_whose_worker_dies_again_and_again_is_waited_with_so_that_a_bad_hour_gives_up_nothing(acme: Any) -> None:
    """At once after the first two deaths, then after ever longer, and jobs that died together are not started together again."""
    done: list[str] = []
    registry.handler("test.switch")(lambda payload: done.append(payload["name"]))
    jobs = [Job.objects.create(pk=UUID(int=number), kind="test.switch", key=str(number), payload={"name": str(number)}) for number in (100, 150)]

    def die(attempts: int) -> list[int]:
        """Both workers are dead for the so-many-th time: in how many seconds each job is due, if it is not done now."""
        Job.objects.update(state=Job.State.RUNNING, fence=attempts, attempts=attempts, leased_until=timezone.now() + timedelta(minutes=5))
        ran, now = [running.run(job.pk) for job in jobs], timezone.now()
        left = Job.objects.filter(state=Job.State.PENDING, attempts=attempts, leased_until=None, error="Its worker was stopped.").order_by("pk")
        assert left.count() == ran.count(False)
        return [round((job.due_at - now).total_seconds()) for job in left]

    assert [die(attempts) for attempts in (1, 2, 3, 4)] == [[], [], [60, 90], [600, 900]]
    assert (done, running.due().exists()) == (["100", "150"] * 2, False)
    Job.objects.update(due_at=timezone.now())
    assert [running.run(job.pk) for job in jobs] == [True, True]
    assert done == ["100", "150"] * 3


@pytest.mark.rel(43)
def test_a_late_holder_keeps_nothing_of_its_work(acme: Any) -> None:
    """The lease ended while the work went on, and somebody else took the job over: the fence tells."""
    job = owe()

    def slow(payload: dict[str, Any]) -> None:
        make_switch("late")
        Job.objects.filter(pk=job.pk).update(fence=99)

    registry.handler("test.switch")(slow)

    running.run(job.pk)

    assert names() == []


@pytest.mark.rel(43)
@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_does_the_job(acme: Any) -> None:
    job = owe()
    begun: list[bool] = []
    together = threading.Barrier(6)

    def work() -> None:
        connection.set_schema("acme")
        together.wait()
        begun.append(running.run(job.pk))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(begun) == [False] * 5 + [True]
    assert names() == ["one"]
