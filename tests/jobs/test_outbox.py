"""A job is owed in the transaction that makes it due; the broker is only a hint."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing_portal.celery import app
from billing_portal.jobs import broker, outbox, tasks
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.mark.rel(41)
def test_a_transaction_that_fails_owes_nothing(acme: Any) -> None:
    with transaction.atomic():
        outbox.add("mail.deliver", {"mail": "x"}, key="k")
        transaction.set_rollback(True)

    assert not Job.objects.exists()


def test_a_job_for_later_is_not_due_yet(acme: Any) -> None:
    from datetime import timedelta

    from django.utils import timezone

    outbox.add("mail.deliver", {}, key="later", at=timezone.now() + timedelta(hours=1))

    assert not running.due().exists()


@pytest.mark.rel(48)
def test_a_message_without_a_reseller_is_refused() -> None:
    from django.db import connection

    connection.set_schema_to_public()
    with pytest.raises(RuntimeError, match="needs its reseller"):
        tasks.run("0198c0de-0000-7000-8000-000000000000")


@pytest.mark.rel(41)
def test_the_sweep_wakes_workers_for_what_no_message_led_to(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[str, str]] = []
    monkeypatch.setattr(broker, "tell", lambda schema, job_id, queue, **_more: woken.append((schema, queue)))
    outbox.add("mail.deliver", {"mail": "x"}, key="lost")

    tasks.sweep()

    assert woken == [("acme", "mail")]


def test_what_a_sweep_tells_is_dropped_when_it_is_read_too_late(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more waits than can be done, every sweep would only make the queue longer."""
    told: list[tuple[Any, Any]] = []
    monkeypatch.setattr(app, "send_task", lambda name, **options: told.append((options["args"], options["expires"])))
    outbox.add("mail.deliver", {"mail": "x"}, key="lost")
    job = Job.objects.get()

    tasks.sweep()
    broker.tell("acme", str(job.pk), "mail")

    assert told == [([str(job.pk)], 60), ([str(job.pk)], None)]


def test_a_kind_that_nobody_here_does_stops_no_other_work(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[str, str]] = []
    monkeypatch.setattr(broker, "tell", lambda schema, job_id, queue, **_more: woken.append((schema, queue)))
    Job.objects.create(kind="of.another.release", key="unknown", payload={}, due_at=timezone.now() - timedelta(hours=1))
    outbox.add("mail.deliver", {"mail": "x"}, key="lost")

    tasks.sweep()

    assert woken == [("acme", "mail")]
    assert Job.objects.get(key="unknown").state == Job.State.PENDING


def test_workers_give_a_message_back_when_they_die() -> None:
    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost, app.conf.worker_prefetch_multiplier) == (True, True, 1)
    assert app.conf.broker_transport_options["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
