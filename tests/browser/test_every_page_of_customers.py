"""The pages of customers, at the door, with nothing on them and under the banner: axe finds nothing and nothing is wider than the screen."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.visitor import LOOKS, OPPOSITES, Visitors, faults, faults_of

DOOR = ("/sign-in/", "/password/forgotten/", "/password/no-such-link/")
MAIN = ("/my/", "/my/calls/", "/my/invoices/")
EMPTY = ("/customers/", "/rate-plans/", "/taxes/", "/invoices/", "/invoices/runs/", "/invoices/runs/new/", "/calls/", "/calls/waiting/", "/settings/switches/")


def test_the_door(visitors: Visitors) -> None:
    assert faults_of(visitors.window(), DOOR, LOOKS) == []


def test_the_customers_own_pages(visitors: Visitors, anna: Any) -> None:
    from tests.browser import sample

    number = sample.furnish(anna)
    page = visitors.window(anna.people.get().user)
    assert faults_of(page, [*MAIN, f"/my/invoices/{number}/"], LOOKS) == []


def test_the_banner_of_somebody_switched(visitors: Visitors, jane: Any, anna: Any) -> None:
    page = visitors.window(jane, at="/customers/100001/")
    page.get_by_role("button", name="Switch to this customer").click()
    expect(page.get_by_role("complementary", name="Switched to a customer")).to_be_visible()
    assert faults(page, *LOOKS) == []


def test_pages_with_nothing_on_them(visitors: Visitors, globex: Any, portal: Any) -> None:
    from tests.support.people import user

    page = visitors.window(user("gloria"), reseller="globex")
    assert faults_of(page, EMPTY, OPPOSITES) == []
