"""The pages of staff, full and with errors: axe finds nothing and nothing is wider than the screen, at a desk and with a phone, light and dark."""

from typing import Any

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Route, expect

from billing_portal.accounts.models import Role
from tests import sizes
from tests.browser.visitor import LOOKS, OPPOSITES, Visitors, faults, faults_of
from tests.support.people import user

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


SEND_ANOTHER = "(form, name) => { form.elements[name].value = 'x'.repeat(64); HTMLFormElement.prototype.submit.call(form); }"
OF_OURS = ("400", "500", "503", "503_busy")  # pages that the portal makes of nothing but themselves


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


def test_pages_that_refuse(visitors: Visitors, jane: Any) -> None:
    """What is not for one's role, is nowhere, or was drawn in another frame or too long ago."""
    found = []
    page = visitors.window(user("rita", Role.REPORTS))
    for path, status, look in (("/settings/company/", 403, OPPOSITES[0]), ("/no-such-page/", 404, OPPOSITES[1])):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
        found += faults(page, *(LOOKS if sizes.FULL else (look,)))
    page = visitors.window(jane)
    for name, status, look in (("frame", 409, OPPOSITES[1]), ("csrfmiddlewaretoken", 403, OPPOSITES[0])):
        page.goto("/taxes/new/")
        with page.expect_navigation() as sent:
            page.locator("main form").first.evaluate(SEND_ANOTHER, name)
        assert sent.value.status == status
        found += faults(page, *(LOOKS if sizes.FULL else (look,)))
    assert found == []


def asks_nothing(route: Route) -> None:
    """One of them in the place of what the address would be answered with."""
    route.fulfill(content_type="text/html", body=render_to_string(f"errors/{route.request.url.rpartition('/')[2]}.html"))


def test_pages_that_ask_nothing(visitors: Visitors) -> None:
    """As they are answered when what was sent cannot be read, something of ours is broken, or the database does not answer."""
    page, found = visitors.window(), []
    page.route("**/asks-nothing/*", asks_nothing)
    for number, name in enumerate(OF_OURS):
        page.goto(f"/asks-nothing/{name}")
        found += faults(page, *(LOOKS if sizes.FULL else OPPOSITES[number % 2 : number % 2 + 1]))
    assert found == []
