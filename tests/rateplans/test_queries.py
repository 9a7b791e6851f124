"""Questions about plans and rates."""

from typing import Any

import pytest

from rateplans import queries
from rateplans.domain.decks import deck_of
from tests.rateplans.steps import HOUR, NOON, load, made
from tests.support import world


def prefixes(version: Any, term: str) -> list[str]:
    return [rate.prefix for rate in queries.rates(version, term)]


def test_a_plan_without_rates_has_no_version_and_no_deck(acme: Any) -> None:
    plan = made()
    assert queries.version_at(plan, NOON) is None
    assert deck_of(plan, NOON) is None


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("", ["1", "44", "4420", "44207"]),
        ("442079460991", ["44207", "4420", "44"]),
        ("+44 (20) 7946-0991", ["44207", "4420", "44"]),
        ("0044 151 4960123", ["44"]),
        ("44", ["44", "4420", "44207"]),
        ("4420", ["4420", "44", "44207"]),
        ("999", []),
        ("united", ["1", "44"]),
        ("100%", []),
        ("' or 1=1--", []),
    ],
)
def test_rates_are_found_by_number_and_by_words(acme: Any, term: str, found: list[str]) -> None:
    version = load(made(), b"prefix,destination,per minute\n1,United States,1\n44,United Kingdom,1\n4420,London,1\n44207,Central London,1\n")
    assert prefixes(version, term) == found


def test_the_longest_prefix_counts(acme: Any) -> None:
    version = load(made(), b"prefix,destination,per minute\n44,United Kingdom,1\n4420,London,1\n")
    assert [queries.longest_prefix(version, term) for term in ("442079460991", "44151", "33", "london")] == ["4420", "44", "", ""]


def test_a_new_version_counts_at_once_though_decks_are_kept(acme: Any) -> None:
    plan = made()
    load(plan, b"prefix,destination,per minute\n44,United Kingdom,1\n")
    first = deck_of(plan, NOON + HOUR)
    assert first is not None
    assert first[1] is (deck_of(plan, NOON) or (None, None))[1]
    load(plan, b"prefix,destination,per minute\n44,United Kingdom,2\n", at=NOON + HOUR)
    second = deck_of(plan, NOON + HOUR)
    assert second is not None
    assert str(second[1].rates[0].per_minute) == "2.000000"


def test_plans_know_the_version_in_force(acme: Any) -> None:
    plan = world.plan(position=1)
    made("Empty")
    load(plan, b"prefix,destination,per minute\n44,United Kingdom,2\n", at=NOON + HOUR)
    columns = ("name", "version_number", "rate_count", "version_since")
    then = list(queries.plans_with_version(NOON).values_list(*columns))
    now = list(queries.plans_with_version(NOON + HOUR).values_list(*columns))
    assert then == [("Standard", 1, 1, None), ("Empty", None, None, None)]
    assert now[0] == ("Standard", 2, 1, NOON + HOUR)
