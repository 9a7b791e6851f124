"""One's own second factor, page by page."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from billing_portal.accounts import queries
from billing_portal.accounts.models import Role, User
from tests.support.people import client, mails, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown

ADD = "/account/second-factor/app/"


def secret_on(page: str) -> str:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def add_by_hand(browser: Client) -> Any:
    """The app is added as somebody does it: the key of the page into the app, its code into the page."""
    secret = secret_on(browser.get(ADD).content.decode())
    return browser.post(ADD, {"code": shown(secret=secret)})


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.ACCOUNT_USER])
def test_adding_an_app_shows_recovery_codes_once(acme: Any, role: Role) -> None:
    jane = user("jane", role)
    browser = at_the_door(jane)
    page = add_by_hand(browser).content.decode()
    codes = re.findall(r'<code class="bp-secret">(\d{5} \d{5})</code>', page)

    assert len(set(codes)) == 10
    assert all(code.replace(" ", "%20") in page for code in codes), "the file to keep has them too"
    assert all(code not in browser.get(path).content.decode() for code in codes for path in (ADD, "/account/second-factor/"))
    assert is_signed_in(at_the_door(jane, code=codes[0]))


def test_the_picture_and_the_page_need_no_style_and_no_script_of_their_own(acme: Any) -> None:
    page = at_the_door(user("jane")).get(ADD)
    picture = re.search(r"<svg class=\"bp-qr\".*?</svg>", page.content.decode(), re.DOTALL)

    assert picture is not None
    assert not re.search(r"style=|<style|<script|href=", picture[0])
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "no-store" in page.headers["Cache-Control"]


def test_a_wrong_code_adds_nothing_and_the_same_key_stays_on_the_page(acme: Any) -> None:
    jane = user("jane")
    browser = at_the_door(jane)
    secret = secret_on(browser.get(ADD).content.decode())
    answer = browser.post(ADD, {"code": "000000"})

    assert answer.status_code == 422
    assert secret_on(answer.content.decode()) == secret
    assert secret_on(browser.get(ADD).content.decode()) != secret, "a fresh page has a fresh key"
    assert not queries.has_second_factor(jane)


def test_adding_one_ends_the_other_sessions_and_not_this_one(acme: Any) -> None:
    jane = user("jane")
    here, there = at_the_door(jane), at_the_door(jane)
    add_by_hand(here)

    assert (is_signed_in(here), is_signed_in(there)) == (True, False)


def test_a_second_app_is_refused(acme: Any) -> None:
    jane = user("jane")
    [code, *_others] = add_app(jane)
    browser = at_the_door(jane, code=code)

    assert "remove it first" in add_by_hand(browser).content.decode()
    assert Authenticator.objects.filter(user=jane, type="totp").count() == 1


def test_the_app_is_removed_and_signing_in_asks_for_the_password_alone(acme: Any) -> None:
    jane = user("jane")
    [code, *_others] = add_app(jane)
    browser = at_the_door(jane, code=code)
    app = Authenticator.objects.get(user=jane, type="totp")

    assert browser.post(f"/account/second-factor/{app.pk}/remove/").headers["Location"] == "/account/second-factor/"
    assert is_signed_in(at_the_door(jane))
    assert mails("sign_in_changed")[-1].subject == "Your authenticator app was removed: Acme"


def test_new_recovery_codes_are_shown_once_and_mailed_about(acme: Any) -> None:
    jane = user("jane")
    [code, *_others] = add_app(jane)
    browser = at_the_door(jane, code=code)
    page = browser.post("/account/second-factor/codes/").content.decode()

    assert len(re.findall(r'<code class="bp-secret">\d{5} \d{5}</code>', page)) == 10
    assert mails("sign_in_changed")[-1].subject == "New recovery codes were made: Acme"
    assert not re.search(r"\d{5} ?\d{5}", mails("sign_in_changed")[-1].text)
    assert browser.get("/account/second-factor/codes/").status_code == 405


def test_the_factor_of_somebody_else_is_out_of_reach(acme: Any) -> None:
    jane, ann = user("jane"), user("ann")
    add_app(jane)
    theirs = Authenticator.objects.get(user=jane, type="totp")
    browser = at_the_door(ann)
    answer = browser.post(f"/account/second-factor/{theirs.pk}/remove/")

    assert answer.status_code == 422
    assert browser.get(f"/account/second-factor/passkey/{theirs.pk}/").headers["Location"] == "/account/second-factor/"
    assert queries.has_second_factor(jane)


@pytest.mark.parametrize("path", ["", "app/", "passkey/"])
def test_a_stranger_has_none_of_these_pages(acme: Any, path: str) -> None:
    answer = client().get(f"/account/second-factor/{path}")

    assert answer.headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.rel(76)
def test_with_a_second_factor_eight_characters_are_enough_and_without_fifteen(acme: Any) -> None:
    jane, ann = user("jane"), user("ann")
    [code, *_others] = add_app(jane)
    new = {"current": "copper kettle on the hill", "password": "tall-Fern"}
    with_one, without = at_the_door(jane, code=code), at_the_door(ann)

    assert "At least 8 characters" in with_one.get("/account/password/").content.decode()
    assert with_one.post("/account/password/", new).status_code == 302
    refused = without.post("/account/password/", new)
    assert (refused.status_code, "at least 15 characters" in refused.content.decode()) == (422, True)
    assert with_one.post("/account/password/", {"current": "tall-Fern", "password": "2short"}).status_code == 422
    assert User.objects.get(pk=jane.pk).short_password
