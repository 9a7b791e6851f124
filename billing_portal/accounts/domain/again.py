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
from billing_portal.mail.models import MailLog

# Their links are good once and for one person; new ones are made where the person is.
PERSONAL = frozenset({"login_details", "password_reset", "email_confirm"})


@transaction.atomic
def retry(job: Job, *, actor: Actor, at: datetime) -> None:
    """Give a dead job five more attempts. Raises `job_not_dead`."""
    locked = Job.objects.select_for_update().get(pk=job.pk)
    require(locked.state == Job.State.DEAD, "job_not_dead", _("This job is not given up; it goes on by itself."))
    running.retry(locked)
    audit.record(actor, "job.retried", subject=("job", job.pk, job.kind), at=at)
    broker.tell_after_commit(job)


@transaction.atomic
def resend(mail: MailLog, *, actor: Actor, at: datetime) -> None:
    """Deliver a mail again as it was written. Raises `mail_personal` for links to a password and `mail_waiting` while it is on its way."""
    locked = MailLog.objects.select_for_update().get(pk=mail.pk)
    require(locked.kind not in PERSONAL, "mail_personal", _("Links work once: send new login details from the person's page."))
    require(locked.state != MailLog.State.QUEUED, "mail_waiting", _("This mail is on its way already."))
    MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.QUEUED, error="")
    outbox.add("mail.deliver", {"mail": str(mail.pk)}, key=f"mail:{mail.pk}:{at.isoformat()}")
    audit.record(actor, "mail.resent", subject=("mail", mail.pk, locked.subject[:200]), changes={"to": ("", ", ".join(locked.recipients))}, at=at)
