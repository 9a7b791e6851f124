from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_portal.kernel.errors import DomainError
from rateplans.domain.rating import ONE, Priced, Rate, Step, price_call

D = Decimal


def rate(increments: str, per_minute: str, *, connect: str = "0", included: int = 0, minimum: str = "0") -> Rate:
    initial, increment = increments.split("/")
    return Rate("4420", "UK - London", D(per_minute), D(connect), int(initial), int(increment), included, D(minimum))


def answered(rate: Rate, seconds: int, *, exchange_rate: Decimal = ONE, charge_connection_at_zero: bool = False) -> Priced:
    return price_call(rate, answered=True, seconds=seconds, precision=4, exchange_rate=exchange_rate, charge_connection_at_zero=charge_connection_at_zero)


@pytest.mark.rel(5)
@pytest.mark.parametrize(
    ("rated", "seconds", "billed", "price"),
    [
        (rate("30/6", "0.006"), 32, 36, "0.0036"),
        (rate("30/6", "0.006"), 57, 60, "0.0060"),
        (rate("30/6", "0.006"), 75, 78, "0.0078"),
        (rate("1/1", "0.06"), 59, 59, "0.0590"),
        (rate("60/60", "0.06"), 61, 120, "0.1200"),
        (rate("60/6", "0.10", connect="0.05"), 1, 60, "0.1500"),
        (rate("60/6", "0.10", connect="0.05"), 60, 60, "0.1500"),
        (rate("60/6", "0.10", connect="0.05"), 61, 66, "0.1600"),
        (rate("1/1", "0.10", connect="0.05", included=30), 30, 0, "0.0500"),
        (rate("1/1", "0.10", connect="0.05", included=30), 31, 1, "0.0517"),
        (rate("1/1", "0.10", minimum="0.05"), 3, 3, "0.0500"),
        (rate("60/60", "12.50"), 7200, 7200, "1500.0000"),
        (rate("1/1", "0.05"), 60, 60, "0.0500"),
    ],
)
def test_the_vectors_of_the_billing_rules(rated: Rate, seconds: int, billed: int, price: str) -> None:
    priced = answered(rated, seconds)

    assert (priced.billed_seconds, str(priced.price)) == (billed, price)


def test_a_long_call_costs_more_than_one_and_is_written_without_thousands_marks() -> None:
    """ASTPP 276: a call of more than 4,500 s was always debited 1."""
    assert answered(rate("60/60", "12.50"), 7200).steps[-1] == Step("price", "Price, rounded once", "1500.0000")


def test_a_minute_of_one_second_increments_costs_a_minute() -> None:
    """IvozProvider 692 and cgrates 361: rounding each increment made 0.0480 or 0.0540 of 0.05 a minute."""
    assert answered(rate("1/1", "0.05"), 60).price == D("0.05")


def test_half_a_unit_is_rounded_up_and_only_from_the_exact_fraction() -> None:
    assert answered(rate("1/1", "0.003"), 1).price == D("0.0001")  # exactly half of it
    assert answered(rate("1/1", "0.002999999999999999999999999999999"), 1).price == D("0.0000")


def test_an_unanswered_call_is_free() -> None:
    priced = price_call(rate("1/1", "0.10", connect="0.05", minimum="1"), answered=False, seconds=30, precision=4, charge_connection_at_zero=True)

    assert (str(priced.price), str(priced.net), priced.billed_seconds) == ("0.0000", "0E-12", 0)


def test_an_answered_call_of_no_seconds_is_free() -> None:
    assert answered(rate("60/60", "0.10", connect="0.05", minimum="0.20"), 0).price == 0


def test_an_answered_call_of_no_seconds_costs_the_connection_where_the_plan_says_so() -> None:
    priced = answered(rate("60/60", "0.10", connect="0.05"), 0, charge_connection_at_zero=True)

    assert (priced.price, priced.billed_seconds) == (D("0.05"), 0)


def test_a_price_is_converted_before_it_is_rounded() -> None:
    priced = answered(rate("1/1", "0.10"), 1, exchange_rate=D("1.1734567891"))

    assert priced.price == D("0.0020")
    assert str(priced.net) == "0.001666666667"
    assert priced.steps[-2:] == (Step("exchange", "Converted at 1.1734567891", "0.001956"), Step("price", "Price, rounded once", "0.0020"))


@pytest.mark.parametrize(("precision", "price"), [(0, "0"), (2, "0.02"), (4, "0.0167"), (6, "0.016667")])
def test_the_plan_decides_the_decimals(precision: int, price: str) -> None:
    assert str(price_call(rate("1/1", "0.10"), answered=True, seconds=10, precision=precision).price) == price


def test_a_call_cannot_last_less_than_nothing() -> None:
    with pytest.raises(DomainError, match="negative_seconds"):
        answered(rate("1/1", "0.10"), -1)


def test_the_steps_tell_the_price_in_words() -> None:
    priced = answered(rate("60/6", "0.071", connect="0.05"), 187)

    assert priced.steps == (
        Step("matched", "Matched rate 4420 UK - London", "4420"),
        Step("talked", "Talked 3 min 7 s", "187"),
        Step("increments", "Increments 60/6: 192 s billed", "192"),
        Step("usage", "192 s at 0.0710 a minute", "0.2272"),
        Step("connection", "Connection charge 0.0500", "0.0500"),
        Step("price", "Price, rounded once", "0.2772"),
    )


def test_included_seconds_and_the_minimum_are_told_where_they_count() -> None:
    included = answered(rate("1/1", "0.10", included=30), 31)
    minimum = answered(rate("1/1", "0.10", minimum="0.05"), 3)

    assert Step("included", "Included: the first 30 s", "30") in included.steps
    assert Step("minimum", "Minimum 0.0500", "0.0500") in minimum.steps
    assert "minimum" not in [step.label_code for step in answered(rate("1/1", "0.10", minimum="0.05"), 60).steps]


def test_a_free_call_says_why() -> None:
    unanswered = price_call(rate("1/1", "0.10"), answered=False, seconds=0, precision=4)

    assert [step.text for step in unanswered.steps] == ["Matched rate 4420 UK - London", "Not answered: free of charge", "Price, rounded once"]
    assert answered(rate("1/1", "0.10"), 0).steps[1].text == "Answered, but no second talked: free of charge"


prices = st.decimals(0, 1000, places=6)


@pytest.mark.rel(5)
@given(
    st.builds(Rate, st.just("1"), st.just("x"), prices, prices, st.integers(1, 120), st.integers(1, 120), st.integers(0, 120), prices),
    st.integers(1, 10_000),
    st.integers(0, 6),
)
def test_every_price_equals_the_rule_written_in_fractions(rated: Rate, seconds: int, precision: int) -> None:
    left = max(0, seconds - rated.included_seconds)
    billed = 0 if left == 0 else rated.initial_increment
    while 0 < billed < left:
        billed += rated.increment
    exact = max(Fraction(rated.connection_charge) + billed * Fraction(rated.per_minute) / 60, Fraction(rated.minimum))
    rounded = (exact * 10**precision + Fraction(1, 2)).__floor__()

    priced = price_call(rated, answered=True, seconds=seconds, precision=precision)

    assert (priced.billed_seconds, Fraction(priced.price)) == (billed, Fraction(rounded, 10**precision))
