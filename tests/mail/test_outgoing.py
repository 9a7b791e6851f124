"""A mail is written once, in text and HTML, to real addresses, with headers that stay headers."""

from email.header import decode_header, make_header
from email.utils import parseaddr
from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.models import User
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.mail import delivery, outgoing
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller

pytestmark = pytest.mark.django_db
JANE = User(username="jane", full_name="Jane Whitfield")


def password_set(to: list[str], key: str = "k") -> MailLog:
    return outgoing.send("password_set", to=to, context={"user": JANE}, key=key)


def test_a_mail_is_owed_with_text_and_html(acme: Any) -> None:
    mail = password_set(["jane@example.com"])

    assert mail.state == MailLog.State.QUEUED
    assert mail.text.strip()
    assert "<html" in mail.html
    assert Job.objects.get(kind="mail.deliver").payload == {"mail": str(mail.pk)}


def test_the_same_key_writes_one_mail(acme: Any) -> None:
    assert password_set(["jane@example.com"]).pk == password_set(["jane@example.com"]).pk
    assert MailLog.objects.count() == 1


@pytest.mark.rel(88)
@pytest.mark.parametrize("to", [[], ["a@b.example\r\nBcc: x@y.example"], ["nobody"], ["a@b.example"] * 6, ["a@b.example,c@d.example"]])
def test_a_mail_cannot_go_to_what_is_no_address(acme: Any, to: list[str]) -> None:
    with pytest.raises(DomainError, match="bad_address"):
        password_set(to)
    assert not MailLog.objects.exists()


@pytest.mark.rel(88)
def test_a_name_cannot_add_a_header(acme: Any) -> None:
    Reseller.objects.filter(schema_name="acme").update(name="Acme\r\nBcc: x@y.example")
    connection.set_tenant(Reseller.objects.get(schema_name="acme"))

    mail = password_set(["jane@example.com"])

    assert "\n" not in mail.sender
    assert "\n" not in mail.subject
    assert "\r" not in mail.sender + mail.subject


@pytest.mark.rel(88)
@pytest.mark.parametrize("name", ["電" * 120, "😀" * 120, "É" * 120, "Ü b" * 40, "A" * 120, '"\\' * 60])
def test_a_company_of_any_name_that_its_form_takes_sends_mail(acme: Any, name: str) -> None:
    Reseller.objects.filter(pk=acme.pk).update(name=name)
    connection.set_tenant(Reseller.objects.get(pk=acme.pk))

    mail = password_set(["jane@example.com"])

    assert len(mail.sender) <= 300
    shown, address = parseaddr(str(make_header(decode_header(str(delivery._message(mail).message()["From"])))))
    assert address == "billing@portal.localhost"
    assert len(shown) >= 20
    assert name.startswith(shown)


def test_a_name_that_fits_is_shown_whole() -> None:
    assert outgoing.sender_of("Acme Telecom") == "Acme Telecom <billing@portal.localhost>"
    assert outgoing.sender_of("電話") == "=?utf-8?b?6Zu76Kmx?= <billing@portal.localhost>"
