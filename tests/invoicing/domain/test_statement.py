"""A statement says every movement in words and adds up to the last digit."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.kernel.period import Period
from customers.domain import ledger
from customers.models import BillingType, Customer, Kind
from invoicing.domain import statement
from tests.support import months, world
from tests.support.months import D, calls, issue, money, moved
from tests.support.world import jane

pytestmark = pytest.mark.django_db
AUTUMN = Period(date(2026, 9, 1), date(2026, 12, 1), "Europe/London")


@pytest.fixture
def anna() -> Customer:
    return world.customer("Anna Ltd", taxes=(world.vat("20"),))


def test_every_kind_in_words(anna: Customer, first: datetime) -> None:
    calls(anna, "2026-10-03 09:00", price="1.0041")
    wrong = moved(Kind.CHARGE, anna, "5.00", "2026-10-04 09:00", note="SIM card")
    ledger.reverse(wrong, at=months.local("2026-10-05 09:00"), actor=jane, key="back", note="SIM card")
    moved(Kind.ADJUSTMENT, anna, "-2.00", "2026-10-06 09:00", note="Forgotten in May")
    moved(Kind.OPENING, anna, "3.00", "2026-10-07 09:00")
    issue("2026-11-01", first)

    told = statement.of(anna, AUTUMN)

    assert [(row.text, row.detail, money(row.amount), row.number) for row in told.rows] == [
        ("Calls of 3 October 2026", "", "-1.0041", ""),
        ("SIM card", "Charge", "-5.00", ""),
        ("Taken back: SIM card", "Charge", "5.00", ""),
        ("Forgotten in May", "Adjustment", "-2.00", ""),
        ("Opening balance", "", "3.00", ""),
        ("VAT 20 on ACM-2026-0001", "", "-0.20", "ACM-2026-0001"),
        ("Rounding on ACM-2026-0001", "", "0.0041", "ACM-2026-0001"),
    ]
    assert told.closing == world.balance(anna) == D("-0.20")


def test_it_begins_with_what_stood_before(anna: Customer) -> None:
    calls(anna, "2026-09-30 09:00", price="1.0000")
    calls(anna, "2026-10-01 09:00", price="2.0000")

    told = statement.of(anna, Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/London"))

    assert (money(told.opening), [money(row.amount) for row in told.rows], money(told.closing)) == ("-1.00", ["-2.00"], "-3.00")
    assert (money(told.money_in), money(told.money_out)) == ("0.00", "-2.00")


def test_it_runs_by_when_a_movement_was_posted(anna: Customer) -> None:
    late = months.local("2026-11-02 09:00")
    ledger.post(Kind.CHARGE, anna, D("1.00"), at=late, occurred_at=months.local("2026-10-02 09:00"), actor=jane, key="late")

    assert statement.of(anna, Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/London")).rows == []
    assert len(statement.of(anna, Period(date(2026, 11, 1), date(2026, 12, 1), "Europe/London")).rows) == 1


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["charge", "payment", "credit", "topup"]), st.integers(1, 10**9)), max_size=12))
def test_the_last_row_is_the_balance_whatever_happened(moves: list[tuple[str, int]]) -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    for kind, millionths in moves:
        moved(Kind(kind), pat, str(D(millionths).scaleb(-6)), "2026-10-02 09:00")

    told = statement.of(pat, AUTUMN)

    assert told.closing == world.balance(pat)
    assert statement.balance_before(pat, datetime(2027, 1, 1, tzinfo=UTC)) == world.balance(pat)


def test_the_usual_statement_is_of_three_months() -> None:
    usual = statement.last_months(date(2026, 1, 15), "Europe/London")
    assert (usual.start, usual.last_day) == (date(2025, 11, 1), date(2026, 1, 15))
