"""Lists: everything in the address, nothing of it in the query unchecked."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import Role, User
from billing_portal.web.listing import Chip, Listing, Totals

CHIPS = (Chip("support", "Support", Q(role=Role.SUPPORT)), Chip("reports", "Reports", Q(role=Role.REPORTS)))


def listing(query: str = "", **changes: Any) -> Listing:
    options: dict[str, Any] = {
        "sorts": {"name": ("full_name",), "role": ("role", "full_name")},
        "default": "name",
        "search": ("full_name__icontains",),
        "chips": CHIPS,
    }
    return Listing(QueryDict(query), User.objects.filter(username__startswith="listed"), **{**options, **changes})


@pytest.fixture
def people(acme: Any) -> None:
    User.objects.bulk_create(User(username=f"listed{n:02}", full_name=f"Person {n:02}", role=Role.SUPPORT if n % 3 else Role.REPORTS) for n in range(30))


def names(shown: Listing) -> list[str]:
    return [user.full_name for user in shown]


@pytest.mark.usefixtures("people")
def test_a_list_begins_with_its_first_page_in_its_own_order() -> None:
    shown = listing()

    assert (shown.total, len(shown), names(shown)[0]) == (30, 25, "Person 00")


@pytest.mark.usefixtures("people")
def test_search_chip_order_and_page_are_in_the_address() -> None:
    shown = listing("q=person+1&show=support&sort=-name&size=10")

    assert names(shown)[:2] == ["Person 19", "Person 17"]
    assert shown.query(page=2) == "?q=person+1&show=support&sort=-name&size=10&page=2"
    assert shown.query_for_sort("name") == "?q=person+1&show=support&size=10"


@pytest.mark.usefixtures("people")
def test_chips_count_within_the_search() -> None:
    assert [(str(chip.label), chip.count, chip.current) for chip in listing("q=person+1").shown_chips("All")] == [
        ("All", 10, True),
        ("Support", 7, False),
        ("Reports", 3, False),
    ]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("query", ["sort=password", "sort=-user__password", "size=100000", "page=999", "page=x", "show=nothing", "q=%00%E2%80%AE", "sort="])
def test_an_address_that_asks_for_something_else_shows_the_list(query: str) -> None:
    shown = listing(query)

    assert (shown.sorting, shown.size, shown.chip, shown.total) == ("name", 25, "", 30)


@pytest.mark.usefixtures("people")
def test_a_page_costs_two_queries_however_many_rows() -> None:
    for query in ("size=10", "size=100"):
        with CaptureQueriesContext(
            connection,
        ) as ran:
            shown = listing(query)
            names(shown)
            shown.shown_chips("All")
        assert len(ran) == 2


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("query", "totals"),
    [
        ("", [("reports", 10, 20), ("support", 20, 40)]),
        ("show=support", [("support", 20, 40)]),
        ("q=person+1&show=reports", [("reports", 3, 6)]),
        ("q=nobody", []),
    ],
)
def test_totals_are_of_what_search_and_chip_leave_and_cost_no_query_more(query: str, totals: list[tuple[str, int, int]]) -> None:
    with CaptureQueriesContext(connection) as ran:
        shown = listing(query, totals=Totals(by="role", count="people", sums={"twos": Value(2)}))
        names(shown)
        shown.shown_chips("All")
        found = [(row["role"], row["people"], row["twos"]) for row in shown.totals]

    assert (found, len(ran)) == (totals, 2 if totals else 1)


@pytest.mark.usefixtures("people")
def test_a_list_without_totals_has_none() -> None:
    assert listing().totals == []


@pytest.mark.parametrize(("query", "expected"), [("", ["anna", "Bea", "Zoe"]), ("sort=-name", ["Zoe", "Bea", "anna"])])
def test_a_column_may_be_sorted_by_its_lower_case(acme: Any, query: str, expected: list[str]) -> None:
    User.objects.bulk_create(User(username=f"listed-{name}", full_name=name, role=Role.SUPPORT) for name in ("Bea", "Zoe", "anna"))

    assert names(listing(query, sorts={"name": (Lower("full_name"),)})) == expected


def test_a_search_may_be_a_function_of_the_term(acme: Any) -> None:
    User.objects.create(username="listed-x", full_name="Zed", role=Role.SUPPORT)

    assert names(listing("q=zed", search=lambda term: Q(full_name__iexact=term))) == ["Zed"]


def test_filters_of_the_page_itself_stay_in_its_links(acme: Any) -> None:
    shown = listing("from=2026-10-01&other=x", keep=("from",))

    assert shown.query(page=2) == "?from=2026-10-01&page=2"
    assert shown.filtered
