"""A mail by which somebody could come in reaches its reader whole, and the log keeps it without its link (reliability 72)."""

import re
from datetime import datetime
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail as box
from django.core.mail import EmailMultiAlternatives

from billing_portal.accounts.domain import emails, links, passwords, users
from billing_portal.mail import addresses, delivery, personal
from billing_portal.mail.models import MailLog
from tests.support.people import system, user

pytestmark = [pytest.mark.django_db, pytest.mark.rel(72)]
LINK = re.compile(r"(/(?:password|email)/)([\w.:-]{20,})/")


def written(kind: str, noon: datetime) -> MailLog:
    """A mail of this kind to Ann, with her link."""
    ann = user("ann")
    if kind == "login_details":
        return users.send_login_details(ann, to=[ann.email], actor=system, at=noon)
    if kind == "password_reset":
        passwords.send_reset(ann, at=noon)
    else:
        emails.ask(ann, "new@example.com", address="", at=noon)
    return MailLog.objects.get(kind=kind)


def secrets_in(text: str) -> set[str]:
    return {secret for _way, secret in LINK.findall(text)}


@pytest.mark.parametrize("kind", sorted(personal.KINDS))
def test_the_link_arrives_and_is_kept_nowhere(acme: Any, noon: datetime, kind: str) -> None:
    mail = written(kind, noon)
    [secret] = secrets_in(mail.text)
    delivery.deliver({"mail": str(mail.pk)})
    mail.refresh_from_db()

    [message] = box.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert [secret in str(part) for part in (message.body, message.alternatives[0][0])] == [True, True]
    assert mail.state == MailLog.State.SENT
    assert [(secret in text, "/…" in text) for text in (mail.text, mail.html)] == [(False, True)] * 2
    assert not [row for row in MailLog.objects.values() if secret in str(row)]
    if kind != "email_confirm":
        assert links.find(secret, at=noon) is not None


def test_it_goes_to_no_other_address_than_it_was_written_to() -> None:
    assert addresses._today.keys() & personal.KINDS == set()


def test_until_it_is_sent_the_link_stays_in_it(acme: Any, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = written("login_details", noon)
    before = mail.text
    with monkeypatch.context() as refusing:
        refusing.setattr(EmailMultiAlternatives, "send", refuse)
        with pytest.raises(SMTPRecipientsRefused):
            delivery.deliver({"mail": str(mail.pk)})
    mail.refresh_from_db()

    assert (mail.state, mail.text) == (MailLog.State.FAILED, before)


def refuse(message: EmailMultiAlternatives) -> None:
    raise SMTPRecipientsRefused({"ann@example.com": (550, b"no such user")})
