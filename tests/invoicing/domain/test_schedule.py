"""Invoices are issued without being asked for, once, when the period has ended where the customer is (semantics 10, reliability 26, 30)."""

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail as mailing

from billing_portal.jobs.models import Job
from customers.models import Customer
from invoicing import tasks
from invoicing.domain import schedule
from invoicing.models import Document, InvoiceRun
from rateplans.models import BillingTerms
from tests.support import months, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def automatic(acme: Any) -> BillingTerms:
    """Acme issues its invoices automatically, six hours after a period has ended."""
    return BillingTerms.objects.create(issue_automatically=True)


def customer(name: str, zone: str) -> Customer:
    made = world.customer(name, time_zone=zone)
    months.calls(made, "2026-10-03 09:00", price="5.0000")
    return made


def look(*when: str) -> list[str]:
    """Look at these moments (UTC) and do what is owed; the customers that have an invoice after it."""
    for each in when:
        with time_machine.travel(datetime.fromisoformat(each).replace(tzinfo=UTC), tick=False):
            schedule.look(at=datetime.now(UTC))
            months.run_jobs()
    return sorted(Document.objects.values_list("customer__name", flat=True))


@months.renders
def test_six_hours_after_midnight_where_the_customer_is(automatic: BillingTerms) -> None:
    customer("Kiri", "Pacific/Kiritimati")  # October ends there on the 31st at 10:00 UTC
    customer("Anna", "Europe/London")  # and here on the 1st at 0:00

    assert look("2026-10-31 15:59") == []
    assert look("2026-10-31 16:00") == ["Kiri"]
    assert look("2026-11-01 05:59") == ["Kiri"]
    assert look("2026-11-01 06:00") == ["Anna", "Kiri"]
    assert [(run.made_by, str(run.as_of)) for run in InvoiceRun.objects.order_by("created_at")] == [("Schedule", "2026-11-01")] * 2
    assert [mail.subject for mail in mailing.outbox] == ["Invoice ACM-2026-0001 from Acme", "Invoice ACM-2026-0002 from Acme"]


@pytest.mark.rel(26)
@months.renders
def test_however_often_somebody_looks_a_period_has_one_invoice(automatic: BillingTerms) -> None:
    customer("Anna", "Europe/London")

    assert look("2026-11-01 06:00", "2026-11-01 06:15", "2026-11-01 05:00", "2026-11-02 06:00", "2026-11-01 07:00") == ["Anna"]
    assert (InvoiceRun.objects.count(), Job.objects.filter(kind="invoices.due", state="done").count()) == (1, 3)


@pytest.mark.rel(30)
@months.renders
def test_clocks_that_change_neither_skip_nor_repeat_a_month(automatic: BillingTerms) -> None:
    customer("London", "Europe/London")  # the hour from 1:00 to 2:00 comes twice there on 25 October
    customer("Havana", "America/Havana")  # midnight of 1 November comes twice there
    customer("Sydney", "Australia/Sydney")

    hours = [f"2026-{day} {hour:02}:00" for day in ("10-25", "10-31", "11-01") for hour in range(0, 24, 2)]
    assert look(*hours) == ["Havana", "London", "Sydney"]


@months.renders
def test_what_was_held_back_comes_the_next_day(automatic: BillingTerms) -> None:
    anna = customer("Anna", "Europe/London")
    Customer.objects.filter(pk=anna.pk).update(time_zone="Europe/Atlantis")
    with time_machine.travel(datetime(2026, 11, 1, 6, tzinfo=UTC), tick=False):
        assert schedule.run(datetime(2026, 11, 1, tzinfo=UTC).date(), "Europe/London", at=datetime.now(UTC)) is None
    Customer.objects.filter(pk=anna.pk).update(time_zone="Europe/London")

    assert look("2026-11-02 06:00") == ["Anna"]


def test_a_reseller_that_issues_by_hand_waits_for_its_run(acme: Any) -> None:
    customer("Anna", "Europe/London")

    assert look("2026-11-01 06:00") == []
    assert not Job.objects.filter(kind="invoices.due").exists()


def test_beat_asks_every_reseller(automatic: BillingTerms) -> None:
    customer("Anna", "Europe/London")

    with time_machine.travel(datetime(2026, 11, 1, 6, tzinfo=UTC), tick=False):
        tasks.look_for_due_periods()

    assert list(Job.objects.filter(kind="invoices.due").values_list("key", flat=True)) == ["invoices.due:Europe/London:2026-11-01"]
