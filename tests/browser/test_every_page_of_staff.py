"""The pages of staff, full and with errors: axe finds nothing and nothing is wider than the screen, at a desk and with a phone, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests import sizes
from tests.browser.visitor import LOOKS, OPPOSITES, Visitors, faults, faults_of

MAIN = (
    "/customers/",
    "/customers/new/",
    "/customers/100001/overview/",
    "/customers/100001/calls/",
    "/customers/100001/statement/",
    "/customers/100001/payment/",
    "/rate-plans/",
    "/invoices/",
    "/invoices/runs/new/",
    "/calls/",
    "/calls/waiting/",
    "/settings/company/",
    "/settings/switches/",
)
ELSEWHERE = ("/customers/?q=nobody", "/search/?q=anna", "/no-such-page/")
FORMS = (
    "/customers/new/",
    "/rate-plans/new/",
    "/taxes/new/",
    "/settings/switches/new/",
    "/settings/staff/new/",
    "/customers/100001/payment/",
    "/customers/100001/payments/new-entry/",
)


@pytest.fixture
def number(jane: Any, anna: Any) -> str:
    """Everything has happened to Anna Ltd once; the number of its invoice."""
    from tests.browser import sample

    return sample.furnish(anna)


def test_the_main_pages_in_every_look(visitors: Visitors, jane: Any, number: str) -> None:
    page = visitors.window(jane)
    assert faults_of(page, [*MAIN, f"/invoices/{number}/"], LOOKS if sizes.FULL else OPPOSITES) == []


def test_where_nothing_is_found_at_a_desk_in_light_and_on_a_phone_in_dark(visitors: Visitors, jane: Any, number: str) -> None:
    page = visitors.window(jane)
    assert faults_of(page, ELSEWHERE, OPPOSITES) == []


def test_forms_with_errors(visitors: Visitors, jane: Any, anna: Any) -> None:
    page = visitors.window(jane)
    found = []
    for path in FORMS:
        page.goto(path)
        page.get_by_role("main").locator(".bp-actions button.btn-primary").click()
        expect(page.get_by_role("alert")).to_be_focused()
        found += faults(page, *OPPOSITES)
    assert found == []
