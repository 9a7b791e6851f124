"""Point 9: staff switch to a customer, see its own pages under the banner, change something, return; History names both."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitor import Visitors


@pytest.fixture
def page(visitors: Visitors, jane: Any, anna: Any) -> Page:
    """Jane at Anna Ltd's page."""
    page = visitors.window(jane, at="/customers/100001/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")
    return page


def banner(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Switched to a customer")


def switch(page: Page) -> None:
    page.get_by_role("button", name="Switch to this customer").click()
    expect(banner(page)).to_contain_text("You are managing [Anna Ltd] as Jane Whitfield")


def test_the_customers_own_pages_stand_under_the_banner_until_return(page: Page) -> None:
    switch(page)
    expect(page).to_have_title("[Anna Ltd] Overview · Acme")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link")).to_have_text(["Overview", "Calls", "Invoices", "Statement", "Top-ups", "History", "People", "Lines"])
    for name in ("Calls", "Invoices", "Statement", "Top-ups", "History", "People", "Lines", "Overview"):
        menu.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        expect(page).to_have_title(f"[Anna Ltd] {name} · Acme")
        expect(banner(page)).to_be_visible()

    banner(page).get_by_role("button", name="Return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")
    expect(banner(page)).to_have_count(0)
    expect(menu.get_by_role("link", name="Customers", exact=True)).to_be_visible()


def test_every_change_while_switched_names_both_in_history(page: Page) -> None:
    switch(page)
    page.get_by_role("link", name="Lines", exact=True).first.click()
    page.get_by_role("main").get_by_role("link", name="New line").first.click()
    page.get_by_label("Line").fill("1001")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Line 1001 was added.")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    page.get_by_role("link", name="Ann Miller").click()
    expect(page.get_by_label("Email")).to_have_count(0)
    page.get_by_label("Full name").fill("Ann Muller")
    page.get_by_role("button", name="Save").click()
    banner(page).get_by_role("button", name="Return").click()

    page.get_by_role("link", name="History").click()
    events = page.get_by_role("main").locator("ol.bp-history > li")
    expect(events).to_contain_text(
        [
            "Returned from this customerJane Whitfield as [Anna Ltd] · ",
            "Ann Muller: Name Ann Miller → Ann MullerJane Whitfield as [Anna Ltd] · ",
            "1001: Line addedJane Whitfield as [Anna Ltd] · ",
            "Switched to this customerJane Whitfield as [Anna Ltd] · ",
        ]
    )
    page.goto("/platform/audit/")
    expect(page.get_by_role("table").locator("tbody tr").filter(has_text="Line added")).to_contain_text("Jane Whitfieldas [Anna Ltd]")


def test_what_was_done_while_switched_is_the_customers(page: Page, visitors: Visitors, anna: Any) -> None:
    switch(page)
    page.goto("/my/lines/new/")
    page.get_by_label("Line").fill("1001")
    page.get_by_role("button", name="Save").click()
    ann = visitors.window(anna.people.get().user, at="/my/lines/")

    expect(banner(ann)).to_have_count(0)
    expect(ann.get_by_role("table", name="Lines of Anna Ltd").get_by_role("rowheader")).to_have_text(["1001"])


def test_what_is_ones_own_waits_for_return(page: Page) -> None:
    switch(page)
    page.get_by_role("banner").locator("summary").click()
    expect(page.get_by_role("link", name="Change password")).to_have_count(0)
    page.goto("/account/password/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Return first")
    page.get_by_role("main").get_by_role("button", name="Return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")


def test_staffs_pages_are_not_the_customers(page: Page) -> None:
    switch(page)
    for path in ("/customers/", "/settings/company/", "/invoices/", "/rate-plans/"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in (403, 404), path


def test_a_form_opened_before_the_switch_saves_nothing(page: Page, visitors: Visitors) -> None:
    page.goto("/customers/100001/edit/")
    page.get_by_label("Description").fill("by the harbour")
    other = page.context.new_page()
    other.goto("/customers/100001/")
    switch(other)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing was saved")
    expect(page.get_by_role("main")).to_contain_text("You have begun to manage a customer since this form was opened. You are managing [Anna Ltd] now.")
    expect(page.get_by_role("main")).to_contain_text("by the harbour")
    banner(page).get_by_role("button", name="Return").click()
    page.get_by_role("main").get_by_role("link", name="Edit").first.click()
    expect(page.get_by_label("Description")).to_have_value("")


def test_the_select_in_the_top_bar_switches_by_keyboard_only_when_its_button_is_pressed(page: Page) -> None:
    select = page.get_by_role("combobox", name="Switch to")
    select.focus()
    page.keyboard.press("ArrowDown")
    expect(select.locator("option:checked")).to_have_text("[Anna Ltd]")
    expect(banner(page)).to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Switch to the customer chosen")).to_be_focused()
    page.keyboard.press("Enter")
    expect(banner(page)).to_contain_text("[Anna Ltd]")


def test_the_select_in_the_top_bar_switches_at_once_when_chosen_with_the_pointer(page: Page) -> None:
    select = page.get_by_role("combobox", name="Switch to")
    select.dispatch_event("pointerdown")
    select.select_option(label="[Anna Ltd]")
    expect(banner(page)).to_contain_text("[Anna Ltd]")


def test_a_person_sees_the_own_customer_and_nobody_elses(page: Page, visitors: Visitors, anna: Any) -> None:
    from tests.browser import sample

    document = sample.invoiced(sample.customer("Bob Ltd"), sample.last_month(), "10.0000")
    ann = visitors.window(anna.people.get().user, at="/")
    expect(ann.get_by_role("heading", level=1)).to_have_text("Overview")
    for path in (f"/my/invoices/{document.number}/", f"/invoices/{document.number}/", "/customers/100001/", "/customers/100002/"):
        answer = ann.goto(path)
        assert answer is not None
        assert answer.status == 404, path
