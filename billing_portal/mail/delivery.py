"""Hand a written mail to the mail server; a refusal is kept and tried again by the outbox."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_portal.jobs import registry
from billing_portal.mail import addresses, outgoing, personal
from billing_portal.mail.models import MailLog

ENDED = (MailLog.State.SENT, MailLog.State.MOVED)
PERMANENT = 500  # replies of a mail server from here on are final


@registry.handler("mail.deliver", queue="mail", atomic=False, lease_seconds=120)
def deliver(payload: dict[str, Any]) -> None:
    """Send one mail unless it went already; normally once, and again only when the server's answer was lost (reliability 39).

    What the server refuses for good is given up after five attempts; while it is away or asks for patience the mail waits, and others go their way.
    Where whom it is for has another address by then, it is not sent, and written once more to that one.
    """
    mail = MailLog.objects.get(pk=payload["mail"])
    if mail.state in ENDED or _goes_on(mail):
        return
    message = _message(mail)
    try:
        message.send()
    except OSError as problem:
        said = f"{type(problem).__name__}: {problem}"[:2000]
        MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.FAILED, error=said)
        if _is_refused_for_good(problem):
            raise
        raise registry.TryLaterError(said) from problem
    MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.SENT, sent_at=timezone.now(), error="", **_kept(mail))


def _kept(mail: MailLog) -> dict[str, str]:
    """What the log keeps of a mail that is on its way to its reader: no link by which somebody else could come in (reliability 72)."""
    return {"text": personal.without_links(mail.text), "html": personal.without_links(mail.html)} if mail.kind in personal.KINDS else {}


def _goes_on(mail: MailLog) -> bool:
    """Whether this mail was overtaken by a change of the address; then it is sent on, once, to where it belongs now."""
    to = addresses.moved_to(mail)
    if to is None:
        return False
    with transaction.atomic():
        locked = MailLog.objects.select_for_update().get(pk=mail.pk)
        if locked.state not in ENDED:
            if to:
                outgoing.send_on(locked, to)
            said = _("The address has changed since this was written: it went to %(to)s.") % {"to": to} if to else _("The address was taken away since.")
            MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.MOVED, error=said)
    return True


def _is_refused_for_good(problem: OSError) -> bool:
    """Whether the mail server said no (5xx), in contrast to: later, or nothing at all."""
    if isinstance(problem, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _said in problem.recipients.values())
    if isinstance(problem, SMTPResponseException):
        return problem.smtp_code >= PERMANENT
    return isinstance(problem, SMTPException) and not isinstance(problem, SMTPServerDisconnected)


def _message(mail: MailLog) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=mail.sender,
        to=mail.recipients,
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(mail.html, "text/html")
    for attachment in mail.attachments:
        content = (settings.MEDIA_ROOT / connection.schema_name / attachment["path"]).read_bytes()
        message.attach(attachment["name"], content, attachment["content_type"])
    return message
