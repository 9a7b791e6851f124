"""The second factor at the door and before a change to how one signs in."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import passwords, second_factors, users
from billing_portal.accounts.models import OpenSession, Role, SignInTry, User
from tests.support.people import PASSWORD, START, client, system, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown
from tests.support.soft_passkey import SoftPasskey

STEP = "/sign-in/second-factor/"


def session_of(browser: Client) -> str:
    return browser.cookies[settings.SESSION_COOKIE_NAME].value


# --- at the door -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REPORTS, Role.ACCOUNT_ADMIN, Role.ACCOUNT_USER])
def test_the_password_alone_signs_nobody_in_who_has_a_second_factor(acme: Any, role: Role) -> None:
    jane = user("jane", role)
    add_app(jane)
    browser = at_the_door(jane)

    assert not is_signed_in(browser)
    assert browser.get("/sign-in/").headers["Location"] == STEP
    assert browser.post(STEP, {"code": shown()}).status_code == 302
    assert is_signed_in(browser)


def test_a_recovery_code_signs_in_too(acme: Any) -> None:
    jane = user("jane")
    [code, *_others] = add_app(jane)

    assert is_signed_in(at_the_door(jane, code=code))
    assert not is_signed_in(at_the_door(jane, code=code))


def test_signing_in_leads_to_the_page_asked_for(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)
    browser = client()
    browser.post("/sign-in/", {"login": "jane", "password": PASSWORD, "next": "/account/sessions/"})

    assert browser.post(STEP, {"code": shown()}).headers["Location"] == "/account/sessions/"


def test_without_the_password_there_is_no_second_step(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)

    assert client().get(STEP).headers["Location"] == "/sign-in/"
    assert client().post(STEP, {"code": shown()}).headers["Location"] == "/sign-in/"
    assert at_the_door(jane, password="wrong wrong wrong").get(STEP).headers["Location"] == "/sign-in/"


def test_the_second_step_ends_after_a_quarter_of_an_hour(acme: Any) -> None:
    jane = user("jane")
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False) as clock:
        add_app(jane)
        browser = at_the_door(jane)
        clock.shift(timedelta(minutes=16))
        answer = browser.post(STEP, {"code": shown()})

    assert answer.headers["Location"] == "/sign-in/"
    assert not is_signed_in(browser)


def test_somebody_can_go_back_and_sign_in_as_somebody_else(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)
    browser = at_the_door(jane)

    assert browser.post(STEP, {"leave": "yes"}).headers["Location"] == "/sign-in/"
    assert browser.get("/sign-in/").status_code == 200


@pytest.mark.parametrize("what", ["password", "deactivated", "reset"])
def test_what_changes_between_the_steps_sends_back_to_the_first(acme: Any, what: str) -> None:
    """A new password, deactivation or a reset after the first step: what was proved there stands no more."""
    jane = user("jane")
    add_app(jane)
    browser = at_the_door(jane)
    if what == "password":
        passwords.change(jane, "another kettle in the dale", actor=Actor.of(jane), at=timezone.now())
    elif what == "deactivated":
        user("boss")
        users.deactivate(jane, actor=system, at=START)
    else:
        second_factors.reset(jane, actor=system, at=START)
    answer = browser.post(STEP, {"code": shown()})

    assert answer.headers["Location"] == "/sign-in/"
    assert not is_signed_in(browser)


@pytest.mark.rel(69)
def test_the_id_of_the_session_changes_at_every_step(acme: Any) -> None:
    """What somebody slipped into the browser before, or saw of it between the steps, opens nothing afterwards."""
    jane = user("jane")
    add_app(jane)
    browser = client()
    browser.session.save()  # a session of nobody, as one could be slipped in
    ids = [session_of(browser)]
    browser.post("/sign-in/", {"login": "jane", "password": PASSWORD})
    ids.append(session_of(browser))
    browser.post(STEP, {"code": shown()})
    ids.append(session_of(browser))
    browser.post("/account/confirm/", {"code": shown(steps=1)})
    ids.append(session_of(browser))

    assert len(set(ids)) == 4
    assert is_signed_in(browser)
    for former in ids[:-1]:
        thief = client()
        thief.cookies[settings.SESSION_COOKIE_NAME] = former
        assert not is_signed_in(thief)
        assert thief.get(STEP).headers["Location"] == "/sign-in/"


@pytest.mark.rel(74)
def test_every_refused_code_reads_the_same(acme: Any) -> None:
    jane = user("jane")
    [used, *_others] = add_app(jane)
    at_the_door(jane, code=used)
    answers = [at_the_door(jane).post(STEP, {"code": code}) for code in ("000000", used, "12345 67890", "no code")]

    assert {answer.status_code for answer in answers} == {422}
    assert all("This code does not fit." in answer.content.decode() for answer in answers)


@pytest.mark.rel(75)
def test_guessing_codes_ends_after_ten_and_a_right_one_is_refused_then(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)
    browser = at_the_door(jane)
    for _guess in range(10):
        assert "does not fit" in browser.post(STEP, {"code": "000000"}).content.decode()
    answer = browser.post(STEP, {"code": shown()})

    assert "Too many attempts" in answer.content.decode()
    assert not is_signed_in(browser)
    assert SignInTry.objects.filter(kind="code").count() == 10


@pytest.mark.rel(75)
def test_who_guesses_codes_does_not_keep_the_owners_browser_out(acme: Any) -> None:
    jane = user("jane")
    codes = add_app(jane)
    own = at_the_door(jane, code=codes[0])
    own.post("/sign-out/")
    thief = at_the_door(jane, REMOTE_ADDR="192.0.2.66")
    for _guess in range(12):
        thief.post(STEP, {"code": "000000"})
    own.post("/sign-in/", {"login": "jane", "password": PASSWORD})

    assert own.post(STEP, {"code": codes[1]}).status_code == 302
    assert is_signed_in(own)


# --- once more, before a change ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/account/email/", "/account/second-factor/app/", "/account/second-factor/passkey/"])
def test_a_change_to_how_one_signs_in_asks_again_after_a_quarter_of_an_hour(acme: Any, path: str) -> None:
    jane = user("jane")
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False) as clock:
        browser = at_the_door(jane)
        fresh = browser.get(path).status_code
        clock.shift(timedelta(minutes=16))
        stale = browser.get(path).headers["Location"]
        refused = browser.post("/account/confirm/", {"password": "wrong", "next": path})
        way = browser.post("/account/confirm/", {"password": PASSWORD, "next": path}).headers["Location"]
        again = browser.get(path).status_code

    assert (fresh, again) == (200, 200)
    assert stale == f"/account/confirm/?next={path.replace('/', '%2F')}"
    assert (refused.status_code, "This is not your current password." in refused.content.decode()) == (422, True)
    assert way == path


def test_nothing_is_changed_by_a_post_that_asks_first(acme: Any) -> None:
    jane = user("jane")
    codes = add_app(jane)
    browser = client(jane)
    app = second_factors.of(jane).app
    assert app is not None
    for path in (f"/account/second-factor/{app.pk}/remove/", "/account/second-factor/codes/"):
        assert browser.post(path).headers["Location"] == "/account/confirm/?next=%2Faccount%2Fsecond-factor%2F"

    assert second_factors.of(jane).app is not None
    assert second_factors.of(jane).codes_left == len(codes)


def test_who_has_a_second_factor_confirms_by_it_and_not_by_the_password(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)
    browser = client(jane)
    by_password = browser.post("/account/confirm/", {"password": PASSWORD})

    assert by_password.status_code == 422
    assert browser.post("/account/confirm/", {"code": shown(), "next": "/account/email/"}).headers["Location"] == "/account/email/"
    assert browser.get("/account/email/").status_code == 200


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "http://globex.localhost/", "javascript:alert(1)"])
def test_confirming_never_leads_to_another_host(acme: Any, elsewhere: str) -> None:
    browser = client(user("jane"))

    assert browser.post("/account/confirm/", {"password": PASSWORD, "next": elsewhere}).headers["Location"] == "/account/"


@pytest.mark.rel(75)
@pytest.mark.parametrize("way", ["foo", "web:staff", "http://[", "\\\\evil.example"])
@pytest.mark.parametrize("by", ["password", "code"])
def test_a_way_on_that_is_no_page_leads_to_ones_own_account_and_keeps_the_session(acme: Any, way: str, by: str) -> None:
    jane = user("jane")
    if by == "code":
        [code, *_others] = add_app(jane)
    browser = at_the_door(jane, code=code if by == "code" else "")
    answer = browser.post("/account/confirm/", {by: PASSWORD if by == "password" else shown(), "next": way})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")
    assert is_signed_in(browser)
    assert client().post("/sign-in/", {"login": "jane", "password": PASSWORD, "next": way}).status_code == 302


def test_guessing_the_password_in_a_session_left_open_ends_after_ten(acme: Any) -> None:
    """A stolen session is no way to guess: at the confirmation and at the change of the password together."""
    browser = client(user("jane"))
    for _guess in range(5):
        browser.post("/account/confirm/", {"password": "wrong"})
        browser.post("/account/password/", {"current": "wrong", "password": "another kettle in the dale"})

    assert "Too many attempts" in browser.post("/account/confirm/", {"password": PASSWORD}).content.decode()
    changed = browser.post("/account/password/", {"current": PASSWORD, "password": "another kettle in the dale"})
    assert (changed.status_code, "Too many attempts" in changed.content.decode()) == (422, True)


# --- by passkey ----------------------------------------------------------------------------------------------------------


def with_passkey(person: User) -> SoftPasskey:
    """Somebody who added a passkey at the page for it."""
    key, browser = SoftPasskey(), at_the_door(person)
    page = browser.get("/account/second-factor/passkey/").content.decode()
    answer = browser.post("/account/second-factor/passkey/", {"name": "Laptop", "answer": json.dumps(key.make(asked_on(page)))})
    assert "Recovery codes" in answer.content.decode()
    return key


def asked_on(page: str) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]+)"', page)
    assert found is not None
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def test_a_passkey_is_the_second_factor_and_its_answer_works_once(acme: Any) -> None:
    jane = user("jane")
    key = with_passkey(jane)
    browser, other = at_the_door(jane), at_the_door(jane)
    answer = json.dumps(key.sign(asked_on(browser.get(STEP).content.decode())))
    other.get(STEP)

    assert "not accepted" in other.post(STEP, {"answer": answer}).content.decode(), "asked for in another browser"
    assert browser.post(STEP, {"answer": answer}).status_code == 302
    assert is_signed_in(browser)
    browser.post("/sign-out/")
    browser.post("/sign-in/", {"login": "jane", "password": PASSWORD})
    assert browser.post(STEP, {"answer": answer}).status_code == 422
    assert not is_signed_in(browser)


def test_a_passkey_alone_signs_in_and_counts_as_both(acme: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    jane = user("jane")
    key, browser = with_passkey(jane), client()
    answer = json.dumps(key.sign(browser.get("/sign-in/passkey/").json()))

    assert browser.post("/sign-in/passkey/", {"answer": answer, "next": "/customers/"}).headers["Location"] == "/customers/"
    assert browser.get("/customers/").status_code == 200
    assert browser.get("/account/email/").status_code == 200, "fresh, so not asked again"
    again = client()
    again.get("/sign-in/passkey/")
    assert again.post("/sign-in/passkey/", {"answer": answer}).status_code == 422


@pytest.mark.rel(69)
def test_a_passkey_signs_whoever_else_was_in_the_browser_out(acme: Any, settings: Any) -> None:
    """With all that they had open from there, and the passkey counts as both factors in the new session."""
    settings.REQUIRE_SECOND_FACTOR = True
    jane, ann = user("jane", Role.ACCOUNT_ADMIN), user("ann")
    key, browser = with_passkey(ann), at_the_door(jane)
    answer = json.dumps(key.sign(browser.get("/sign-in/passkey/").json()))

    assert browser.post("/sign-in/passkey/", {"answer": answer}).status_code == 302
    assert not OpenSession.objects.filter(user=jane).exists()
    assert browser.get("/settings/staff/").status_code == 200


@pytest.mark.rel(69)
def test_who_is_signed_in_already_begins_a_session_anew_by_passkey(acme: Any) -> None:
    ann = user("ann")
    key = with_passkey(ann)
    browser = client(ann)
    before = OpenSession.objects.get(session_key=session_of(browser))
    answer = json.dumps(key.sign(browser.get("/sign-in/passkey/").json()))

    assert browser.post("/sign-in/passkey/", {"answer": answer}).status_code == 302
    assert is_signed_in(browser)
    assert not OpenSession.objects.filter(pk=before.pk).exists()
    assert not Session.objects.filter(session_key=before.session_key).exists()


def test_an_asking_by_nobody_is_no_session_and_serves_once_for_five_minutes_and_one_reseller(acme: Any) -> None:
    key, browser, begin = with_passkey(user("jane")), client(), datetime.now(UTC)
    before = Session.objects.count()
    with time_machine.travel(begin, tick=False):
        answer = json.dumps(key.sign(browser.get("/sign-in/passkey/").json()))
    kept = browser.cookies[settings.PASSKEY_COOKIE_NAME]
    assert Session.objects.count() == before
    assert (kept["httponly"], kept["secure"], kept["samesite"], kept["max-age"]) == (True, True, "Strict", 300)
    state = signing.loads(kept.value, salt="accounts.passkey:acme")

    def comes_in(seconds: int, value: str = kept.value) -> bool:
        thief = client()
        thief.cookies[settings.PASSKEY_COOKIE_NAME] = value
        with time_machine.travel(begin + timedelta(seconds=seconds), tick=False):
            return bool(thief.post("/sign-in/passkey/", {"answer": answer}).status_code == 302)

    assert not comes_in(301)
    assert not comes_in(10, f"{kept.value[:-2]}xx")
    assert not comes_in(10, signing.dumps(state, salt="accounts.passkey:globex"))
    assert not comes_in(10, "")
    assert comes_in(299)
    assert not comes_in(299), "answered before"
    assert browser.post("/sign-in/passkey/", {"answer": answer}).cookies[settings.PASSKEY_COOKIE_NAME]["max-age"] == 0


RUBBISH = [
    "",
    "x",
    "[]",
    "{}",
    "null",
    "\0",
    '{"response": {"userHandle": 7}}',
    "9" * 5_000,
    "[" * 19_000,
    f'{{"response": {"[" * 900}{"]" * 900}}}',
    "9" * 30_000,
]


@pytest.mark.parametrize("answer", RUBBISH)
def test_rubbish_in_place_of_a_passkey_is_refused_in_words(acme: Any, answer: str) -> None:
    browser = client()
    browser.get("/sign-in/passkey/")
    refused = browser.post("/sign-in/passkey/", {"answer": answer})

    assert refused.status_code == 422
    assert "Passkey not accepted" in refused.content.decode()
    assert "bp-notice-bad" in refused.content.decode()


def test_an_empty_answer_at_the_second_step_is_refused_in_words(acme: Any) -> None:
    jane = user("jane")
    with_passkey(jane)
    refused = at_the_door(jane).post(STEP, {"answer": ""})

    assert (refused.status_code, "Your browser sent no passkey. Try again." in refused.content.decode()) == (422, True)
