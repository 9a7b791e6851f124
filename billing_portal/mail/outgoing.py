"""Write a mail in the transaction that causes it; the outbox delivers it after the commit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from email.utils import formataddr, make_msgid
from typing import Any
from uuid import UUID

import css_inline
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from billing_portal.jobs import outbox
from billing_portal.kernel import emails
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from billing_portal.tenancy import queries
from billing_portal.tenancy.models import new_id

MAX_RECIPIENTS = 5
LONGEST_SENDER = 300  # as the log has room for


@dataclass(frozen=True)
class Attachment:
    """A stored file of this reseller that goes with a mail: the name people see, its path under the reseller's folder, its type."""

    name: str
    path: str
    content_type: str


def send(
    kind: str,
    *,
    to: Sequence[str],
    context: Mapping[str, Any],
    key: str,
    about: tuple[str, UUID] | None = None,
    attachments: Sequence[Attachment] = (),
) -> MailLog:
    """Write the mail `emails/<kind>.{subject,txt,html}` and owe its delivery. The same key writes it once.

    Raises `bad_address` when an address is none or when there are more than five.
    """
    known = MailLog.objects.filter(key=key).first()
    if known is not None:
        return known
    reseller = queries.current()
    values = {**context, "reseller": reseller, "portal_address": queries.address_of(reseller)}
    mail = MailLog.objects.create(
        kind=kind,
        key=key,
        sender=sender_of(reseller.name),
        reply_to=reseller.support_email,
        recipients=[_address(address) for address in _bounded(to)],
        subject=_one_line(render_to_string(f"emails/{kind}.subject.txt", values)),
        text=render_to_string(f"emails/{kind}.txt", values).strip() + "\n",
        html=css_inline.inline(render_to_string(f"emails/{kind}.html", values)),
        attachments=[asdict(attachment) for attachment in attachments],
        message_id=_message_id(),
        about_kind=about[0] if about else "",
        about_id=about[1] if about else None,
    )
    _owe(mail)
    return mail


def send_on(mail: MailLog, to: str) -> MailLog:
    """Write a mail once more, word for word, to another address, and owe its delivery. Raises `bad_address`."""
    same = ("kind", "sender", "reply_to", "subject", "text", "html", "attachments", "about_kind", "about_id")
    copied = {name: getattr(mail, name) for name in same}
    anew = MailLog.objects.create(key=f"moved:{mail.pk}:{new_id()}", recipients=[_address(to)], message_id=_message_id(), **copied)
    _owe(anew)
    return anew


def sent_on(mail: MailLog) -> QuerySet[MailLog]:
    """The mails that this one was written into once more."""
    return MailLog.objects.filter(key__startswith=f"moved:{mail.pk}:")


def _owe(mail: MailLog) -> None:
    outbox.add("mail.deliver", {"mail": str(mail.pk)}, key=f"mail:{mail.pk}")


def _message_id() -> str:
    return make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">"))


def sender_of(name: str) -> str:
    """The company's name with the platform's address, as the header From carries it: ASCII, in which a letter may take nine of its characters.

    Of a name that does not fit so written the beginning is shown.
    """
    shown = _one_line(name)
    while shown and len(formataddr((shown, settings.DEFAULT_FROM_EMAIL))) > LONGEST_SENDER:
        shown = shown[:-1].rstrip()
    return formataddr((shown, settings.DEFAULT_FROM_EMAIL))


def _bounded(to: Sequence[str]) -> Sequence[str]:
    if not 1 <= len(to) <= MAX_RECIPIENTS:
        raise DomainError("bad_address", _("A mail goes to one to five addresses."))
    return to


def _address(address: str) -> str:
    try:
        emails.check_sendable(address)
    except ValidationError as problem:
        raise DomainError("bad_address", _("“%(address)s” is not an email address.") % {"address": address}) from problem
    return address


def _one_line(text: str) -> str:
    """A header's text: no line breaks or control characters, whatever a name contains (reliability 88)."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]
