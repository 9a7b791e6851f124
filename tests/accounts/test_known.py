"""A browser somebody signed in with before has ten tries of its own, and no more than that (reliability 75)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import links, passwords, second_factors, sessions, users
from billing_portal.accounts.models import LoginLink, User
from tests.support.people import PASSWORD, client, user
from tests.support.second_factors import add_app

pytestmark = pytest.mark.rel(75)
NEW = "another kettle in the dale"


def sign_in(browser: Client, name: str, password: str = PASSWORD) -> bool:
    return browser.post("/sign-in/", {"login": name, "password": password}).status_code == 302


def guess(name: str, times: int = 10, **given: Any) -> None:
    for _guess in range(times):
        sign_in(client(**given), name, "guess guess guess")


def known_browser(person: User) -> Client:
    browser = client()
    assert sign_in(browser, person.username)
    browser.post("/sign-out/")
    return browser


def test_who_guesses_at_an_account_keeps_strangers_out_and_not_its_owner(acme: Any) -> None:
    jane = user("jane")
    own = known_browser(jane)
    guess("jane")

    assert not sign_in(client(), "jane")
    assert not sign_in(client(REMOTE_ADDR="192.0.2.9"), "jane")
    assert sign_in(own, "jane")


def test_the_owners_browser_has_ten_tries_as_well(acme: Any) -> None:
    own = known_browser(user("jane"))
    for _guess in range(10):
        assert not sign_in(own, "jane", "guess guess guess")

    assert not sign_in(own, "jane")


def test_it_is_known_for_one_account_in_one_reseller_and_cannot_be_written_by_hand(acme: Any, globex: Any) -> None:
    from django.db import connection

    gus = user("gus")
    globex_browser = client()
    assert sign_in(globex_browser, "gus")
    connection.set_tenant(acme)
    jane, ann = user("jane"), user("ann")
    own = known_browser(jane)
    guess("ann")
    guess("jane", REMOTE_ADDR="192.0.2.9")
    name = settings.KNOWN_COOKIE_NAME
    for value in (own.cookies[name].value[:-1] + "x", globex_browser.cookies[name].value, f"{ann.pk}:x", f"{gus.pk}"):
        forger = client()
        forger.cookies[name] = value
        assert not sign_in(forger, "ann")
        assert not sign_in(forger, "jane")
    assert not sign_in(own, "ann"), "known as Jane's, not as Ann's"
    assert sign_in(own, "jane")


def new_password_by_link(jane: User) -> None:
    links.set_password(links.make(jane, LoginLink.Purpose.RESET, at=timezone.now()), PASSWORD, at=timezone.now())


def new_password_elsewhere(jane: User) -> None:
    passwords.change(jane, PASSWORD, actor=Actor.of(jane), at=timezone.now(), keep=None)


def second_factor_taken_away(jane: User) -> None:
    add_app(jane)
    second_factors.reset(jane, actor=Actor.of(user("boss")), at=timezone.now())


def signed_out_everywhere(jane: User) -> None:
    sessions.end_all(jane, actor=Actor.of(user("boss")), at=timezone.now())


def signed_out_of_one_browser(jane: User) -> None:
    assert sign_in(client(), "jane")
    [left] = sessions.of(jane, at=timezone.now())
    assert sessions.end_one(jane, left.pk, actor=Actor.of(jane), at=timezone.now())


def deactivated_for_a_while(jane: User) -> None:
    boss = Actor.of(user("boss"))
    users.activate(users.deactivate(jane, actor=boss, at=timezone.now()), actor=boss, at=timezone.now())


@pytest.mark.rel(78)
@pytest.mark.parametrize(
    "ending",
    [new_password_by_link, new_password_elsewhere, second_factor_taken_away, signed_out_everywhere, signed_out_of_one_browser, deactivated_for_a_while],
)
def test_a_browser_is_known_no_longer_than_its_sessions_may_last(acme: Any, ending: Callable[[User], None]) -> None:
    """Whoever has a browser of somebody's has no tries of their own in it once its owner has shut everything."""
    jane = user("jane")
    left = known_browser(jane)
    ending(jane)
    guess("jane")

    assert not sign_in(left, "jane")


@pytest.mark.rel(78)
@pytest.mark.parametrize("path", ["/account/sessions/end-others/", "/account/password/"])
def test_the_browser_in_which_somebody_shuts_all_others_stays_known(acme: Any, path: str) -> None:
    jane = user("jane")
    other, own = known_browser(jane), client()
    assert sign_in(own, "jane")
    assert own.post(path, {"current": PASSWORD, "password": NEW}).status_code == 302
    own.post("/sign-out/")
    guess("jane")
    password = NEW if "password" in path else PASSWORD

    assert not sign_in(other, "jane", password)
    assert sign_in(own, "jane", password)


def test_a_cookie_of_before_this_was_asked_makes_no_browser_known(acme: Any) -> None:
    jane = user("jane")
    old = client()
    old.cookies[settings.KNOWN_COOKIE_NAME] = signing.dumps([str(jane.pk), "door", "x"], salt="accounts.known:acme")
    guess("jane")

    assert not sign_in(old, "jane")


def test_a_link_by_mail_lets_the_owner_in_at_any_browser_while_others_guess(acme: Any) -> None:
    jane = user("jane")
    guess("jane")
    guess("nobody in particular")
    browser = client()
    path = f"/password/{links.make(jane, LoginLink.Purpose.RESET, at=timezone.now())}/"
    assert browser.post(path, {"password": NEW}).status_code == 302
    guess("jane", 3)

    assert sign_in(browser, "jane", NEW)


def test_links_are_asked_for_ten_times_for_one_account_and_from_one_address(acme: Any) -> None:
    """Each is answered as the first was; what is too many sends nothing."""
    from billing_portal.jobs.models import Job

    user("jane")
    for number in range(15):
        assert client().post("/password/forgotten/", {"name": f"nobody {number}"}).status_code == 200
    assert Job.objects.filter(kind="accounts.forgotten").count() == 10
    for number in range(15):
        name = ["jane", "JANE@example.com"][number % 2]
        assert client(REMOTE_ADDR=f"192.0.2.{number}").post("/password/forgotten/", {"name": name}).status_code == 200
    from billing_portal.accounts.models import SignInTry

    assert SignInTry.objects.filter(kind="link").count() == 20


def test_the_cookie_is_for_this_host_alone_and_out_of_reach_of_scripts(acme: Any) -> None:
    own = known_browser(user("jane"))
    cookie = own.cookies[settings.KNOWN_COOKIE_NAME]

    assert settings.KNOWN_COOKIE_NAME.startswith("__Host-")
    assert (bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"], cookie["path"], cookie["domain"]) == (True, True, "Lax", "/", "")


def test_a_link_by_mail_gives_no_more_codes_to_guess(acme: Any) -> None:
    """Who reads the mails of somebody sets password after password, and has ten codes in a quarter of an hour all the same."""
    jane = user("jane")
    add_app(jane)
    looked_at = 0
    for round_ in range(2):
        browser, password = client(), f"{NEW} {round_}"
        browser.post(f"/password/{links.make(jane, LoginLink.Purpose.RESET, at=timezone.now())}/", {"password": password})
        assert sign_in(browser, "jane", password)
        pages = [browser.post("/sign-in/second-factor/", {"code": "000000"}).content.decode() for _guess in range(8)]
        looked_at += sum("does not fit" in page for page in pages)

    assert looked_at == 10
