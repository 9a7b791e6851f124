"""October of a company that pays later, told to the last penny: calls, the invoice, its mail, the payment."""

from datetime import UTC, datetime

import pytest
from django.core import mail as mailing

from customers.models import Kind, Standing
from invoicing.domain import overdue, payments
from invoicing.domain.ledger_check.check import check
from tests.support import months, world
from tests.support.months import D, calls, destinations, dialled, due, figures, identity, issue, lines, money, run_jobs
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, months.renders]


def test_october() -> None:
    plan = world.plan(due_days=14, rates={"4420": ("United Kingdom - London", "0.0121"), "4915": ("Germany - Mobile", "0.0333"), "1": ("USA", "7")})
    anna = world.customer("Anna Ltd", on=plan, taxes=(world.vat("20"),), limit="500.00", billing_email="billing@anna.example")
    dialled(anna, "2026-10-03 09:00", "+44 20 7946 0123", seconds=61, times=100, line="1001")
    dialled(anna, "2026-10-31 23:59", "+49 1512 345 6789", seconds=90, line="1002")
    dialled(anna, "2026-11-01 00:00", "+1 212 555 0187", seconds=60)
    months.moved(Kind.FEE, anna, "10.00", "2026-11-01 00:00", note="Line 1001, November 2026", about=("line", anna.pk))
    months.moved(Kind.CREDIT, anna, "2.00", "2026-10-15 12:00", note="Goodwill")

    [october] = issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))

    assert october.number == "ACM-2026-0001"
    assert lines(october) == [
        ("Calls", "October 2026, 101 calls, 103:10 minutes", "1.28"),
        ("Goodwill", "Credit, 15 October 2026", "-2.00"),
        ("Line 1001, November 2026", "Fee, 1 November 2026", "10.00"),
    ]
    assert figures(october) == ("9.28", "1.86", "11.14")
    assert destinations(october) == [("United Kingdom - London", 100, 6100, "1.23"), ("Germany - Mobile", 1, 90, "0.05")]
    assert (str(october.issued_on), str(october.due_on)) == ("2026-11-01", "2026-11-15")
    assert money(world.balance(anna)) == "-18.14"
    assert identity(anna) == 0

    assert run_jobs(but="invoices.overdue") == ["invoices.render", "invoices.mail", "mail.deliver"]
    [mail] = mailing.outbox
    assert (mail.to, mail.subject) == (["billing@anna.example"], "Invoice ACM-2026-0001 from Acme")
    assert [(name, kind) for name, _content, kind in mail.attachments] == [("ACM-2026-0001.pdf", "application/pdf")]
    assert mail.attachments[0][1].startswith(b"%PDF-")

    payments.record(anna, D("11.14"), reference="BACS 17", actor=jane, at=datetime(2026, 11, 9, 12, tzinfo=UTC), key="form-1")

    assert due(october) == "0.00"
    assert money(world.balance(anna)) == "-7.00"
    assert check().differences == []


def test_november_takes_what_came_late_as_an_earlier_period() -> None:
    anna = world.customer("Anna Ltd", taxes=(world.vat("20"),))
    calls(anna, "2026-10-03 09:00", price="1.0000")
    [october] = issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))
    calls(anna, "2026-10-30 09:00", price="0.4000")
    calls(anna, "2026-11-02 09:00", price="0.5000")

    [november] = issue("2026-12-01", datetime(2026, 12, 1, 6, tzinfo=UTC))

    assert (str(november.period_start), str(november.period_end)) == ("2026-11-01", "2026-12-01")
    assert lines(november) == [("Calls", "November 2026, 1 call, 1:00 minutes", "0.50"), ("Calls", "October 2026, 1 call, 1:00 minutes", "0.40")]
    assert [line["earlier"] for line in november.snapshot["lines"]] == [False, True]
    assert figures(november) == ("0.90", "0.18", "1.08")
    assert (november.snapshot["previous_balance"], november.snapshot["to_pay"]) == ("1.200000", "2.280000")
    assert (due(october), due(november)) == ("1.20", "1.08")
    assert identity(anna) == 0


def test_who_is_never_seen_to_pay_is_overdue_the_day_after_the_due_date() -> None:
    anna = world.customer("Anna Ltd")
    calls(anna, "2026-10-03 09:00", price="5.0000")
    [october] = issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC))

    overdue.refresh([anna.pk], at=datetime(2026, 11, 15, 23, tzinfo=UTC))
    assert Standing.objects.get(customer=anna).overdue_since is None
    overdue.refresh([anna.pk], at=datetime(2026, 11, 16, 0, tzinfo=UTC))
    assert Standing.objects.get(customer=anna).overdue_since == october.due_on

    payments.record(anna, D("5.00"), reference="late", actor=jane, at=datetime(2026, 11, 20, tzinfo=UTC), key="form-2")
    assert Standing.objects.get(customer=anna).overdue_since is None
