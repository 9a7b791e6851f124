"""A second factor by hand and eye: an app, passkeys in Chromium's own virtual authenticator, recovery codes; where one is signed in; what staff must have."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.visitor import OPPOSITES, Visitors, faults, faults_of, sign_in, text_of
from tests.support.people import PASSWORD
from tests.support.portal import Mailbox
from tests.support.second_factors import SECRET, add_app, shown


def authenticator(page: Page, *, verified: bool = True) -> Any:
    """A device that keeps passkeys, in this window alone; `verified`: it knows its owner's finger."""
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": verified}
    line.send("WebAuthn.addVirtualAuthenticator", {"options": device | {"automaticPresenceSimulation": True}})
    return line


def sign_out(page: Page) -> None:
    page.get_by_role("banner").locator("summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def open_account(page: Page) -> None:
    page.get_by_role("banner").locator("summary").click()
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Second factor and passkeys").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_an_app_is_added_used_and_its_recovery_codes_are_kept(visitors: Visitors, mailbox: Mailbox, jane: Any, tmp_path: Path) -> None:
    page = visitors.window()
    sign_in(page, "jane", PASSWORD)
    open_account(page)
    page.get_by_role("link", name="Add an app").click()
    heading(page, "Add an authenticator app")
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Add the app").click()
    expect(page.get_by_role("alert")).to_contain_text("This code does not fit.")
    page.get_by_label("Code", exact=True).fill(shown(secret=secret))
    page.get_by_role("button", name="Add the app").click()

    heading(page, "Recovery codes")
    codes = page.locator(".bp-codes code").all_inner_texts()
    assert len(set(codes)) == 10
    with page.expect_download() as saving:
        page.get_by_role("link", name="Save as a file").click()
    saving.value.save_as(tmp_path / "codes.txt")
    assert (tmp_path / "codes.txt").read_text().splitlines()[2:] == codes
    assert "Signing in now asks for a code" in text_of(mailbox.arrived("jane@example.com", "An authenticator app was added"))

    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("main")).to_contain_text("10 codes left")
    sign_out(page)
    sign_in(page, "jane", PASSWORD)
    heading(page, "Second factor")
    page.get_by_label("Code of your authenticator app").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("banner").locator("summary")).to_contain_text("Jane Whitfield")


def test_a_passkey_is_added_and_signs_in_as_second_factor_and_alone(visitors: Visitors, mailbox: Mailbox, jane: Any) -> None:
    page = visitors.window()
    device = authenticator(page)
    sign_in(page, "jane", PASSWORD)
    open_account(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Add a passkey").click()
    heading(page, "Recovery codes")
    assert "The passkey “Work laptop” can now be used" in text_of(mailbox.arrived("jane@example.com", "A passkey was added"))
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("main")).to_contain_text("Work laptop")

    sign_out(page)
    sign_in(page, "jane", PASSWORD)
    heading(page, "Second factor")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("banner").locator("summary")).to_contain_text("Jane Whitfield")

    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("banner").locator("summary")).to_contain_text("Jane Whitfield")

    sign_out(page)
    device.send("WebAuthn.disable")
    authenticator(page)  # another device, which has no passkey of Jane's
    page.reload()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey was used")


def test_a_passkey_of_one_reseller_opens_nothing_at_another(visitors: Visitors, jane: Any, portal: Any) -> None:
    page = visitors.window()
    authenticator(page)
    sign_in(page, "jane", PASSWORD)
    page.goto("/account/second-factor/passkey/")
    page.get_by_role("button", name="Add a passkey").click()
    heading(page, "Recovery codes")

    for reseller in ("globex", "owner"):
        page.goto(portal.home(reseller) + "/sign-in/")
        page.get_by_role("button", name="Use a passkey").click()
        expect(page.get_by_role("alert")).to_contain_text("No passkey was used")


