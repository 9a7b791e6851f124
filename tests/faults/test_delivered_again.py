"""A job that is delivered again while it is done takes effect once, whatever kind it is: its lease in force, or lapsed and its fence passed (rel. 43)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.jobs import registry
from billing_portal.jobs.models import Job
from billing_portal.local.redis import free_port
from billing_portal.mail.models import MailLog
from tests import sizes
from tests.faults.delivered_again import deliver_three_times, statements_of
from tests.faults.kinds_of_jobs import NOON, OWED, Owed
from tests.faults.mail_server import MailServer, listening
from tests.support import months, tables, tree

pytestmark = [pytest.mark.rel(43), pytest.mark.timeout(sizes.size(300, 1_500))]
PLACES = sizes.size(1, 4)  # among the statements of a kind, at which its first delivery is held up
KINDS = sorted(OWED) if sizes.FULL else ["calls.climb", "invoices.issue", "low_balance.topup"]


@pytest.fixture
def post(settings: Any) -> Iterator[MailServer]:
    server, port = MailServer(), free_port()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    with listening(server, port):
        yield server


def test_every_kind_of_job_is_tried_here() -> None:
    assert sorted(OWED) == sorted(kind for kinds in registry.queues().values() for kind in kinds)


@months.renders
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", range(PLACES))
@pytest.mark.parametrize("kind", KINDS)
def test_it_takes_effect_once(kind: str, place: int, acme: Any, time_machine: Any, request: pytest.FixtureRequest) -> None:
    time_machine.move_to(NOON)
    owed = OWED[kind]
    if owed.needs:
        request.getfixturevalue(owed.needs)
        connection.set_tenant(acme)
    owed.owe()
    with schema_context(owed.schema):
        job = Job.objects.get(kind=kind, state=Job.State.PENDING)
        before = comes_to(owed)
        with transaction.atomic():
            statements = statements_of(job)
            once = comes_to(owed)
            transaction.set_rollback(True)
        assert once != before

        deliver_three_times(job, owed.schema, before=1 + statements * (place + 1) // (PLACES + 1))

        assert comes_to(owed) == once
    assert tree.differences() == []


@pytest.mark.rel(39)
@pytest.mark.django_db(transaction=True)
def test_a_mail_that_was_taken_over_while_it_was_sent_goes_out_under_one_message_id(acme: Any, post: MailServer) -> None:
    """What another server was told cannot be taken back: of a worker that hangs longer than its lease the mail may come twice, as one message."""
    OWED["mail.deliver"].owe()
    mail = MailLog.objects.get()

    deliver_three_times(Job.objects.get(), "acme", before=2)

    assert set(post.taken()) == {(mail.message_id, "anna@a.example")}
    assert len(post.taken()) <= 2
    mail.refresh_from_db()
    assert mail.state == MailLog.State.SENT


def comes_to(owed: Owed) -> tuple[object, dict[str, int]]:
    """What shows, and how many rows each table has in each schema."""
    return owed.seen(), tables.counts(*tree.LEVELS, "public")
