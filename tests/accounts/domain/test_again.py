from datetime import datetime
from typing import Any

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import again, users
from billing_portal.accounts.models import AuditEntry
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.mail import outgoing
from billing_portal.mail.models import MailLog
from tests.support.people import user

boss = Actor.program("boss")


def written(of: str, state: MailLog.State) -> MailLog:
    mail = outgoing.send("password_set", to=["ann@example.com"], context={"user": user(of)}, key=f"test:{of}")
    MailLog.objects.filter(pk=mail.pk).update(state=state)
    return mail


def test_a_dead_job_gets_another_five_attempts(acme: Any, noon: datetime) -> None:
    job = Job.objects.create(kind="mail.deliver", key="x", state=Job.State.DEAD, attempts=5)
    again.retry(job, actor=boss, at=noon)
    job.refresh_from_db()

    assert (job.state, job.attempts) == (Job.State.PENDING, 0)
    assert AuditEntry.objects.get(action="job.retried").subject_name == "mail.deliver"


@pytest.mark.parametrize("state", [Job.State.PENDING, Job.State.RUNNING, Job.State.DONE])
def test_other_jobs_are_left_alone(acme: Any, noon: datetime, state: Job.State) -> None:
    job = Job.objects.create(kind="mail.deliver", key="x", state=state)

    with pytest.raises(DomainError, match="job_not_dead"):
        again.retry(job, actor=boss, at=noon)


def test_a_mail_is_sent_again_as_it_was_written(acme: Any, noon: datetime) -> None:
    mail = written("ann", MailLog.State.FAILED)
    before = (mail.text, mail.message_id)
    again.resend(mail, actor=boss, at=noon)
    mail.refresh_from_db()

    assert (mail.state, (mail.text, mail.message_id)) == (MailLog.State.QUEUED, before)
    assert Job.objects.filter(kind="mail.deliver", payload={"mail": str(mail.pk)}).count() == 2


def test_a_mail_on_its_way_is_not_sent_twice(acme: Any, noon: datetime) -> None:
    with pytest.raises(DomainError, match="mail_waiting"):
        again.resend(written("ann", MailLog.State.QUEUED), actor=boss, at=noon)


def test_a_link_to_a_password_is_never_sent_again(acme: Any, noon: datetime) -> None:
    mail = users.send_login_details(user("ann"), to=["ann@example.com"], actor=boss, at=noon)
    MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.SENT)

    with pytest.raises(DomainError, match="mail_personal"):
        again.resend(mail, actor=boss, at=noon)
