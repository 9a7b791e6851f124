"""The form for a new customer from the list to Save, with the keyboard alone."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitors


def tab_to(page: Page, label: str) -> None:
    """Press Tab until what has the focus is called so; each stop on the way can be seen."""
    for _stop in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.evaluate("element => { const box = element.getBoundingClientRect(); return box.width > 0 && box.height > 0; }"), focused
        if label in focused.evaluate(NAME):
            return
    raise AssertionError(f"Tab never comes to {label}")


NAME = """element => [element.getAttribute("aria-label"), ...[...(element.labels ?? [])].map(label => label.innerText), element.innerText].join(" ")"""


def test_a_customer_is_made_without_a_pointer(visitors: Visitors, jane: Any) -> None:
    from tests.support import world

    world.plan("Standard")
    world.plan("Wholesale")
    world.vat()
    page = visitors.window(jane, at="/customers/")
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    press("Enter")
    tab_to(page, "New customer")
    press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New customer")

    tab_to(page, "Customer name")
    page.keyboard.type("Anna Ltd")
    tab_to(page, "Rate plan")
    press("ArrowDown")
    tab_to(page, "Billing email address")
    page.keyboard.type("office@anna.example")
    tab_to(page, "Post-paid")
    press("ArrowUp")
    expect(page.get_by_role("radio", name="Pre-paid")).to_be_checked()
    tab_to(page, "Credit limit")
    press("Control+A")
    page.keyboard.type("12.50")
    tab_to(page, "VAT 20")
    press("Space")
    tab_to(page, "Save")
    press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")
    expect(page.locator("dl.bp-facts").first).to_contain_text("Wholesale")
    expect(page.locator("dl.bp-facts").first).to_contain_text("Pre-paid in GBP")


def test_what_is_wrong_is_reached_and_corrected_without_a_pointer(visitors: Visitors, jane: Any) -> None:
    from tests.support import world

    world.plan()
    page = visitors.window(jane, at="/customers/")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("New customer")
    page.get_by_label("Customer name").focus()
    page.keyboard.type("Anna Ltd")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Billing email address")).to_be_focused()
    page.keyboard.type("office@anna.example")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Ltd Active")


def test_menus_open_and_close_and_give_the_focus_back(visitors: Visitors, jane: Any, anna: Any) -> None:
    page = visitors.window(jane, at="/customers/")
    summary = page.get_by_label("Actions for Anna Ltd")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Record payment")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Record payment")).to_be_hidden()
    expect(summary).to_be_focused()
