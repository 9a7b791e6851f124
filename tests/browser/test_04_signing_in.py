"""Point 4: the host decides the reseller; signing in by three names, signing out, and a password changed or forgotten."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitors, link_in, sign_in
from tests.support.people import PASSWORD
from tests.support.portal import Mailbox

NEW = "seven quiet boats at noon"
NO_MATCH = "That name and password do not match. Check both, or use your account number."


@pytest.fixture
def ann(anna: Any) -> Any:
    """The first person of Anna Ltd, with a password: username ann, email ann@anna.example, account number 100001."""
    from django.contrib.auth.hashers import make_password

    user = anna.people.get().user
    user.password = make_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def expect_signed_in(page: Page, name: str, role: str) -> None:
    expect(page.get_by_role("banner").locator("summary")).to_contain_text(name)
    expect(page.get_by_role("banner").locator("summary")).to_contain_text(role)


def expect_the_door(page: Page) -> None:
    expect(page).to_have_url(re.compile("/sign-in/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


@pytest.mark.parametrize("name", ["ann", "ANN@anna.example", "100001"])
def test_a_customers_person_signs_in_by_username_email_or_account_number(visitors: Visitors, ann: Any, name: str) -> None:
    page = visitors.window()
    sign_in(page, name, PASSWORD)

    expect_signed_in(page, "Ann Miller", "Account administrator")
    expect(page.get_by_role("banner")).to_contain_text("Customer portal")


def test_a_wrong_password_an_unknown_name_and_another_reseller_get_the_same_answer(visitors: Visitors, ann: Any) -> None:
    for reseller, name, password in (("acme", "ann", "wrong"), ("acme", "nobody", PASSWORD), ("globex", "ann", PASSWORD), ("owner", "ann", PASSWORD)):
        page = visitors.window(reseller=reseller)
        sign_in(page, name, password)
        expect(page.get_by_role("main")).to_contain_text(NO_MATCH)
        expect(page.get_by_label("Password")).to_have_value("")


def test_a_host_that_nobody_has_is_a_plain_404(visitors: Visitors, portal: Any) -> None:
    page = visitors.window()
    answer = page.goto(portal.home("nobody") + "/sign-in/")

    assert answer is not None
    assert answer.status == 404
    assert page.locator("body").inner_text() == "Not found\n"


def test_sign_in_leads_to_the_page_asked_for_and_sign_out_shuts_it(visitors: Visitors, jane: Any) -> None:
    page = visitors.window(at="/settings/company/")
    expect_the_door(page)
    page.get_by_label("Username, email or account number").fill("jane")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Company")

    page.get_by_text("Jane Whitfield").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).to_contain_text("You have signed out.")
    page.goto("/settings/company/")
    expect_the_door(page)


def test_a_session_of_one_reseller_opens_nothing_at_another(visitors: Visitors, jane: Any, portal: Any) -> None:
    page = visitors.window(jane, at="/customers/")
    cookies: Any = [cookie | {"domain": "globex.localhost"} for cookie in page.context.cookies()]
    page.context.add_cookies(cookies)

    page.goto(portal.home("globex") + "/customers/")

    expect_the_door(page)


def test_changing_the_password_ends_every_other_session(visitors: Visitors, jane: Any) -> None:
    here, elsewhere = visitors.window(jane, at="/customers/"), visitors.window(jane, at="/customers/")
    here.get_by_text("Jane Whitfield").click()
    here.get_by_role("link", name="Change password").click()
    here.get_by_label("Current password").fill("wrong")
    here.get_by_label("New password").fill("short")
    here.get_by_role("button", name="Change password").click()
    summary = here.get_by_role("alert")
    expect(summary).to_contain_text("2 things to correct before this can be saved")
    expect(summary).to_contain_text("Current password: This is not your current password.")
    expect(summary).to_contain_text("New password: This password is too short. It must contain at least 15 characters.")

    here.get_by_label("Current password").fill(PASSWORD)
    here.get_by_label("New password").fill(NEW)
    here.get_by_role("button", name="Change password").click()
    expect(here.get_by_role("main")).to_contain_text("Your password is changed. You are signed out everywhere else.")
    elsewhere.reload()
    expect_the_door(elsewhere)
    sign_in(elsewhere, "jane", NEW)
    expect_signed_in(elsewhere, "Jane Whitfield", "Administrator")


def test_who_forgot_the_password_sets_a_new_one_by_the_link_in_the_mail(visitors: Visitors, mailbox: Mailbox, ann: Any) -> None:
    page = visitors.window(at="/sign-in/")
    page.get_by_role("link", name="Forgotten?").click()
    page.get_by_label("Username, email or account number").fill("100001")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")

    page.goto(link_in(mailbox.arrived("ann@anna.example", "Set a new password")))
    expect(page.get_by_role("main")).to_contain_text("Welcome, Ann Miller. You sign in with the username ann or the account number 100001.")
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_role("main")).to_contain_text("Your password is set. Sign in with it.")
    sign_in(page, "ann", PASSWORD)
    expect(page.get_by_role("main")).to_contain_text(NO_MATCH)
    sign_in(page, "ann", NEW)
    expect_signed_in(page, "Ann Miller", "Account administrator")


def test_an_unknown_name_gets_the_same_answer_and_no_mail(visitors: Visitors, mailbox: Mailbox, ann: Any) -> None:
    page = visitors.window(at="/password/forgotten/")
    page.get_by_label("Username, email or account number").fill("nobody")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look into your mail")

    # A mail that is owed afterwards arrives first, so the other one is not on its way.
    page.goto("/password/forgotten/")
    page.get_by_label("Username, email or account number").fill("ann")
    page.get_by_role("button", name="Send me a link").click()
    mailbox.arrived("ann@anna.example", "Set a new password")
    assert [str(mail["To"]) for mail in mailbox.mails] == ["ann@anna.example"]


def test_each_role_sees_what_it_may_do(visitors: Visitors, ann: Any) -> None:
    from billing_portal.accounts.models import Role
    from tests.support.people import user

    desk = visitors.window(user("sam", Role.SUPPORT), at="/customers/")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Customers 1")
    expect(desk.get_by_role("link", name="New customer")).to_have_count(0)
    expect(desk.get_by_role("navigation", name="Main")).not_to_contain_text("Company")
    answer = desk.goto("/settings/company/")
    assert answer is not None
    assert answer.status == 403

    home = visitors.window(ann)
    answer = home.goto("/customers/")
    assert answer is not None
    assert answer.status == 404
