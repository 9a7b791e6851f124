"""The rate of a call's day (semantics 20): which one counts, to which decimal, and when there is none."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from billing_portal.tenancy.domain import exchange
from billing_portal.tenancy.models import ExchangeRate
from rateplans.models import OwnExchangeRate

DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)


def known(currency: str, per_euro: str, day: date = DAY) -> None:
    ExchangeRate.objects.create(day=day, currency=currency, per_euro=Decimal(per_euro))


def own(currency: str, per_euro: str, day: date = DAY) -> None:
    OwnExchangeRate.objects.create(day=day, currency=currency, per_euro=Decimal(per_euro), made_by="Jane")


def test_a_rate_is_b_by_a_half_up_to_ten_decimals(acme: Any) -> None:
    known("GBP", "0.8765")
    known("USD", "1.1573")
    assert [str(exchange.rate(*pair, NEXT)) for pair in (("GBP", "USD"), ("USD", "GBP"), ("EUR", "USD"), ("USD", "EUR"))] == [
        "1.3203650884",
        "0.7573662836",
        "1.1573000000",
        "0.8640801866",
    ]


def test_a_currency_into_itself_is_one_without_any_table(acme: Any) -> None:
    assert [exchange.rate(code, code, NEXT) for code in ("USD", "EUR")] == [Decimal(1), Decimal(1)]


def test_the_latest_rate_before_the_calls_day_counts(acme: Any) -> None:
    known("USD", "1.10", DAY - timedelta(days=2))
    known("USD", "1.20", DAY)
    known("USD", "1.30", NEXT)
    assert [str(exchange.rate("EUR", "USD", day)) for day in (DAY, NEXT, NEXT + timedelta(days=1))] == ["1.1000000000", "1.2000000000", "1.3000000000"]


def test_a_rate_counts_for_seven_days_and_no_longer(acme: Any) -> None:
    known("USD", "1.20")
    assert exchange.rate("EUR", "USD", DAY + timedelta(days=7)) == Decimal("1.2")
    assert exchange.rate("EUR", "USD", DAY + timedelta(days=8)) is None
    assert exchange.rate("EUR", "USD", DAY) is None


def test_the_day_is_that_of_utc(acme: Any) -> None:
    known("USD", "1.20")
    in_auckland = datetime(2026, 11, 21, 12, 59, tzinfo=timezone(timedelta(hours=13)))
    assert exchange.rate("EUR", "USD", in_auckland) is None
    assert exchange.rate("EUR", "USD", datetime(2026, 11, 21, tzinfo=UTC)) == Decimal("1.2")


def test_a_resellers_own_rate_wins_though_it_is_older(acme: Any) -> None:
    known("USD", "1.20")
    own("USD", "1.25", DAY - timedelta(days=3))
    assert exchange.rate("EUR", "USD", NEXT) == Decimal("1.25")


def test_an_own_rate_that_is_too_old_gives_way_to_the_platforms(acme: Any) -> None:
    known("USD", "1.20")
    own("USD", "1.25", DAY - timedelta(days=7))
    assert exchange.rate("EUR", "USD", NEXT) == Decimal("1.2")


def test_another_resellers_own_rate_counts_for_nobody_else(acme: Any, request: pytest.FixtureRequest) -> None:
    known("USD", "1.20")
    own("USD", "1.25")
    request.getfixturevalue("globex")
    assert exchange.rate("EUR", "USD", NEXT) == Decimal("1.2")


def test_without_one_of_the_two_there_is_none(acme: Any) -> None:
    known("USD", "1.20")
    assert exchange.rate("USD", "GBP", NEXT) is None
