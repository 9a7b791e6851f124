"""The tree's money in headless Chromium: a reseller sees cost and margin of its calls and what it owes its parent; the parent sees the reseller's calls."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from django_tenants.utils import schema_context
from playwright.sync_api import Browser, Page, expect

from billing_portal.accounts.models import Role
from tests.browser.visitor import DESK, Look, faults_of
from tests.support import months, tree
from tests.support.people import PASSWORD, user
from tests.support.tree import Tree

FIRST = datetime(2026, 11, 1, 6, tzinfo=UTC)

pytestmark = [pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def three(acme: Any) -> Tree:
    made = tree.plant()
    tree.take([tree.call(made.anna, f"c{n}", seconds=6000) for n in range(3)], FIRST)
    tree.work()
    with schema_context("acme"):
        months.issue("2026-11-01", timezone.now(), made.globex)
        user("jane", Role.ADMINISTRATOR)
    user("gus", Role.ADMINISTRATOR)
    return made


@pytest.fixture
def window(three: Tree, live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window at a reseller's host with its administrator signed in."""
    contexts = []

    def opened(who: str, host: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url.replace("localhost", f"{host}.localhost"), viewport={"width": DESK, "height": 900}, reduced_motion="reduce"
        )
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


def test_a_reseller_sees_what_it_pays_and_what_it_owes(window: Callable[..., Page]) -> None:
    gus = window("gus", "globex")
    gus.goto("/calls/")
    expect(gus.get_by_role("columnheader", name="Margin")).to_be_visible()
    expect(gus.get_by_role("cell", name="40.0000 GBP")).to_have_count(3)
    gus.get_by_role("link", name="My account").click()
    expect(gus.get_by_role("heading", name="My account at Acme")).to_be_visible()
    expect(gus.get_by_text("Globex owes 120.00")).to_be_visible()
    gus.get_by_role("link", name="Statement").first.click()
    expect(gus.get_by_role("heading", name="Statement of Acme")).to_be_visible()
    gus.get_by_role("link", name="My account").first.click()
    gus.get_by_role("table", name="Invoices of Acme").get_by_role("link").click()
    expect(gus.get_by_role("heading", name="Invoice", level=1)).to_be_visible()


def test_a_reseller_asks_its_parent_for_a_top_up(window: Callable[..., Page]) -> None:
    gus = window("gus", "globex")
    gus.goto("/my-account/")
    gus.get_by_role("link", name="Top-up").click()
    gus.get_by_label("Amount").fill("120.00")
    gus.get_by_role("button", name="Ask for a top-up").click()
    expect(gus.get_by_text("You asked Acme for a top-up of 120.00 GBP.")).to_be_visible()
    jane = window("jane", "acme")
    jane.goto("/requests/")
    jane.get_by_role("link", name="Globex").click()
    jane.get_by_role("button", name="Approve").click()
    expect(jane.get_by_text("The top-up of 120.00 GBP for Globex was approved.")).to_be_visible()
    gus.goto("/my-account/")
    expect(gus.get_by_text("Settled: nothing is owed")).to_be_visible()


def test_the_parent_sees_the_calls_as_the_reseller_s(window: Callable[..., Page]) -> None:
    jane = window("jane", "acme")
    jane.goto("/calls/")
    expect(jane.get_by_role("cell", name="Globex")).to_have_count(3)
    expect(jane.get_by_role("cell", name="30.0000 EUR")).to_have_count(3)


def test_nothing_to_complain_about(window: Callable[..., Page], three: Tree) -> None:
    with schema_context("acme"):
        number = three.globex.documents.get().number
    addresses = ("/calls/", "/my-account/", "/my-account/statement/", "/my-account/top-ups/", f"/my-account/invoices/{number}/")
    looks: tuple[Look, ...] = ((DESK, "light"), (DESK, "dark"), (375, "light"))
    assert faults_of(window("gus", "globex"), addresses, looks) == []
