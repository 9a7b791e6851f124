"""Point 7: a new customer from a name and an email; a name taken anywhere on the platform is said when the field is left, and again by the server."""

from typing import Any

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from tests.browser.visitor import Visitors

TAKEN = "“Harbour Bakery” is taken. Names are unique across the platform."


@pytest.fixture
def page(visitors: Visitors, jane: Any) -> Page:
    """The form, opened from the list by its button; the plan Standard and a tax are there."""
    from tests.support import world

    world.plan()
    world.plan("Wholesale")
    world.vat()
    page = visitors.window(jane, at="/customers/")
    page.get_by_role("main").get_by_role("link", name="New customer").first.click()
    return page


@pytest.fixture
def at_globex(globex: Any) -> None:
    """Globex has a customer called Harbour Bakery."""
    from django_tenants.utils import schema_context

    from tests.browser.sample import customer

    with schema_context("globex"):
        customer("Harbour Bakery", billing_email="")


def fill_in(page: Page, name: str, email: str = "office@anna.example") -> None:
    page.get_by_label("Customer name").fill(name)
    page.get_by_label("Billing email address").fill(email)


def name_field(page: Page) -> Locator:
    """The field of the name with what is said under it."""
    return page.locator(".bp-wide", has=page.get_by_label("Customer name")).first


def summary(page: Page) -> Locator:
    return page.get_by_role("complementary", name="What they will get").get_by_role("definition")


def test_a_name_and_an_email_are_enough(page: Page) -> None:
    expect(page.get_by_label("Rate plan").locator("option:checked")).to_have_text("Standard")
    expect(page.get_by_label("Currency")).to_have_value("GBP")
    expect(page.get_by_label("Account number")).to_have_value("100001")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/London")
    expect(page.get_by_role("radio", name="Post-paid")).to_be_checked()
    expect(page.get_by_role("textbox", name="Credit limit")).to_have_value("0.00")
    expect(page.get_by_role("checkbox", name="VAT 20, 20 %")).to_be_checked()
    fill_in(page, "Anna Ltd")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")
    expect(page.get_by_role("main")).to_contain_text("Anna Ltd was saved. Login details emailed to office@anna.example.")
    facts = page.locator("dl.bp-facts").first.get_by_role("definition")
    expect(facts).to_contain_text(["100001", "Standard", "Post-paid in GBP", "Europe/London"])


def test_everything_chosen_is_kept_and_the_summary_follows_the_form(page: Page) -> None:
    fill_in(page, "Anna Ltd")
    page.get_by_label("Rate plan").select_option(label="Wholesale")
    page.get_by_label("Account number").fill("7001")
    page.get_by_label("Description").fill("by the harbour")
    page.get_by_label("Time zone").select_option("Europe/Dublin")
    page.get_by_role("radio", name="Pre-paid").check()
    page.get_by_role("textbox", name="Credit limit").fill("12.50")
    page.get_by_role("checkbox", name="VAT 20").uncheck()
    page.get_by_label("City").fill("Leeds")
    expect(summary(page)).to_contain_text(["7001", "Wholesale", "Pre-paid", "12.50 GBP", "Europe/Dublin", "", "", "None"])
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_role("main").get_by_role("link", name="Edit").first.click()
    expect(page.get_by_label("Account number")).to_have_value("7001")
    expect(page.get_by_label("Rate plan").locator("option:checked")).to_have_text("Wholesale")
    expect(page.get_by_label("Description")).to_have_value("by the harbour")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Dublin")
    expect(page.get_by_role("radio", name="Pre-paid")).to_be_checked()
    expect(page.get_by_role("textbox", name="Credit limit")).to_have_value("12.50")
    expect(page.get_by_role("checkbox", name="VAT 20")).not_to_be_checked()
    expect(page.get_by_label("City")).to_have_value("Leeds")