def test_sessions_are_seen_and_ended_in_two_browsers(visitors: Visitors, jane: Any) -> None:
    here, there = visitors.window(), visitors.window()
    for page in (here, there):
        sign_in(page, "jane", PASSWORD)
        expect(page.get_by_role("banner").locator("summary")).to_contain_text("Jane Whitfield")
    here.goto("/account/sessions/")
    expect(here.get_by_role("table", name="Sessions").locator("tbody tr")).to_have_count(2)
    expect(here.get_by_role("row").filter(has_text="This one")).to_have_count(1)
    expect(here.get_by_role("row").filter(has_text="Chrome on Linux")).to_have_count(2)

    here.get_by_role("button", name="End").click()
    expect(here.get_by_role("main")).to_contain_text("That browser is signed out.")
    there.reload()
    expect(there).to_have_url(re.compile("/sign-in/"))
    sign_in(there, "jane", PASSWORD)
    here.reload()
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_role("table", name="Sessions").locator("tbody tr")).to_have_count(1)
    there.reload()
    expect(there).to_have_url(re.compile("/sign-in/"))


def test_staff_who_lost_their_phone_are_let_in_again_by_an_administrator(visitors: Visitors, mailbox: Mailbox, jane: Any) -> None:
    from billing_portal.accounts.models import Role
    from tests.support.people import user

    sam = user("sam", Role.SUPPORT)
    add_app(sam)
    desk = visitors.window(jane, at=f"/settings/staff/{sam.pk}/")
    expect(desk.get_by_role("region", name="Access")).to_contain_text("Authenticator app")
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.get_by_role("button", name="Reset second factor").click()
    expect(desk.get_by_role("main")).to_contain_text("The second factor of Sam is reset")
    assert "Jane Whitfield took away" in text_of(mailbox.arrived("sam@example.com", "Your second factor was reset"))

    page = visitors.window()
    sign_in(page, "sam", PASSWORD)
    expect(page.get_by_role("banner").locator("summary")).to_contain_text("Sam")


def test_an_email_is_changed_by_the_link_in_the_mail_to_the_new_one(visitors: Visitors, mailbox: Mailbox, jane: Any) -> None:
    page = visitors.window()
    sign_in(page, "jane", PASSWORD)
    page.goto("/account/email/")
    page.get_by_label("New email").fill("jane.whitfield@example.org")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("main")).to_contain_text("A link is on its way to jane.whitfield@example.org.")
    [link] = re.findall(r"http://\S+/email/\S+", text_of(mailbox.arrived("jane.whitfield@example.org", "Confirm your email")))
    page.goto(link)
    page.get_by_role("button", name="Use this address").click()
    expect(page.get_by_role("main")).to_contain_text("Your email address is jane.whitfield@example.org now.")
    assert "Mails now go to jane.whitfield@example.org" in text_of(mailbox.arrived("jane@example.com", "Your email address was changed"))


def test_the_pages_of_ones_own_account_have_no_faults(visitors: Visitors, jane: Any) -> None:
    page = visitors.window()
    sign_in(page, "jane", PASSWORD)
    paths = [f"/account/{path}" for path in ("", "email/", "sessions/", "second-factor/", "second-factor/app/", "second-factor/passkey/", "confirm/")]
    assert faults_of(page, paths, OPPOSITES) == []


def test_the_pages_of_somebody_with_an_app_and_the_step_at_the_door_have_no_faults_and_need_no_pointer(visitors: Visitors, jane: Any) -> None:
    codes = add_app(jane)
    page = visitors.window()
    sign_in(page, "jane", PASSWORD)
    heading(page, "Second factor")
    assert faults(page, *OPPOSITES) == []
    page.get_by_label("Code of your authenticator app").focus()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("This code does not fit.")
    assert faults(page, *OPPOSITES) == []
    page.get_by_label("Code of your authenticator app").focus()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    heading(page, "Customers 0")
    page.goto("/account/second-factor/")
    assert faults(page, *OPPOSITES) == []
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Make new codes").focus()
    page.keyboard.press("Enter")
    heading(page, "Recovery codes")
    assert faults(page, *OPPOSITES) == []
    assert SECRET not in page.content()
