"""October of a company that pays first: a top-up with its tax, calls that use it up, no invoice, and a statement that says it all."""

from datetime import UTC, date, datetime

import pytest

from billing_portal.kernel.period import Period
from customers.models import AccountKind, BillingType, Standing, Transfer
from invoicing.domain import payments, statement
from tests.support import months, world
from tests.support.months import D, calls, issue, money, reasons
from tests.support.world import jane

pytestmark = pytest.mark.django_db


def test_october() -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))

    payments.record(pat, D("60.00"), reference="Card 4242", actor=jane, at=datetime(2026, 10, 1, 8, tzinfo=UTC), key="top-up-1")
    calls(pat, "2026-10-03 09:00", price="0.0123", times=100)
    calls(pat, "2026-10-04 09:00", price="0.0500")

    assert money(world.balance(pat)) == "48.72"
    assert Standing.objects.get(customer=pat).receivable == 0
    assert reasons("2026-11-01") == [("Pat Ltd", "prepaid")]
    assert issue("2026-11-01", datetime(2026, 11, 1, 6, tzinfo=UTC)) == []

    told = statement.of(pat, Period(date(2026, 10, 1), date(2026, 11, 1), pat.time_zone))
    assert [(row.text, row.detail, money(row.amount), money(row.balance)) for row in told.rows] == [
        ("Top-up", "Card 4242 · 60.00 GBP paid, 10.00 GBP of it tax", "50.00", "50.00"),
        ("Calls of 3 October 2026", "", "-1.23", "48.77"),
        ("Calls of 4 October 2026", "", "-0.05", "48.72"),
    ]
    assert (money(told.opening), money(told.closing)) == ("0.00", "48.72")


def test_the_tax_of_a_top_up_is_payable_and_not_the_customers() -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("19"), world.vat("1")))

    payments.record(pat, D("10.00"), reference="", actor=jane, at=datetime(2026, 10, 1, 8, tzinfo=UTC), key="top-up-1")

    moved = Transfer.objects.filter(customer=pat).order_by("amount").values_list("kind", "debit__kind", "credit__kind", "amount")
    assert [(*row[:3], money(row[3])) for row in moved] == [
        ("topup", AccountKind.CASH_CLEARING, AccountKind.TAX_PAYABLE, "0.08"),
        ("topup", AccountKind.CASH_CLEARING, AccountKind.TAX_PAYABLE, "1.59"),
        ("topup", AccountKind.CASH_CLEARING, AccountKind.WALLET, "8.33"),
    ]
    assert months.identity(pat) == 0
