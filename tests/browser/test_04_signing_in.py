"""Point 4: the host decides the reseller; signing in by three names, signing out, setting, changing and resetting the password."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.visitor import Visitors, sign_in
from tests.support.people import PASSWORD


def test_a_window_opens(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(jane, at="/customers/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers 0")


def test_signed_in(visitors: Visitors, jane: Any) -> None:
    page = visitors.window()
    sign_in(page, "jane", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers 0")
