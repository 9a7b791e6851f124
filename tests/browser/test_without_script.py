"""With JavaScript switched off everything is read, filled in and saved."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import PHONE, Visitors, sign_in
from tests.support.people import PASSWORD


@pytest.fixture
def page(visitors: Visitors, jane: Any) -> Page:
    return visitors.window(jane, script=False)


def test_signing_in_and_out(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(script=False)
    sign_in(page, "jane", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers 0")
    page.get_by_role("banner").locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_plan_with_rates_and_a_price(page: Page) -> None:
    page.goto("/rate-plans/new/")
    page.get_by_label("Name").fill("Standard")
    page.get_by_label("Currency").select_option("GBP")
    page.get_by_role("button", name="Save", exact=True).click()
    rates = b"prefix,destination,per minute\n4420,United Kingdom - London,0.06\n"
    page.get_by_label("Rates file").set_input_files({"name": "rates.csv", "mimeType": "text/csv", "buffer": rates})
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_role("button", name="Apply 1 rate").click()
    page.get_by_label("Number", exact=True).fill("442079460123")
    page.get_by_role("button", name="Calculate").click()
    expect(page.locator("#calculator .bp-figure")).to_have_text("0.1800 GBP")


def test_a_customer_whose_name_is_taken_gets_a_free_one(page: Page, anna: Any) -> None:
    page.goto("/customers/new/")
    page.get_by_label("Customer name").fill("Anna Ltd")
    page.get_by_label("Billing email address").fill("office@anna.example")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("“Anna Ltd” is taken.")
    page.get_by_role("button", name="Anna Ltd 2").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd 2 Active")


def test_switching_a_line_and_return(page: Page, anna: Any) -> None:
    page.goto("/customers/100001/")
    page.get_by_role("button", name="Switch to this customer").click()
    page.goto("/my/lines/new/")
    page.get_by_label("Line").fill("1001")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Line 1001 was added.")
    page.get_by_role("complementary", name="Switched to a customer").get_by_role("button", name="Return").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")


def test_a_payment_and_the_reason_of_a_price(page: Page, anna: Any) -> None:
    from tests.browser import sample
    from tests.support import months

    months.dialled(anna, f"{sample.last_month():%Y-%m}-03 09:00", "442079460123", seconds=61)
    page.goto("/customers/100001/payment/")
    page.get_by_label("Amount received").fill("15.00")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_role("main")).to_contain_text("Payment of 15.00 GBP recorded.")
    page.goto("/calls/")
    page.get_by_role("table").locator("summary").click()
    expect(page.get_by_role("table").locator(".bp-sheet")).to_contain_text("Why 0.0610 GBP?")


def test_the_menu_on_a_phone(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, script=False, width=PHONE, at="/customers/")
    menu = page.get_by_role("navigation", name="Main")
    expect(menu).to_be_hidden()
    page.get_by_role("link", name="Menu", exact=True).click()
    menu.get_by_role("link", name="Rate plans").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rate plans")
