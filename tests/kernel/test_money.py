from decimal import Decimal, InvalidOperation
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_portal.kernel import money

D = Decimal
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6)


@pytest.mark.parametrize(
    ("amount", "places", "rounded"),
    [
        ("0.00005", 4, "0.0001"),
        ("0.00004999", 4, "0.0000"),
        ("-0.00005", 4, "-0.0001"),
        ("2.5", 0, "3"),
        ("3.5", 0, "4"),
        ("-0.004", 2, "0.00"),
        ("1500", 4, "1500.0000"),
        ("99999999999999999999999999999999.995", 2, "100000000000000000000000000000000.00"),
    ],
)
def test_halves_go_away_from_zero(amount: str, places: int, rounded: str) -> None:
    assert str(money.round_half_up(D(amount), places)) == rounded


@pytest.mark.parametrize("amount", ["NaN", "sNaN"])
def test_what_is_no_amount_never_becomes_text_of_one(amount: str) -> None:
    with pytest.raises((InvalidOperation, ValueError)):
        money.divide_half_up(D(amount), 60, 4)


@pytest.mark.rel(5)
@given(amounts, st.integers(1, 10_000), st.integers(0, 6))
def test_a_quotient_is_rounded_once_from_the_exact_fraction(numerator: Decimal, denominator: int, places: int) -> None:
    exact = Fraction(numerator) / denominator
    result = money.divide_half_up(numerator, denominator, places)

    distance = abs(Fraction(result) - exact) * 10**places
    assert distance <= Fraction(1, 2)
    assert distance < Fraction(1, 2) or abs(Fraction(result)) > abs(exact)


def test_exact_arithmetic_refuses_to_round() -> None:
    assert money.EXACT.multiply(D("999999.999999"), D(10**20)) == D("99999999999900000000000000")
    with pytest.raises(ArithmeticError):
        money.EXACT.divide(D(1), D(3))


@pytest.mark.parametrize(("currency", "places"), [("GBP", 2), ("EUR", 2), ("jpy", 0), ("KWD", 3), ("IQD", 3), ("CLF", 4), ("XXX", 2)])
def test_minor_units_are_those_of_iso_4217(currency: str, places: int) -> None:
    assert money.minor_units(currency) == places


@pytest.mark.parametrize(
    ("amount", "currency", "whole"), [("33.339999", "GBP", "33.33"), ("0.009", "GBP", "0"), ("7", "GBP", "7"), ("-1.5", "GBP", "0"), ("9.9", "JPY", "9")]
)
def test_only_whole_minor_units_can_leave(amount: str, currency: str, whole: str) -> None:
    assert money.whole_minor(Decimal(amount), currency) == Decimal(whole)


def test_the_minor_unit_decides_the_rounding() -> None:
    assert [str(money.to_minor(D("1234.5"), currency)) for currency in ("GBP", "JPY", "BHD")] == ["1234.50", "1235", "1234.500"]


@pytest.mark.parametrize(
    ("total", "parts", "shares"),
    [
        ("0.10", ["0.0333", "0.0333", "0.0334"], ["0.03", "0.03", "0.04"]),
        ("1.00", ["1", "1", "1"], ["0.34", "0.33", "0.33"]),
        ("2.00", ["3.33", "3.33", "3.33"], ["0.67", "0.67", "0.66"]),
        ("-1.00", ["-1", "-1", "-1"], ["-0.33", "-0.33", "-0.34"]),
        ("0.00", ["100.004", "-100.00"], ["100.00", "-100.00"]),
        ("0.01", ["100.006", "-100"], ["100.01", "-100.00"]),
        ("0.01", ["0", "0.004", "0.004"], ["0.00", "0.01", "0.00"]),
        ("0.01", ["0", "0.006", "0"], ["0.00", "0.01", "0.00"]),
        ("5.00", ["0", "0"], ["2.50", "2.50"]),
        ("0.00", ["0", "0"], ["0.00", "0.00"]),
        ("0.01", ["1", "-1"], ["0.01", "0.00"]),
        ("0.00", [], []),
    ],
)
def test_a_total_is_spread_by_largest_remainder(total: str, parts: list[str], shares: list[str]) -> None:
    result = money.spread(D(total), [D(part) for part in parts], 2)

    assert sum(result, D(0)) == D(total)
    assert [str(share) for share in result] == shares


@pytest.mark.rel(6)
@given(st.lists(amounts, min_size=1, max_size=40))
def test_the_rounded_sum_spreads_with_no_share_off_by_a_whole_unit(parts: list[Decimal]) -> None:
    total = money.round_half_up(sum(parts, D(0)), 2)
    shares = money.spread(total, parts, 2)

    assert sum(shares, D(0)) == total
    assert all(abs(share - part) < D("0.01") for share, part in zip(shares, parts, strict=True))
    assert all(share == 0 for share, part in zip(shares, parts, strict=True) if part == 0)


@given(st.integers(-(10**12), 10**12), st.lists(amounts, min_size=1, max_size=20))
def test_any_total_spreads_exactly(units: int, weights: list[Decimal]) -> None:
    total = D(units).scaleb(-2)

    assert sum(money.spread(total, weights, 2), D(0)) == total


def test_a_total_finer_than_its_shares_cannot_be_spread() -> None:
    with pytest.raises(ValueError, match="more than 2 decimals"):
        money.spread(D("0.001"), [D(1)], 2)
    with pytest.raises(ValueError, match="no parts"):
        money.spread(D("0.01"), [], 2)


@pytest.mark.parametrize(("amount", "written"), [("0.0360", "0.0360"), ("1E+3", "1000"), ("1E-7", "0.0000001"), ("-12.50", "-12.50"), ("-0.00", "0.00")])
def test_plain_decimals_have_no_exponent(amount: str, written: str) -> None:
    assert money.plain(D(amount)) == written


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "written"),
    [
        ("1182.400000", "GBP", "en", "1,182.40 GBP"),
        ("-12", "GBP", "en", "−12.00 GBP"),
        ("10.9877", "GBP", "en", "10.9877 GBP"),
        ("-0.0000001", "GBP", "en", "0.00 GBP"),
        ("1500", "JPY", "en", "1,500 JPY"),
        ("1.5", "KWD", "en", "1.500 KWD"),
        ("1182.4", "EUR", "de", "1.182,40 EUR"),
        ("1182.4", "EUR", "pt-BR", "1.182,40 EUR"),
        ("-1182.4", "EUR", "sv_SE", "−1\u00a0182,40 EUR"),
        ("1234567.5", "INR", "en_IN", "12,34,567.50 INR"),
        ("99999999999999.999999", "USD", "en", "99,999,999,999,999.999999 USD"),
    ],
)
def test_amounts_for_people(amount: str, currency: str, locale: str, written: str) -> None:
    assert money.text(D(amount), currency, locale) == written


def test_a_fixed_number_of_decimals_can_be_asked_for() -> None:
    assert money.text(D("10.985"), "GBP", places=2) == "10.99 GBP"
    assert money.number(D("0.0036"), places=4) == "0.0036"
