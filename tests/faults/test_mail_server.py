"""The mail server is away, refuses, asks for patience, hangs, or takes a mail and breaks off: each mail arrives, under one Message-ID (reliability 39)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing_portal.accounts.models import User
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.local.redis import free_port
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog
from tests import sizes
from tests.faults import outcome, story
from tests.faults.mail_server import MailServer, listening
from tests.support import months, world
from tests.support.people import client, user

pytestmark = [pytest.mark.rel(39), pytest.mark.django_db]
INVOICES = sizes.size(2, 5)
TROUBLES = ["refuse", "later", *(["hang"] if sizes.FULL else []), "drop"]
ADDRESSES = ["anna@a.example", "bob@b.example", "cleo@c.example"]


class Post:
    """A mail server that can be switched off and on again at one address."""

    def __init__(self, port: int) -> None:
        self.port, self.server, self._open = port, MailServer(), ExitStack()

    def on(self) -> None:
        self._open.enter_context(listening(self.server, self.port))

    def off(self) -> None:
        self._open.close()


@pytest.fixture
def post(acme: Any, settings: Any) -> Iterator[Post]:
    made = Post(free_port())
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", made.port, 1
    made.on()
    yield made
    made.off()


def write() -> list[tuple[str, str]]:
    """One mail to each address; their Message-IDs with their addresses."""
    jane = User(username="jane", full_name="Jane Whitfield")
    mails = [outgoing.send("password_set", to=[address], context={"user": jane}, key=address) for address in ADDRESSES]
    return [(mail.message_id, mail.recipients[0]) for mail in mails]


def deliver() -> None:
    """Do once what is owed, whatever its back-off."""
    Job.objects.filter(state=Job.State.PENDING).update(due_at=timezone.now())
    for job in list(running.due()):
        running.run(job.pk)


def states() -> dict[str, str]:
    return {mail.recipients[0]: mail.state for mail in MailLog.objects.all()}


def jobs() -> set[tuple[str, int]]:
    return set(Job.objects.values_list("state", "attempts"))


def test_normally_each_mail_is_sent_once(post: Post) -> None:
    written = write()

    deliver()
    deliver()

    assert sorted(post.server.taken()) == sorted(written)
    assert set(states().values()) == {"sent"}


def test_a_server_that_is_away_for_long_costs_no_mail(post: Post) -> None:
    written = write()
    post.off()
    for _try in range(8):
        deliver()
    assert jobs() == {("pending", 0)}
    assert "ConnectionRefusedError" in MailLog.objects.all()[0].error

    post.on()
    deliver()

    assert sorted(post.server.taken()) == sorted(written)
    assert jobs() == {("done", 1)}


def test_the_wait_between_two_tries_grows_to_an_hour(post: Post) -> None:
    write()
    post.off()
    for seconds in (5, 10, 30, 60, 300, 900, 1800, 3600, 3600):
        before = timezone.now()
        deliver()
        assert before <= Job.objects.all()[0].due_at - timedelta(seconds=seconds) <= timezone.now()


@pytest.mark.parametrize(("trouble", "tries"), [("later", 2), ("hang", sizes.size(1, 3))])
def test_a_server_that_asks_for_patience_or_hangs_gets_the_mails_later(post: Post, trouble: str, tries: int) -> None:
    written = write()
    with post.server.doing(trouble):
        for _try in range(tries):
            deliver()
    assert jobs() == {("pending", 0)}
    assert post.server.taken() == []

    deliver()

    assert sorted(post.server.taken()) == sorted(written)


def test_a_connection_that_breaks_after_the_mail_was_taken_repeats_it_under_its_own_name(post: Post) -> None:
    written = write()
    with post.server.doing("drop"):
        deliver()
    assert set(states().values()) == {"failed"}

    deliver()

    assert sorted(post.server.taken()) == sorted(written * 2)
    assert set(states().values()) == {"sent"}


def test_one_address_that_does_not_exist_keeps_nobody_else_from_theirs(post: Post) -> None:
    write()
    post.server.nobody.add("bob@b.example")

    deliver()

    assert states() == {"anna@a.example": "sent", "bob@b.example": "failed", "cleo@c.example": "sent"}
    assert post.server.asked == {"anna@a.example": 1, "bob@b.example": 1, "cleo@c.example": 1}


def test_what_is_refused_for_good_is_given_up_after_five_tries_where_staff_see_it(post: Post) -> None:
    write()
    post.server.nobody.add("bob@b.example")
    for _try in range(7):
        deliver()

    assert post.server.asked["bob@b.example"] == 5
    given_up = Job.objects.get(state=Job.State.DEAD)
    assert "Nobody here by that name" in given_up.error
    listed = client(user("jane")).get("/platform/jobs/?chip=dead").content.decode()
    assert "Nobody here by that name" in listed

    post.server.nobody.clear()
    running.retry(given_up)
    deliver()
    assert states()["bob@b.example"] == "sent"


def test_a_server_that_wants_no_mail_of_ours_is_asked_five_times_and_then_when_somebody_says_so(post: Post) -> None:
    written = write()
    with post.server.doing("refuse"):
        for _try in range(7):
            deliver()
        assert post.server.asked == dict.fromkeys(ADDRESSES, 5)

    assert post.server.taken() == []
    assert jobs() == {("dead", 5)}
    assert all("554" in job.error and "Not from you" in job.error for job in Job.objects.all())
    assert set(states().values()) == {"failed"}

    for job in Job.objects.all():
        running.retry(job)
    deliver()

    assert sorted(post.server.taken()) == sorted(written)
    assert set(states().values()) == {"sent"}


@months.renders
def test_after_each_trouble_documents_and_their_mails_are_what_they_are_undisturbed(post: Post) -> None:
    for number in range(INVOICES - 1):
        months.calls(world.customer(f"Customer {number}"), "2026-10-05 09:00", price=f"1.{number}9")
    months.anna()
    months.issue("2026-11-01", months.local("2026-11-02 09:00"))
    months.run_jobs(but="mail.deliver")
    undisturbed = story.rolled_back(story.do_all)
    assert sorted(post.server.taken()) == sorted(outcome.written().items())
    post.server.empty()

    for trouble in TROUBLES:
        with post.server.doing(trouble):
            deliver()
    deliver()

    assert outcome.unlike(undisturbed) == []
    assert sorted(post.server.taken()) == sorted(2 * [*outcome.written().items()])  # once more for the answer that was lost
    assert len(outcome.written()) == INVOICES


def test_a_mail_whose_attachment_is_lost_is_given_up(post: Post) -> None:
    write()
    MailLog.objects.filter(recipients=["bob@b.example"]).update(
        attachments=[{"path": "documents/gone.pdf", "name": "gone.pdf", "content_type": "application/pdf"}]
    )
    for _try in range(6):
        deliver()

    assert Job.objects.filter(state=Job.State.DEAD).count() == 1
    assert [mail[1] for mail in post.server.taken()] == ["anna@a.example", "cleo@c.example"]
