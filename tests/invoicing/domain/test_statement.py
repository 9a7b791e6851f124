"""A statement says every movement in words and adds up to the last digit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from weakref import WeakSet

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.kernel.period import Period
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import BillingType, Customer, Kind, Transfer
from invoicing.domain import payments, statement
from tests.sizes import size
from tests.support import months, world
from tests.support.months import D, calls, issue, money, moved
from tests.support.world import jane

pytestmark = pytest.mark.django_db
AUTUMN = Period(date(2026, 9, 1), date(2026, 12, 1), "Europe/London")
MANY = size(1_200, 60_000)


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


def busy(of: Customer, movements: int) -> None:
    """So many calls that came in singly, every fifth movement a credit, and a payment after them all."""
    at = months.local("2026-10-03 09:00")
    kinds = [(Kind.CREDIT, "0.02") if number % 5 == 0 else (Kind.USAGE, "0.013001") for number in range(1, movements)]
    ledger.post_many(
        [Posting(kind, of, D(amount), f"busy:{of.pk}:{number}", at - timedelta(minutes=number)) for number, (kind, amount) in enumerate(kinds)],
        at=at,
        actor=jane,
    )
    payments.record(of, D("7.00"), reference="The last", actor=jane, at=at + timedelta(hours=1), key=f"last:{of.pk}")


def alive(act: Callable[[], object]) -> tuple[int, int]:
    """How many movements were read while something was done, and how many of them were held at once at most."""
    held: WeakSet[Transfer] = WeakSet()
    read: list[int] = []

    def note(instance: Transfer, **_signal: Any) -> None:
        held.add(instance)
        read.append(len(held))

    post_init.connect(note, sender=Transfer)
    try:
        act()
    finally:
        post_init.disconnect(note, sender=Transfer)
    return len(read), max(read)


@pytest.mark.rel(59)
def test_of_very_many_movements_a_thousand_are_read_and_the_rest_is_added_up(anna: Customer) -> None:
    bert = world.customer("Bert Ltd")
    busy(anna, MANY)
    busy(bert, 3)
    with CaptureQueriesContext(connection) as few:
        statement.of(bert, AUTUMN)
    with CaptureQueriesContext(connection) as many:
        told = statement.of(anna, AUTUMN)

    every = list(statement.each(anna, AUTUMN))

    assert (len(every), len(told.rows), told.rest.count) == (MANY, 1_000, MANY - 1_000)
    assert told.rows == every[:1_000]
    assert told.closing == every[-1].balance == world.balance(anna)
    assert told.money_in == sum(row.amount for row in every if row.amount > 0)
    assert told.money_out == sum(row.amount for row in every if row.amount < 0)
    assert len(many) <= len(few) + 1  # the sums of what is not shown; the names of payments are asked where there are any
    assert alive(lambda: statement.of(anna, AUTUMN)) == (1_001, 1_001)


@pytest.mark.rel(59)
def test_the_rows_of_a_file_are_read_in_pieces_and_named_in_pieces(anna: Customer) -> None:
    busy(anna, MANY)
    last: list[statement.Row] = []

    read, held = alive(lambda: last.extend(list(statement.each(anna, AUTUMN))[-1:]))

    assert read == MANY
    assert held <= 2 * statement.AT_ONCE  # the piece at hand, and the one before it until it is let go
    assert [(row.text, row.detail, row.balance) for row in last] == [("Payment", "The last", world.balance(anna))]


def test_a_settlement_beyond_what_is_shown_neither_comes_in_nor_goes_out() -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    moved(Kind.TOPUP, pat, "9.00", "2026-10-02 09:00")
    busy(pat, 1_001)
    moved(Kind.SETTLE, pat, "4.00", "2026-10-05 09:00")

    told = statement.of(pat, AUTUMN)

    assert told.rest.count == 3
    assert told.money_in + told.money_out == told.closing == world.balance(pat)
    assert told.money_in == D("9.00") + D("7.00") + 200 * D("0.02")
