from datetime import date
from decimal import Decimal

import pytest

from invoicing.documents import figures


@pytest.mark.parametrize(
    ("value", "currency", "written"),
    [
        ("1182.4", "GBP", "1,182.40"),
        ("-1182.40", "GBP", "−1,182.40"),
        ("0", "JPY", "0"),
        ("1234", "KWD", "1,234.000"),
        ("0.0123", "GBP", "0.0123"),
        ("10.987700", "GBP", "10.9877"),
    ],
)
def test_an_amount_has_the_currencys_decimals_and_loses_none_of_its_own(value: str, currency: str, written: str) -> None:
    assert figures.amount(Decimal(value), currency) == written


@pytest.mark.parametrize(("value", "written"), [("20", "20\xa0%"), ("20.00", "20\xa0%"), ("4.2", "4.2\xa0%"), ("0", "0\xa0%")])
def test_a_percentage_has_no_idle_zeros(value: str, written: str) -> None:
    assert figures.percent(Decimal(value)) == written


@pytest.mark.parametrize(("seconds", "written"), [(0, "0:00"), (20, "0:20"), (61, "1:01"), (234_684, "3,911:24")])
def test_minutes_carry_their_seconds(seconds: int, written: str) -> None:
    assert figures.minutes(seconds) == written


@pytest.mark.parametrize(
    ("start", "end", "days", "name"),
    [
        (date(2025, 10, 1), date(2025, 11, 1), "1 to 31 October 2025", "October 2025"),
        (date(2025, 12, 1), date(2026, 1, 1), "1 to 31 December 2025", "December 2025"),
        (date(2025, 10, 15), date(2025, 11, 15), "15 October to 14 November 2025", "15 October to 14 November 2025"),
        (date(2025, 12, 15), date(2026, 1, 15), "15 December 2025 to 14 January 2026", "15 December 2025 to 14 January 2026"),
        (date(2025, 10, 3), date(2025, 10, 4), "3 October 2025", "3 October 2025"),
        (date(2025, 10, 1), date(2026, 1, 1), "1 October to 31 December 2025", "1 October to 31 December 2025"),
        (None, None, "", ""),
    ],
)
def test_a_period_is_shown_with_both_its_days(start: date | None, end: date | None, days: str, name: str) -> None:
    assert (figures.period(start, end), figures.period_name(start, end)) == (days, name)
