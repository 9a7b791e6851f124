"""How amounts, times and numbers are written on screens."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing_portal.web import display

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_an_amount_has_groups_a_true_minus_and_the_currencys_digits() -> None:
    assert display.amount(Decimal("-1182.4"), "GBP") == "−1,182.40"
    assert display.amount(Decimal("1182.4"), "JPY") == "1,182"
    assert display.amount(Decimal("-0.001"), "GBP") == "0.00"


def test_a_price_has_four_digits_or_all_that_it_has() -> None:
    assert display.price(Decimal("0.02")) == "0.0200"
    assert display.price(Decimal("0.012345")) == "0.012345"
    assert display.price(Decimal("1.500000")) == "1.5000"


@pytest.mark.parametrize(("balance", "word"), [("-12.00", "owes"), ("4.12", "has"), ("0", "settled"), ("-0.001", "settled")])
def test_a_balance_is_said_in_a_word(balance: str, word: str) -> None:
    assert display.owing(Decimal(balance)) == word


def test_today_is_a_time_this_year_has_no_year() -> None:
    assert display.short(datetime(2026, 11, 21, 10, 51, tzinfo=UTC), "Europe/London", NOW) == "10:51"
    assert display.short(datetime(2026, 11, 18, 10, 51, tzinfo=UTC), "Europe/London", NOW) == "18 Nov"
    assert display.short(datetime(2025, 11, 18, 10, 51, tzinfo=UTC), "Europe/London", NOW) == "18 Nov 2025"


def test_today_is_the_day_of_the_zone() -> None:
    late = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)

    assert display.short(late, "America/New_York", NOW) == "20 Nov"
    assert display.moment(late, "America/New_York", NOW) == "20 Nov 22:00"
    assert display.exact(late, "America/New_York") == "20 Nov 2026 22:00:00"
    assert display.clock(late, "America/New_York") == "22:00:00"


def test_a_date_has_its_year_when_it_is_another() -> None:
    assert display.short_date(date(2026, 1, 2), date(2026, 11, 21)) == "2 Jan"
    assert display.short_date(date(2025, 1, 2), date(2026, 11, 21)) == "2 Jan 2025"
    assert display.full_date(date(2026, 1, 2)) == "2 Jan 2026"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61, "1:01"), (252, "4:12"), (3729, "1:02:09")])
def test_a_duration_is_written_like_a_clock(seconds: int, text: str) -> None:
    assert display.duration(seconds) == text


def test_a_percentage_stands_apart_from_its_sign() -> None:
    assert display.percent(Decimal("4.20")) == "4.2\u2009%"
    assert display.percent(Decimal("-17.5")) == "−17.5\u2009%"
    assert display.percent(Decimal("20")) == "20\u2009%"


def test_a_number_is_international_and_what_is_none_stays() -> None:
    assert display.number("442079460991") == "+44 20 7946 0991"
    assert display.number("1001") == "1001"
    assert display.number("anonymous") == "anonymous"
