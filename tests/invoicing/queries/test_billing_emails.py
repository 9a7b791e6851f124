"""A mail to a customer's billing address that waited, or is sent again, goes to the address of today and no longer to the one that was mended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core import mail as box
from django.utils import timezone

from billing_portal.accounts.domain import again
from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from billing_portal.mail import delivery
from billing_portal.mail.models import MailLog
from customers.domain import customers
from customers.models import Customer
from invoicing.domain import decisions, topups
from invoicing.views import timeline
from tests.support import months
from tests.support.months import D, run_jobs
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]
OLD, NEW = "billing@anna.example", "right@anna.example"


def mend(anna: Customer, address: str = NEW) -> None:
    customers.change(Customer.objects.get(pk=anna.pk), billing_email=address, actor=jane, at=timezone.now())


def arrived() -> list[tuple[list[str], list[str]]]:
    """Whom mails went to since, with the names of what was attached."""
    return [(message.to, [str(each[0]) for each in message.attachments]) for message in box.outbox]


def kept(kind: str = "invoice") -> list[tuple[list[str], str]]:
    return [(mail.recipients, mail.state) for mail in MailLog.objects.filter(kind=kind).order_by("created_at", "pk")]


def test_an_invoice_that_waited_for_the_mail_server_goes_to_the_address_that_was_mended(anna: Customer, october: Any) -> None:
    run_jobs(but="mail.deliver")
    mend(anna)
    run_jobs()

    assert arrived() == [([NEW], ["ACM-2026-0001.pdf"])]
    assert kept() == [([OLD], "moved"), ([NEW], "sent")]
    old, new = MailLog.objects.order_by("created_at", "pk")
    assert (old.text, old.html, old.subject) == (new.text, new.html, new.subject)
    assert old.message_id != new.message_id
    assert old.error == f"The address has changed since this was written: it went to {NEW}."
    told = [event.text for event in timeline.of(october)]
    assert {f"Sent to {NEW}", f"Mail to {OLD} was not sent: the address had changed"} <= set(told)


def refused(anna: Customer) -> MailLog:
    """A mail about a top-up that was refused, waiting."""
    decisions.reject(topups.ask(anna, D("5.00"), actor=jane, at=timezone.now()), comment="Not now.", actor=jane, at=timezone.now())
    return MailLog.objects.get(kind="topup_rejected")


def test_delivered_once_more_it_goes_on_no_second_time(anna: Customer) -> None:
    mail = refused(anna)
    mend(anna)
    for _delivery in range(2):
        delivery.deliver({"mail": str(mail.pk)})
    run_jobs()

    assert kept("topup_rejected") == [([OLD], "moved"), ([NEW], "sent")]
    assert arrived() == [([NEW], [])]


def test_without_an_address_it_goes_nowhere_until_there_is_one(anna: Customer) -> None:
    mail = refused(anna)
    mend(anna, "")
    run_jobs()
    mail.refresh_from_db()

    assert (arrived(), mail.state, mail.error) == ([], "moved", "The address was taken away since.")
    with pytest.raises(DomainError, match="no_address"):
        again.resend(mail, actor=jane, at=timezone.now())
    mend(anna)
    again.resend(mail, actor=jane, at=timezone.now())
    run_jobs()
    assert arrived() == [([NEW], [])]


def test_sent_again_it_goes_to_the_address_of_today_and_the_first_mail_stays_as_it_was(anna: Customer, october: Any, commerce: Any) -> None:
    run_jobs()
    [mail] = MailLog.objects.filter(kind="invoice")
    mend(anna)
    box.outbox.clear()
    path = f"/platform/mails/{mail.pk}/resend/"
    answer = commerce.post(path)
    shown = commerce.get(answer.headers["Location"]).content.decode()
    twice = commerce.post(path)
    run_jobs()

    assert (twice.status_code, "This mail is on its way already." in twice.content.decode()) == (422, True)
    assert arrived() == [([NEW], ["ACM-2026-0001.pdf"])]
    assert kept() == [([OLD], "sent"), ([NEW], "sent")]
    new = MailLog.objects.get(recipients=[NEW])
    assert answer.headers["Location"] == f"/platform/mails/{new.pk}/"
    assert f"The mail is on its way to {NEW}." in shown
    entry = AuditEntry.objects.get(action="mail.resent")
    assert (entry.subject_id, entry.changes) == (new.pk, {"to": ["", NEW]})


def test_where_the_address_is_the_same_the_mail_itself_goes_again(anna: Customer, noon: datetime) -> None:
    mail = refused(anna)
    run_jobs()
    assert again.resend(mail, actor=jane, at=noon) == mail
    run_jobs()

    assert arrived() == [([OLD], [])] * 2
    assert kept("topup_rejected") == [([OLD], "sent")]


def test_what_tells_of_a_customers_balance_and_requests_follows_the_address_too(anna: Customer) -> None:
    customers.change(anna, low_balance_threshold=D("489.50"), actor=jane, at=timezone.now())
    months.calls(anna, "2026-11-03 09:00", price="1.0000")
    run_jobs(but="mail.deliver")
    refused(anna)
    decisions.approve(topups.ask(anna, D("6.00"), actor=jane, at=timezone.now()), actor=jane, at=timezone.now())
    mend(anna)
    run_jobs()

    assert [to for to, _attached in arrived()] == [[NEW]] * 3
    assert [kept(kind) for kind in ("low_balance", "topup_rejected", "topup_approved")] == [[([OLD], "moved"), ([NEW], "sent")]] * 3
