"""Requests in headless Chromium: a customer asks, staff approve, the customer sees the money; nothing for axe, both widths, both modes."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing_portal.accounts.models import Role
from customers.domain import locks
from customers.models import Customer, Lock, Person
from invoicing.domain import topups
from tests.support import world
from tests.support.months import D
from tests.support.people import PASSWORD, user
from tests.support.world import jane

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

pytestmark = [pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def window(anna: Customer, live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window at Acme's host with somebody signed in: Jane of Commerce, or Ann of Anna Ltd."""
    user("jane", Role.COMMERCE, name="Jane Whitfield")
    Person.objects.create(user=user("ann", Role.ACCOUNT_ADMIN, name="Ann Miller"), customer=anna)
    contexts = []

    def opened(who: str, width: int = 1440, scheme: Any = "light") -> Page:
        host = live_server.url.replace("localhost", "acme.localhost")
        context = browser.new_context(base_url=host, viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.goto("/sign-in/")
        page.get_by_label("Username, email or account number").fill(who)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()


def complaints(page: Page, width: int) -> list[str]:
    """What axe finds, and a page wider than the screen."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [f"{page.url} {each['id']}: {each['nodes'][0]['html'][:160]}" for each in found["violations"]]
    too_wide = page.evaluate("document.documentElement.scrollWidth") > width
    return told + ([f"{page.url} is wider than {width}"] if too_wide else [])


def test_a_customer_asks_and_staff_approve(window: Callable[..., Page]) -> None:
    ann = window("ann")
    ann.goto("/my/top-ups/")
    ann.get_by_label("Amount").fill("20.00")
    ann.get_by_role("button", name="Ask for a top-up").click()
    expect(ann.get_by_text("You asked for a top-up of 20.00 GBP.")).to_be_visible()

    staff = window("jane")
    staff.goto("/requests/")
    staff.get_by_role("link", name="Anna Ltd").click()
    staff.get_by_label("Comment").fill("Thank you")
    staff.get_by_role("button", name="Approve").click()
    expect(staff.get_by_text("The top-up of 20.00 GBP for Anna Ltd was approved.")).to_be_visible()

    ann.goto("/my/top-ups/")
    expect(ann.get_by_role("cell", name="Thank you")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(window: Callable[..., Page], anna: Customer, width: int, scheme: str) -> None:
    asked = topups.ask(anna, D("20.00"), actor=jane, at=timezone.now())
    bob = world.customer("Bob Ltd", topup_parked=True, daily_limit=D("5.00"))
    locks.set(bob, Lock.Reason.ADMIN, Lock.Scope.CALLS, note="Strange calls", actor=jane, at=timezone.now())
    page, base, found = window("jane", width, scheme), f"/customers/{bob.account_number}", []
    for address in ("/requests/", f"/requests/{asked.pk}/", f"{base}/overview/", f"{base}/lock/", f"{base}/edit/", "/customers/?show=locked"):
        page.goto(address)
        found += complaints(page, width)
    own = window("ann", width, scheme)
    own.goto("/my/top-ups/")
    assert found + complaints(own, width) == []
