"""The tabs that only look, and what the frame of every page says about customers."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers import links
from customers.domain import customers
from customers.models import Customer, PlanAssignment
from tests.support import world
from tests.support.people import START
from tests.support.world import jane

LONG_AGO = START - timedelta(days=30)


@pytest.mark.rel(70)
def test_the_history_says_what_changed_who_did_it_and_for_whom(commerce: Any, anna: Customer) -> None:
    customers.change(anna, credit_limit=Decimal(500), city="Leeds", actor=jane, at=START + timedelta(hours=1))
    customers.change(anna, description="x", actor=jane.acting_for(anna.pk, anna.name), at=START + timedelta(hours=2))

    events = commerce.get(f"/customers/{anna.account_number}/history/").context["events"]

    assert [(event.text, event.by, event.acted_for) for event in events[:2]] == [
        ("Description set to x", "Jane Whitfield", "Anna Ltd"),
        ("City set to Leeds, Credit limit 0.00 GBP → 500.00 GBP", "Jane Whitfield", ""),
    ]
    assert [event.text for event in events[2:]] == ["Login details sent", "Person added", "Customer added"]


def test_the_rate_plan_tab_tells_which_plan_prices_from_when(commerce: Any, anna: Customer) -> None:
    PlanAssignment.objects.create(customer=anna, plan=world.plan("Later"), valid_from=LONG_AGO)

    page = commerce.get(f"/customers/{anna.account_number}/rate-plan/")

    assert [(each.plan.name, each.valid_from) for each in page.context["assignments"]] == [("Later", LONG_AGO), ("Standard", None)]
    assert (page.context["plan"].name, page.context["version"].number) == ("Later", 1)


def test_the_header_offers_what_the_role_may_do(commerce: Any, reports: Any, support: Any, anna: Customer) -> None:
    def offers(browser: Any) -> tuple[bool, bool]:
        page = browser.get(f"/customers/{anna.account_number}/history/").content.decode()
        return f"/customers/{anna.account_number}/edit/" in page, "Switch to this customer" in page

    assert (offers(commerce), offers(support), offers(reports)) == ((True, True), (False, True), (False, False))


def test_the_select_at_the_top_lists_customers_for_those_who_may_switch(commerce: Any, reports: Any, annas: Any, anna: Customer, bob: Customer) -> None:
    def offered(browser: Any) -> list[tuple[str, str]]:
        return [(target.value, target.label) for target in browser.get("/help/").context["switch_targets"]]

    assert offered(commerce) == [(anna.account_number, "Anna Ltd"), (bob.account_number, "Bob Ltd")]
    assert (offered(reports), offered(annas)) == ([], [])


def test_the_search_finds_customers_for_staff_only(commerce: Any, annas: Any, anna: Customer, bob: Customer) -> None:
    def found(browser: Any) -> list[str]:
        hits = [hit for _label, hits in browser.get("/search/?q=ltd").context["found"] for hit in hits]
        return [hit.title for hit in hits]

    assert found(commerce) == ["Anna Ltd", "Bob Ltd"]
    assert found(annas) == []


def test_an_id_leads_to_the_customers_page(anna: Customer) -> None:
    assert links.customer(str(anna.pk)) == f"/customers/{anna.account_number}/"
    assert links.customer("00000000-0000-0000-0000-000000000000") is None


@pytest.mark.parametrize("tab", ["history", "rate-plan"])
def test_the_tabs_deny_other_customer(annas: Any, anna: Customer, bob: Customer, tab: str) -> None:
    assert annas.get(f"/customers/{anna.account_number}/{tab}/").status_code == 404
    assert annas.get(f"/customers/{bob.account_number}/{tab}/").status_code == 404


@pytest.mark.parametrize("tab", ["history", "rate-plan"])
def test_the_tabs_deny_other_reseller(commerce: Any, globex: Any, tab: str) -> None:
    theirs = world.customer("Theirs")

    assert commerce.get(f"/customers/{theirs.account_number}/{tab}/").status_code == 404
