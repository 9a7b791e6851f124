"""Point 5: somebody who starts from nothing says who they are, names their tax, and makes the key of a switch, which is shown once."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import OPPOSITES, Visitors, expect_rows, faults
from tests.support.portal import Portal


@pytest.fixture
def page(visitors: Visitors, jane: Any) -> Page:
    return visitors.window(jane)


def test_the_company_is_saved_field_by_field_and_seen_at_the_door(page: Page, visitors: Visitors) -> None:
    page.goto("/customers/")
    page.get_by_role("link", name="Company", exact=True).click()
    written = {
        "Legal name": "Acme Telecom Limited",
        "Street": "1 Harbour Road",
        "City": "Leeds",
        "Postcode": "LS1 4AB",
        "Tax reference": "GB 123 4567 89",
        "Company number": "01234567",
        "Support email": "help@acme.example",
        "Support telephone": "+44 113 496 0000",
        "Bank details": "Sort code 20-00-00",
    }
    for label, text in written.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option(label="United Kingdom")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("main")).to_contain_text("Company saved. Documents already issued keep what they show.")
    for label, text in written.items():
        expect(page.get_by_label(label)).to_have_value(text)
    expect(page.get_by_label("Country")).to_have_value("GB")
    door = visitors.window(at="/sign-in/")
    expect(door.get_by_role("contentinfo").get_by_role("link")).to_have_text(["Help", "help@acme.example", "+44 113 496 0000"])


def test_what_is_wrong_is_named_and_nothing_is_saved(page: Page) -> None:
    page.goto("/settings/company/")
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_label("Support email").fill("help@")
    page.get_by_label("City").fill("Leeds")
    page.get_by_role("button", name="Save").click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("2 things to correct before this can be saved")
    expect(page.get_by_label("City")).to_have_value("Leeds")
    summary.get_by_role("link", name="Support email").click()
    expect(page.get_by_label("Support email")).to_be_focused()
    page.reload()
    page.goto("/settings/company/")
    expect(page.get_by_label("City")).to_have_value("")


def test_a_logo_is_taken_shown_and_removed_and_a_text_is_refused(page: Page, tmp_path: Path) -> None:
    page.goto("/settings/company/")
    page.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": b"<script>alert(1)</script>"})
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing to correct before this can be saved")

    page.get_by_label("Logo").set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": _picture()})
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("main")).to_contain_text("Logo saved.")
    picture = page.get_by_role("img", name="The logo in use")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 120

    page.get_by_role("button", name="Remove the picture").click()
    expect(page.get_by_role("main")).to_contain_text("Logo removed.")
    expect(page.get_by_role("main")).to_contain_text("No picture yet; the initials AC stand in its place.")


def test_a_tax_is_made_with_all_its_scopes_ticked_and_listed(page: Page) -> None:
    page.goto("/taxes/")
    page.get_by_role("main").get_by_role("link", name="New tax").first.click()
    for scope in ("Account fees", "Features", "Calls", "Products", "Charges", "Ticked for new customers"):
        expect(page.get_by_role("checkbox", name=scope)).to_be_checked()
    page.get_by_label("Name").fill("VAT")
    page.get_by_label("Percent").fill("20")
    page.get_by_role("button", name="Save").click()

    expect_rows(page, "Taxes", [["VAT", "20 %", "everything", "liable"]])


def test_the_key_of_a_switch_is_shown_once(page: Page) -> None:
    page.goto("/customers/")
    page.get_by_role("link", name="Switches and keys").click()
    page.get_by_role("main").get_by_role("link", name="New switch").first.click()
    page.get_by_label("Name").fill("fs1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main")).to_contain_text("Switch fs1 added. Make a key for it.")
    page.get_by_role("button", name="Make the key").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("The key of fs1")
    expect(page.get_by_role("main")).to_contain_text("Copy it now: this page is the only one that shows it.")
    secret = page.locator("#secret").inner_text()
    assert len(secret) > 40
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.locator("#bp-said")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == secret

    assert faults(page, *OPPOSITES) == []
    page.get_by_role("link", name="I have copied it").click()
    key = page.get_by_role("table", name="Keys of fs1").get_by_role("row").last
    expect(key.get_by_role("cell")).to_have_text(["calls:write", "Everywhere", re.compile(r"\d\d:\d\dJane Whitfield"), "Never", "In force", "Revoke"])
    assert secret.startswith(key.get_by_role("rowheader").inner_text().rstrip("…"))
    for address in ("/settings/switches/", "/platform/audit/"):
        page.goto(address)
        assert secret not in page.content()


def test_a_revoked_key_opens_nothing(page: Page, portal: Portal) -> None:
    page.goto("/settings/switches/new/")
    page.get_by_label("Name").fill("fs1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("#secret").inner_text()
    assert portal.send("/api/v1/calls", {"records": []}, key=secret)[0] != 401
    page.get_by_role("link", name="I have copied it").click()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke").click()

    expect(page.get_by_role("main")).to_contain_text("of fs1 is revoked and works no more.")
    assert portal.send("/api/v1/calls", {"records": []}, key=secret)[0] == 401


def _picture() -> bytes:
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (120, 40), "navy").save(file, "PNG")
    return file.getvalue()
