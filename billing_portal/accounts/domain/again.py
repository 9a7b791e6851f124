"""What a person asks to be tried once more: a job given up, a mail that did not arrive."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.jobs import broker, outbox
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import require
from billing_portal.mail import addresses, outgoing, personal
from billing_portal.mail.models import MailLog


@transaction.atomic
def retry(job: Job, *, actor: Actor, at: datetime) -> None:
    """Give a dead job five more attempts. Raises `job_not_dead`."""
    locked = Job.objects.select_for_update().get(pk=job.pk)
    require(locked.state == Job.State.DEAD, "job_not_dead", _("This job is not given up; it goes on by itself."))
    running.retry(locked)
    audit.record(actor, "job.retried", subject=("job", job.pk, job.kind), at=at)
    broker.tell_after_commit(job)


@transaction.atomic
def resend(mail: MailLog, *, actor: Actor, at: datetime) -> MailLog:
    """Deliver a mail again as it was written, to the address of today if whom it is for has another one since: that is a mail of its own.

    Raises `mail_personal` for links to a password, `mail_waiting` while it is on its way, and `no_address` when there is none any more.
    """
    locked = MailLog.objects.select_for_update().get(pk=mail.pk)
    require(locked.kind not in personal.KINDS, "mail_personal", _("Links work once: send new login details from the person's page."))
    waits = locked.state == MailLog.State.QUEUED or outgoing.sent_on(locked).filter(state=MailLog.State.QUEUED).exists()
    require(not waits, "mail_waiting", _("This mail is on its way already."))
    to = addresses.moved_to(locked)
    if to is None:
        MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.QUEUED, error="")
        outbox.add("mail.deliver", {"mail": str(mail.pk)}, key=f"mail:{mail.pk}:{at.isoformat()}")
        sent = locked
    else:
        require(to, "no_address", _("There is no address any more that this mail could go to."))
        sent = outgoing.send_on(locked, to)
    audit.record(actor, "mail.resent", subject=("mail", sent.pk, sent.subject[:200]), changes={"to": ("", ", ".join(sent.recipients))}, at=at)
    return sent
