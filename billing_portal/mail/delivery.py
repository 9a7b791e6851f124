"""Hand a written mail to the mail server; a refusal is kept and tried again by the outbox."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.utils import timezone

from billing_portal.jobs import registry
from billing_portal.mail.models import MailLog


@registry.handler("mail.deliver", queue="mail", atomic=False, lease_seconds=120)
def deliver(payload: dict[str, Any]) -> None:
    """Send one mail unless it went already; normally once, and again only when the server's answer was lost."""
    mail = MailLog.objects.get(pk=payload["mail"])
    if mail.state == MailLog.State.SENT:
        return
    try:
        _message(mail).send()
    except OSError as problem:
        MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.FAILED, error=f"{type(problem).__name__}: {problem}"[:2000])
        raise
    MailLog.objects.filter(pk=mail.pk).update(state=MailLog.State.SENT, sent_at=timezone.now(), error="")


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
