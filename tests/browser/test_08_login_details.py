"""Point 8: after Save the login details arrive by mail; their link works once, on this reseller's host, and looking spends nothing."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitors, link_in, sign_in, text_of
from tests.support.portal import Mailbox, Portal

PASSWORD = "seven quiet boats at noon"


@pytest.fixture
def page(visitors: Visitors, jane: Any) -> Page:
    """Jane has just saved Anna Ltd."""
    from tests.support import world

    world.plan()
    page = visitors.window(jane, at="/customers/new/")
    page.get_by_label("Customer name").fill("Anna Ltd")
    page.get_by_label("Billing email address").fill("ann@anna.example")
    page.get_by_label("Attention").fill("Ann Miller")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("main")).to_contain_text("Login details emailed to ann@anna.example.")
    return page


def people(page: Page) -> Page:
    page.goto("/customers/100001/people/")
    return page


def expect_login_state(page: Page, state: str) -> None:
    expect(people(page).get_by_role("table", name="People of Anna Ltd").locator("tbody td").first).to_have_text(state)


def act(page: Page, what: str) -> None:
    """Something from the menu of Ann's row."""
    people(page).get_by_label("Actions for Ann Miller").click()
    page.get_by_role("button", name=what).click()


def expect_ended(page: Page, link: str) -> None:
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 410
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has ended")


def set_password(page: Page, link: str, password: str = PASSWORD) -> None:
    page.goto(link)
    page.get_by_label("New password").fill(password)
    page.get_by_role("button", name="Set password").click()


def test_the_mail_says_address_names_and_link_but_no_password(page: Page, mailbox: Mailbox, portal: Portal) -> None:
    mail = mailbox.arrived("ann@anna.example", "Your login details for Acme")
    text, link = text_of(mail), link_in(mail)

    assert f"Address: {portal.home()}" in text
    assert "Username: ann\n" in text
    assert "Account number: 100001\n" in text
    assert link.startswith(portal.home() + "/password/")
    assert "assword:" not in text
    expect_login_state(page, "Sent")


def test_the_link_works_once_and_looking_spends_nothing(page: Page, visitors: Visitors, mailbox: Mailbox) -> None:
    link = link_in(mailbox.arrived("ann@anna.example", "login details"))
    ann = visitors.window()
    for _look in range(3):
        ann.goto(link)
        expect(ann.get_by_role("main")).to_contain_text("Welcome, Ann Miller. You sign in with the username ann or the account number 100001.")
    set_password(ann, link, "ann")
    expect(ann.get_by_role("main")).to_contain_text("This password is too short.")
    set_password(ann, link)
    expect(ann.get_by_role("main")).to_contain_text("Your password is set. Sign in with it.")
    expect_ended(ann, link)

    expect_login_state(page, "Activated")
    sign_in(ann, "100001", PASSWORD)
    expect(ann.get_by_role("banner").locator("summary")).to_contain_text("Ann Miller")
    assert mailbox.arrived("ann@anna.example", "password") is not None


def test_the_link_works_only_on_this_resellers_host(page: Page, visitors: Visitors, mailbox: Mailbox, portal: Portal) -> None:
    link = link_in(mailbox.arrived("ann@anna.example", "login details"))
    ann = visitors.window()
    for reseller in ("globex", "owner"):
        expect_ended(ann, link.replace(portal.home(), portal.home(reseller)))

    set_password(ann, link)
    expect(ann.get_by_role("main")).to_contain_text("Your password is set.")


def test_a_link_that_ended_offers_a_new_one(page: Page, visitors: Visitors, mailbox: Mailbox) -> None:
    link = link_in(mailbox.arrived("ann@anna.example", "login details"))
    ann = visitors.window()
    set_password(ann, link)
    expect_ended(ann, link)
    ann.get_by_role("button", name="Send me a new link").click()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Look into your mail")

    set_password(ann, link_in(mailbox.arrived("ann@anna.example", "Set a new password")), "eight quiet boats at noon")
    expect(ann.get_by_role("main")).to_contain_text("Your password is set.")


def test_resend_mails_a_fresh_link_and_ends_the_one_before(page: Page, visitors: Visitors, mailbox: Mailbox) -> None:
    first = link_in(mailbox.arrived("ann@anna.example", "login details"))
    mailbox.mails.clear()
    act(page, "Resend login details")
    expect(page.get_by_role("main")).to_contain_text("Login details emailed to ann@anna.example. Links sent before no longer work.")
    second = link_in(mailbox.arrived("ann@anna.example", "login details"))

    ann = visitors.window()
    expect_ended(ann, first)
    set_password(ann, second)
    expect(ann.get_by_role("main")).to_contain_text("Your password is set.")


def test_a_copied_link_is_shown_once_and_works(page: Page, visitors: Visitors, mailbox: Mailbox) -> None:
    mailed = link_in(mailbox.arrived("ann@anna.example", "login details"))
    act(page, "Copy link")
    expect(page.get_by_role("main")).to_contain_text("A link for Ann Miller to set a password. It works once and is shown only here")
    copied = page.locator("code.bp-secret").inner_text()
    assert copied not in people(page).content()

    ann = visitors.window()
    expect_ended(ann, mailed)
    set_password(ann, copied)
    expect(ann.get_by_role("main")).to_contain_text("Your password is set.")


def test_who_is_deactivated_is_out_at_once_and_the_link_ends(page: Page, visitors: Visitors, mailbox: Mailbox) -> None:
    link = link_in(mailbox.arrived("ann@anna.example", "login details"))
    ann = visitors.window()
    set_password(ann, link)
    sign_in(ann, "ann", PASSWORD)
    expect(ann.get_by_role("banner").locator("summary")).to_contain_text("Ann Miller")
    act(page, "Deactivate")
    expect(page.get_by_role("main")).to_contain_text("Ann Miller can no longer sign in.")

    ann.reload()
    expect(ann.get_by_role("heading", level=1)).to_have_text("Sign in")
    expect_login_state(page, "Deactivated")
