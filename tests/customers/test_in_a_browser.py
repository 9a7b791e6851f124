"""Customers in headless Chromium: New with a name that is taken, save, switch, work, return; nothing for axe, both widths, both modes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from billing_portal.accounts.models import Role
from customers.models import Customer, Line
from tests.browser.visitor import DESK, OPPOSITES, faults, faults_of
from tests.support.people import PASSWORD, user

pytestmark = [pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def window(anna: Customer, live_server: Any, browser: Browser) -> Iterator[Callable[..., Page]]:
    """A window at Acme's host with Jane of Commerce signed in; an error of a script fails the test."""
    user("jane", Role.COMMERCE, name="Jane Whitfield")
    said: list[str] = []
    contexts = []

    def opened(script: bool = True) -> Page:
        host = live_server.url.replace("localhost", "acme.localhost")
        context = browser.new_context(base_url=host, viewport={"width": DESK, "height": 900}, reduced_motion="reduce", java_script_enabled=script)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/sign-in/")
        page.get_by_label("Username, email or account number").fill("jane")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "sign-in" not in url)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert said == []


def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(window: Callable[..., Page], anna: Customer) -> None:
    base = f"/customers/{anna.account_number}"
    addresses = ["/customers/", "/customers/?q=zzz", "/customers/new/"]
    addresses += [f"{base}/{tab}/" for tab in ("edit", "people", "people/new", "lines", "lines/new", "rate-plan", "history")]
    assert faults_of(window(), addresses, OPPOSITES) == []


def test_a_name_just_left_is_checked_and_a_free_one_is_one_click_away(window: Callable[..., Page]) -> None:
    page = window()
    page.goto("/customers/")
    page.keyboard.press("n")
    page.wait_for_url("**/customers/new/")

    page.get_by_label("Customer name").fill("anna ltd")
    assert page.locator(".bp-error").count() == 0
    page.get_by_label("Billing email address").focus()
    expect(page.get_by_text("“anna ltd” is taken. Names are unique across the platform.")).to_be_visible()
    page.get_by_role("button", name="anna ltd 2").click()
    expect(page.get_by_label("Customer name")).to_have_value("anna ltd 2")

    page.get_by_label("Billing email address").fill("two@anna.example")
    page.get_by_label("Credit limit", exact=True).fill("500.00")
    expect(page.locator("[data-sum=credit_limit]")).to_have_text("500.00 GBP")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Login details emailed to two@anna.example.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("anna ltd 2")


def test_an_error_takes_the_focus_and_keeps_what_was_written(window: Callable[..., Page]) -> None:
    page = window()
    page.goto("/customers/new/")
    page.get_by_label("Customer name").fill("Anna Ltd")
    page.get_by_label("Billing email address").fill("two@anna.example")
    page.get_by_label("Description").fill("by the harbour")
    page.keyboard.press("Enter")

    expect(page).to_have_title("Error: New customer · Acme")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    expect(page.get_by_label("Description")).to_have_value("by the harbour")
    page.get_by_role("button", name="Anna Ltd 2").click()
    expect(page.get_by_label("Customer name")).to_have_value("Anna Ltd 2")
    assert Customer.objects.count() == 1


def test_one_click_in_work_and_one_click_back(window: Callable[..., Page], anna: Customer) -> None:
    page = window()
    page.goto(f"/customers/{anna.account_number}/people/")
    page.get_by_role("button", name="Switch to this customer").click()
    expect(page.get_by_text("You are managing [Anna Ltd] as Jane Whitfield")).to_be_visible()
    assert page.title().startswith("[Anna Ltd] ")

    page.goto("/my/lines/")
    page.get_by_role("link", name="New line").first.click()
    page.get_by_label("Line").fill("1001")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Line 1001 was added.")).to_be_visible()
    assert faults(page) == []

    page.get_by_role("button", name="Return").click()
    page.goto(f"/customers/{anna.account_number}/history/")
    expect(page.get_by_text("1001: Line added")).to_be_visible()
    expect(page.get_by_text("Jane Whitfield as [Anna Ltd]").first).to_be_visible()


def test_a_form_left_open_in_another_tab_saves_nothing_for_the_wrong_customer(window: Callable[..., Page], anna: Customer) -> None:
    page = window()
    page.goto(f"/customers/{anna.account_number}/people/")
    page.get_by_role("button", name="Switch to this customer").click()
    other = page.context.new_page()
    other.goto("/my/lines/new/")
    other.get_by_label("Line").fill("Reception 77")
    page.get_by_role("button", name="Return").click()

    other.get_by_role("button", name="Save").click()

    expect(other.get_by_text("You are no longer managing [Anna Ltd].")).to_be_visible()
    expect(other.get_by_text("Reception 77")).to_be_visible()
    assert not Line.objects.exists()


def test_all_of_it_works_without_script(window: Callable[..., Page]) -> None:
    page = window(script=False)
    page.goto("/customers/new/")
    page.get_by_label("Customer name").fill("Anna Ltd")
    page.get_by_label("Billing email address").fill("two@anna.example")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Anna Ltd 2").click()

    expect(page.get_by_text("Login details emailed to two@anna.example.")).to_be_visible()
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Anna Ltd", "Anna Ltd 2"]