def test_a_name_taken_at_another_reseller_is_said_when_the_field_is_left(page: Page, at_globex: None) -> None:
    name = page.get_by_label("Customer name")
    name.press_sequentially("harbour  bakery")
    expect(name_field(page)).not_to_contain_text("taken")
    name.press("Tab")
    expect(name_field(page)).to_contain_text("“harbour bakery” is taken. Names are unique across the platform.")
    expect(name).to_have_attribute("aria-invalid", "true")
    assert "lobex" not in page.content()

    free = name_field(page).get_by_role("button")
    expect(free.first).to_be_visible()
    chosen = free.first.inner_text()
    free.first.click()
    expect(name).to_have_value(chosen)
    expect(name).to_be_focused()
    expect(name_field(page)).not_to_contain_text("taken")
    page.get_by_label("Billing email address").fill("office@anna.example")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{chosen} Active")


def test_a_name_taken_in_the_meantime_is_refused_by_the_server(page: Page, visitors: Visitors, jane: Any) -> None:
    fill_in(page, "Harbour Bakery")
    page.get_by_label("City").fill("Leeds")
    other = visitors.window(jane, at="/customers/new/")
    fill_in(other, "HARBOUR BAKERY")
    other.get_by_role("button", name="Save", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("HARBOUR BAKERY Active")
    page.get_by_role("button", name="Save", exact=True).click()

    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("One thing to correct before this can be saved")
    expect(alert.get_by_role("link")).to_have_text([f"Customer name: {TAKEN}"])
    expect(page).to_have_title("Error: New customer · Acme")
    expect(page.get_by_label("City")).to_have_value("Leeds")
    free = name_field(page).get_by_role("button")
    expect(free).to_have_text(["Harbour Bakery Leeds", "Harbour Bakery 100001", "Harbour Bakery 2"])
    free.first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour Bakery Leeds Active")


def test_every_wrong_field_is_named_and_what_was_written_stays(page: Page) -> None:
    fill_in(page, "", "ann@")
    page.get_by_role("textbox", name="Credit limit").fill("1,000.00")
    page.get_by_label("Street").fill("1 Quay")
    page.get_by_role("button", name="Save", exact=True).click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("3 things to correct before this can be saved")
    expect(alert.get_by_role("link")).to_have_text(
        ["Customer name: This cannot be empty.", "Billing email address: Enter a valid email address.", "Credit limit: Write an amount such as 50.00."]
    )
    expect(page.get_by_label("Street")).to_have_value("1 Quay")
    expect(page.get_by_role("navigation", name="Sections").get_by_role("link", name="Essentials")).to_contain_text("2")
    alert.get_by_role("link", name="Credit limit").click()
    expect(page.get_by_role("textbox", name="Credit limit")).to_be_focused()


def test_save_and_switch_leads_into_the_customers_own_pages(page: Page) -> None:
    fill_in(page, "Anna Ltd")
    page.get_by_role("button", name="Save and switch").click()

    expect(page.get_by_role("complementary", name="Switched to a customer")).to_contain_text("You are managing [Anna Ltd] as Jane Whitfield")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_save_and_add_another_opens_an_empty_form_with_the_next_number(page: Page) -> None:
    fill_in(page, "Anna Ltd")
    page.get_by_role("button", name="Save and add another").click()

    expect(page.get_by_role("main")).to_contain_text("Anna Ltd was saved.")
    expect(page.get_by_label("Customer name")).to_have_value("")
    expect(page.get_by_label("Account number")).to_have_value("100002")


def test_leaving_with_something_written_is_asked_about(page: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("Customer name").press_sequentially("An")
    page.get_by_role("link", name="Rate plans").click(no_wait_after=True)

    expect(page.get_by_label("Customer name")).to_have_value("An")
    assert asked == ["beforeunload"]
    page.get_by_role("main").get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers 0")
    assert asked == ["beforeunload"]


def test_two_clicks_make_one_customer(page: Page) -> None:
    fill_in(page, "Anna Ltd")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")
    page.goto("/customers/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers 1")


def test_without_a_rate_plan_the_page_says_what_comes_first(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, at="/customers/new/")
    page.get_by_role("main").get_by_role("link", name="New rate plan").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New rate plan")
