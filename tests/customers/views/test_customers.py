"""The list of customers as staff see it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.domain import locks
from customers.models import Customer, Lock, Standing
from tests.support import world


def listed(browser: Any, query: str = "") -> list[str]:
    answer = browser.get(f"/customers/{query}")
    assert answer.status_code == 200
    return [row["customer"].name for row in answer.context["rows"]]


@pytest.fixture
def three(acme: Any) -> None:
    """One customer near its limit, one over it, one overdue."""
    near, over, overdue = world.customer("Near", limit="100"), world.customer("Over", limit="100"), world.customer("Due", limit="100")
    Standing.objects.filter(customer=near).update(receivable=Decimal(-81))
    Standing.objects.filter(customer=over).update(receivable=Decimal("-100.01"))
    Standing.objects.filter(customer=overdue).update(overdue_since=date(2026, 11, 1), receivable=Decimal(-5))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Due", "Near", "Over"]),
        ("?q=nea", ["Near"]),
        ("?show=near", ["Near"]),
        ("?show=over", ["Over"]),
        ("?show=overdue", ["Due"]),
        ("?show=inactive", []),
        ("?sort=-balance", ["Due", "Near", "Over"]),
        ("?sort=available", ["Over", "Near", "Due"]),
        ("?size=10&page=1", ["Due", "Near", "Over"]),
    ],
)
def test_search_chips_and_order(commerce: Any, three: None, query: str, names: list[str]) -> None:
    assert listed(commerce, query) == names


def test_each_state_is_a_word(commerce: Any, three: None) -> None:
    answer = commerce.get("/customers/")

    kinds = {row["customer"].name: (row["state_pill"].kind, str(row["state_pill"].label).split(" ")[0]) for row in answer.context["rows"]}
    assert kinds == {"Near": ("warn", "Near"), "Over": ("bad", "Over"), "Due": ("bad", "Overdue")}


def test_totals_are_one_per_currency(commerce: Any, three: None) -> None:
    Standing.objects.filter(customer=world.customer("Dollars", currency="USD")).update(wallet=Decimal(7))

    totals = commerce.get("/customers/").context["totals"]

    assert [(row["currency"], row["customers"], row["balance"]) for row in totals] == [("GBP", 3, Decimal("-186.01")), ("USD", 1, Decimal(7))]


def test_the_list_costs_the_same_for_one_row_and_for_three(commerce: Any, three: None) -> None:
    commerce.get("/customers/")
    with CaptureQueriesContext(connection) as one:
        listed(commerce, "?q=near")
    with CaptureQueriesContext(connection) as all_three:
        listed(commerce)
    assert len(one) == len(all_three)


def test_an_empty_list_says_what_will_be_here(commerce: Any, reports: Any) -> None:
    page = commerce.get("/customers/").content.decode()
    assert "No customers yet" in page
    assert 'href="/customers/new/"' in page
    assert 'href="/customers/new/"' not in reports.get("/customers/").content.decode()


def test_a_search_without_a_hit_offers_to_clear_it(commerce: Any, three: None) -> None:
    assert "Nothing matches" in commerce.get("/customers/?q=zzz").content.decode()


def test_a_customer_leads_to_its_first_tab(commerce: Any, anna: Customer) -> None:
    assert commerce.get(f"/customers/{anna.account_number}/").url.startswith(f"/customers/{anna.account_number}/")


def test_staff_come_in_at_the_customers_and_people_at_their_own_pages(commerce: Any, annas: Any) -> None:
    assert commerce.get("/").url == "/customers/"
    assert annas.get("/").url.startswith("/my/")


def test_the_list_denies_other_customer(annas: Any, anna: Customer, bob: Customer) -> None:
    assert annas.get("/customers/").status_code == 404
    for customer in (anna, bob):
        assert annas.get(f"/customers/{customer.account_number}/").status_code == 404


def test_the_list_denies_other_reseller(commerce: Any, globex: Any) -> None:
    theirs = world.customer("Theirs")

    assert listed(commerce) == []
    assert commerce.get(f"/customers/{theirs.account_number}/").status_code == 404


def test_a_locked_customer_says_why_each_reason_once(commerce: Any, three: None, noon: datetime) -> None:
    near = Customer.objects.get(name="Near")
    for reason, scope in ((Lock.Reason.ADMIN, Lock.Scope.WEB), (Lock.Reason.ADMIN, Lock.Scope.CALLS), (Lock.Reason.DAILY_LIMIT, Lock.Scope.CALLS)):
        locks.set(near, reason, scope, actor=world.jane, at=noon)
    why = {row["customer"].name: row["why"] for row in commerce.get("/customers/").context["rows"]}
    assert {name: sorted(reasons.split(", ")) for name, reasons in why.items()} == {
        "Due": [""],
        "Near": ["Daily limit reached", "Locked by staff"],
        "Over": [""],
    }
    locks.lift(near, Lock.Reason.ADMIN, Lock.Scope.CALLS, actor=world.jane, at=noon)
    locks.lift(near, Lock.Reason.ADMIN, Lock.Scope.WEB, actor=world.jane, at=noon)
    assert [row["why"] for row in commerce.get("/customers/?q=near").context["rows"]] == ["Daily limit reached"]
