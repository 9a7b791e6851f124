"""Point 10: the list of customers by search, chips, order and page, at a desk and with a phone; a customer's page; a payment recorded."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import visitor
from tests.browser.visitor import Visitors, expect_rows, faults

NAMES = ("Anna Ltd", "Bob & Sons", "Celtic Cabs", "Dock Nine")


@pytest.fixture
def listed(acme: Any, portal: Any) -> None:
    """Four customers: Anna owes 40 of 100, Bob 95 of 100, Celtic has 20 in advance, Dock Nine is inactive."""
    from decimal import Decimal

    from customers.models import Kind
    from tests.browser import sample
    from tests.support import months

    limits = ("100.00", "100.00", "0.00", "0.00")
    made = [sample.customer(name, credit_limit=Decimal(limit)) for name, limit in zip(NAMES, limits, strict=True)]
    for customer, price in ((made[0], "40.00"), (made[1], "95.00")):
        months.calls(customer, f"{sample.last_month():%Y-%m}-03 09:00", price=price)
    months.moved(Kind.PAYMENT, made[2], "20.00", f"{sample.last_month():%Y-%m}-04 09:00")
    type(made[3]).objects.filter(pk=made[3].pk).update(status="inactive")


def names(page: Page) -> Locator:
    """The names in the list, in its order."""
    return page.get_by_role("table").locator("tbody th a")


def chips(page: Page) -> Locator:
    return page.get_by_role("main").locator(".bp-chip")


@pytest.mark.usefixtures("listed")
def test_the_list_is_searched_filtered_and_sorted_in_the_address(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, at="/customers/")
    expect(names(page)).to_have_text(list(NAMES))
    expect(chips(page)).to_have_text(["All 4", "Active 3", "Low balance 0", "Near limit 1", "Over limit 0", "Overdue 0", "Locked 0", "Not active 1"])

    page.get_by_role("searchbox", name="Search customers").fill("cABs")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(names(page)).to_have_text(["Celtic Cabs"])
    page.get_by_role("link", name="Clear filters").click()
    chips(page).filter(has_text="Near limit").click()
    expect(names(page)).to_have_text(["Bob & Sons"])
    page.get_by_role("link", name="Clear filters").click()

    page.get_by_role("columnheader", name="Balance").get_by_role("link").click()
    expect(names(page)).to_have_text(["Bob & Sons", "Anna Ltd", "Dock Nine", "Celtic Cabs"])
    page.get_by_role("columnheader", name="Balance").get_by_role("link").click()
    expect(names(page)).to_have_text(["Celtic Cabs", "Dock Nine", "Anna Ltd", "Bob & Sons"])
    expect(page.get_by_role("columnheader", name="Balance")).to_have_attribute("aria-sort", "descending")
    page.reload()
    expect(names(page).first).to_have_text("Celtic Cabs")


@pytest.mark.usefixtures("listed")
def test_each_row_says_balance_in_words_and_what_is_left(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, at="/customers/")
    expect_rows(
        page,
        "Customers, 4 of 4",
        [
            ["Anna Ltd 100001", "Active", "Standard", "−40.00 GBP owes", "60.00 limit 100.00", "None"],
            ["Bob & Sons 100002", "Near limit", "Standard", "−95.00 GBP owes", "5.00 limit 100.00", "None"],
            ["Celtic Cabs 100003", "Active", "Standard", "20.00 GBP has", "20.00 limit 0.00", "None"],
            ["Dock Nine 100004", "Inactive", "Standard", "0.00 GBP settled", "0.00 limit 0.00", "None"],
        ],
    )
    expect(page.get_by_role("table").locator("tfoot")).to_contain_text("Total in GBP, 4 customers")


@pytest.mark.usefixtures("listed")
def test_a_search_without_a_match_says_so(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, at="/customers/?q=zebra")
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_role("searchbox", name="Search customers")).to_have_value("zebra")
    expect(page.get_by_role("main").get_by_role("heading", level=2)).to_have_text("Nothing matches")
    page.get_by_role("main").get_by_role("link", name="Clear filters").first.click()
    expect(names(page)).to_have_count(4)


def test_a_long_list_comes_in_pages(visitors: Visitors, jane: Any) -> None:
    from tests.support import world

    for number in range(30):
        world.customer(f"Company {number:02}")
    page = visitors.window(jane, at="/customers/")
    pager = page.get_by_role("navigation", name="Pages")
    expect(names(page)).to_have_count(25)
    expect(pager).to_contain_text("1–25 of 30")
    pager.get_by_role("link", name="Next page").click()
    expect(names(page)).to_have_text([f"Company {number}" for number in range(25, 30)])
    expect(pager).to_contain_text("26–30 of 30")

    pager.get_by_role("combobox", name="Rows per page").select_option("50")
    page.keyboard.press("Tab")
    pager.get_by_role("button", name="Show").press("Enter")
    expect(names(page)).to_have_count(30)


@pytest.mark.usefixtures("listed")
def test_with_a_phone_each_customer_is_a_card(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, width=visitor.PHONE, at="/customers/")
    expect(names(page)).to_have_text(list(NAMES))
    expect(page.get_by_role("table").locator("tbody tr").first).to_contain_text("−40.00 GBPowes")
    assert faults(page) == []
    page.get_by_label("Actions for Bob & Sons").click()
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Search customers").fill("celtic")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Celtic Cabs"])
    names(page).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Celtic Cabs")


def test_the_customers_page_shows_balance_calls_invoices_and_what_happened(visitors: Visitors, jane: Any, anna: Any) -> None:
    from decimal import Decimal

    from customers.domain import customers
    from tests.browser import sample
    from tests.support.people import system

    customers.change(anna, credit_limit=Decimal("50.00"), actor=system, at=sample.now())
    document = sample.invoiced(anna, sample.last_month(), "10.0000")
    page = visitors.window(jane, at="/customers/")
    page.get_by_role("link", name="Anna Ltd").click()
    balance = page.get_by_role("region", name="Balance")
    expect(balance.locator(".bp-figure")).to_have_text("−10.00 GBP")
    expect(balance).to_contain_text("Anna Ltd owes 10.00 of a 50.00 limit")
    expect(balance.locator("dd").first).to_have_text("40.00")
    expect(page.get_by_role("region", name="Invoices")).to_contain_text(document.number)
    expect_rows_of_calls = page.get_by_role("table", name="The latest calls").locator("tbody tr")
    expect(expect_rows_of_calls).to_contain_text(["+44 20 7946 0123"])

    tabs = page.get_by_role("navigation", name="Customer")
    for tab in ("Calls", "Invoices", "Statement", "People", "Lines", "Rate plan", "History", "Overview"):
        tabs.get_by_role("link", name=tab, exact=True).click()
        expect(tabs.get_by_role("link", name=tab, exact=True)).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anna Ltd")


def test_a_payment_settles_the_oldest_invoice_first(visitors: Visitors, jane: Any, anna: Any) -> None:
    from customers.models import Customer
    from tests.browser import sample

    recent = sample.last_month()
    before = sample.month_before(recent)
    Customer.objects.filter(pk=anna.pk).update(billing_since=before)
    anna.refresh_from_db()
    first, second = sample.invoiced(anna, before, "10.0000"), sample.invoiced(anna, recent, "20.0000")
    page = visitors.window(jane, at="/customers/100001/")
    page.get_by_role("link", name="Record payment").click()
    expect(page.get_by_label("For").locator("option")).to_have_text(
        ["The oldest open invoice first", f"{first.number}, 10.00 GBP due", f"{second.number}, 20.00 GBP due"]
    )
    page.get_by_label("Amount received").fill("15,00")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_role("alert")).to_contain_text("Amount received: Write an amount such as 50.00.")
    page.get_by_label("Amount received").fill("15.00")
    page.get_by_label("Reference").fill("BACS 17")
    page.get_by_role("button", name="Record payment").click()

    expect(page.get_by_role("main")).to_contain_text("Payment of 15.00 GBP recorded.")
    expect(page.get_by_role("table").locator("tbody tr").first).to_contain_text("BACS 17")
    page.get_by_role("navigation", name="Customer").get_by_role("link", name="Invoices").click()
    invoices = page.get_by_role("table").locator("tbody tr")
    expect(invoices.filter(has_text=first.number)).to_contain_text("Paid")
    expect(invoices.filter(has_text=first.number).locator("td").last).to_have_text("0.00")
    expect(invoices.filter(has_text=second.number).locator("td").last).to_have_text("15.00")


def test_two_clicks_record_one_payment(visitors: Visitors, jane: Any, anna: Any) -> None:
    page = visitors.window(jane, at="/customers/100001/payment/")
    page.get_by_label("Amount received").fill("15.00")
    page.get_by_role("button", name="Record payment").dblclick()
    expect(page.get_by_role("main")).to_contain_text("Payment of 15.00 GBP recorded.")

    page.goto("/customers/100001/")
    expect(page.get_by_role("region", name="Balance").locator(".bp-figure")).to_have_text("15.00 GBP")


def test_a_prepaid_customer_tops_up_and_the_tax_is_taken_out(visitors: Visitors, jane: Any) -> None:
    from tests.browser import sample
    from tests.support import world

    sample.customer("Pat Ltd", billing_type="prepaid", taxes=[world.vat()])
    page = visitors.window(jane, at="/customers/100001/payment/")
    expect(page.get_by_role("main")).to_contain_text("The amount includes 20 % tax; the rest can be spent.")
    page.get_by_label("Amount received").fill("12.00")
    page.get_by_role("button", name="Record payment").click()
    expect(page.get_by_role("main")).to_contain_text("Payment of 12.00 GBP recorded.")

    page.goto("/customers/100001/")
    expect(page.get_by_role("region", name="Balance").locator(".bp-figure")).to_have_text("10.00 GBP")


def test_on_a_phone_the_current_tab_is_in_sight(visitors: Visitors, jane: Any, anna: Any) -> None:
    page = visitors.window(jane, width=visitor.PHONE, at="/customers/100001/history/")
    expect(page.get_by_role("navigation", name="Customer").get_by_role("link", name="History")).to_be_in_viewport(ratio=0.9)
