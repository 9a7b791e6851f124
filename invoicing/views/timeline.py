"""What happened to a document: issued, rendered, mailed, paid, due (semantics 13)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from billing_portal.kernel import money
from billing_portal.mail.models import MailLog
from billing_portal.web.history import Event
from customers.models import Kind
from invoicing.models import Document
from invoicing.queries import documents as queries


def of(document: Document, *, issuer: str = "") -> list[Event]:
    """The document's events, the latest first; issued by the member of staff who did it, or for the buyer's eyes by `issuer`, the seller."""
    issued = Event(_("Issued"), issuer or document.actor_name, document.issued_at)
    return sorted([issued, *_mails(document), *_payments(document)], key=lambda event: event.at, reverse=True)


def _mails(document: Document) -> Iterator[Event]:
    said = {
        MailLog.State.SENT: _("Sent to %(to)s"),
        MailLog.State.QUEUED: _("Mail to %(to)s is waiting"),
        MailLog.State.FAILED: _("Mail to %(to)s failed, is tried again"),
        MailLog.State.MOVED: _("Mail to %(to)s was not sent: the address had changed"),
    }
    for mail in MailLog.objects.filter(about_kind=queries.ABOUT, about_id=document.pk):
        yield Event(said[MailLog.State(mail.state)] % {"to": ", ".join(mail.recipients)}, _("by mail, with the PDF"), mail.sent_at or mail.created_at)


def _payments(document: Document) -> Iterator[Event]:
    for match in document.matches.exclude(note=None).select_related("note"):
        amount = money.text(money.to_minor(match.amount, document.currency), document.currency)
        yield Event(_("Credited %(amount)s") % {"amount": amount}, match.note.number if match.note else "", match.at)
    for match in document.matches.exclude(credit=None).select_related("credit", "credit__payment"):
        amount = money.text(money.to_minor(abs(match.amount), document.currency), document.currency)
        credit: Any = match.credit
        paid = _("Written off %(amount)s") if credit.kind == Kind.WRITE_OFF else _("Paid %(amount)s")
        text = paid if match.amount > 0 else _("Taken back %(amount)s")
        by = credit.note or str(Kind(credit.kind).label)
        yield Event(text % {"amount": amount}, by, match.at, acted_for="")
