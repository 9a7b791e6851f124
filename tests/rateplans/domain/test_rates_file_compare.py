from decimal import Decimal

import pytest

from rateplans.domain.rates_file import Change, Comparison, compare
from rateplans.domain.rating import Rate

D = Decimal


def by_prefix(*rates: Rate) -> dict[str, Rate]:
    return {rate.prefix: rate for rate in rates}


OLD = by_prefix(Rate("1", "US", D("0.01")), Rate("44", "UK", D("0.02")), Rate("46", "SE", D("0.03")), Rate("47", "NO", D("0.04")), Rate("49", "DE", D("0.05")))
NEW = by_prefix(
    Rate("1", "US", D("0.01")),
    Rate("44", "UK", D("0.21")),
    Rate("46", "SE", D("0.015")),
    Rate("47", "NO", D("0.04"), increment=60),
    Rate("33", "FR", D("0.06")),
)


def test_a_new_file_is_compared_with_what_is_in_force() -> None:
    assert compare(OLD.values(), NEW) == Comparison(
        new=1, removed=1, kept=0, dearer=1, cheaper=1, altered=1, unchanged=1,
        largest=[Change("44", "UK", D("0.02"), D("0.21")), Change("46", "SE", D("0.03"), D("0.015"))],
        suspicious=[Change("44", "UK", D("0.02"), D("0.21"))],
    )  # fmt: skip


def test_rates_that_are_added_leave_the_others_in_place() -> None:
    added = compare(OLD.values(), NEW, add=True)

    assert (added.removed, added.kept) == (0, 1)


@pytest.mark.rel(23)
def test_prices_of_zero_and_more_than_ten_times_the_old_are_suspicious() -> None:
    old = by_prefix(Rate("1", "US", D("0.01")), Rate("2", "EG", D("0.01")), Rate("3", "FR", D(0)), Rate("4", "CH", D("0.01")))
    new = by_prefix(Rate("1", "US", D(0)), Rate("2", "EG", D("0.100001")), Rate("3", "FR", D(0)), Rate("4", "CH", D("0.1")), Rate("5", "BR", D(0)))

    assert [change.prefix for change in compare(old.values(), new).suspicious] == ["1", "2", "5"]
    assert [change.prefix for change in compare(old.values(), new).largest] == ["1", "2", "4"]


def test_the_connection_charge_and_the_minimum_decide_where_the_minutes_agree() -> None:
    old = by_prefix(Rate("1", "US", D("0.01"), D("0.05")), Rate("2", "EG", D("0.01"), minimum=D("0.05")))
    new = by_prefix(Rate("1", "US", D("0.01"), D("0.06")), Rate("2", "EG", D("0.01"), minimum=D("0.04")))

    assert (compare(old.values(), new).dearer, compare(old.values(), new).cheaper, compare(old.values(), new).largest) == (1, 1, [])
