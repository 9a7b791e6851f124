"""One's own sessions and email."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import emails, sessions, users
from billing_portal.accounts.models import AuditEntry, OpenSession, Role, User
from tests.support.people import PASSWORD, START, client, mails, system, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def rows_of(browser: Client) -> list[str]:
    page = browser.get("/account/sessions/").content.decode()
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]


# --- sessions ----------------------------------------------------------------------------------------------------------


@pytest.mark.rel(78)
def test_ones_sessions_are_listed_with_browser_and_address_and_others_are_not(acme: Any) -> None:
    jane, ann = user("jane"), user("ann")
    here = at_the_door(jane, REMOTE_ADDR="192.0.2.1")
    at_the_door(jane, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="2001:db8::7")
    at_the_door(ann, REMOTE_ADDR="198.51.100.9")
    rows = rows_of(here)

    assert len(rows) == 2
    assert [row for row in rows if "This one" in row and "192.0.2.1" in row]
    assert [row for row in rows if row.startswith("Firefox on Windows 2001:db8::7")]
    assert "198.51.100.9" not in " ".join(rows)


@pytest.mark.rel(78)
def test_one_session_is_ended_and_nobody_elses(acme: Any) -> None:
    jane, ann = user("jane"), user("ann")
    here, there, anns = at_the_door(jane), at_the_door(jane), at_the_door(ann)
    theirs = OpenSession.objects.get(user=ann)
    other = OpenSession.objects.filter(user=jane).latest("began_at")

    assert here.post(f"/account/sessions/{theirs.pk}/end/").status_code == 302
    assert is_signed_in(anns)
    assert here.post(f"/account/sessions/{other.pk}/end/").status_code == 302
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert AuditEntry.objects.filter(action="user.session_ended").count() == 1
    assert not Session.objects.filter(session_key=other.session_key).exists()


@pytest.mark.rel(78)
def test_all_others_are_ended_and_this_one_stays(acme: Any) -> None:
    jane = user("jane")
    here, others = at_the_door(jane), [at_the_door(jane) for _browser in range(3)]
    here.post("/account/sessions/end-others/")

    assert is_signed_in(here)
    assert [is_signed_in(other) for other in others] == [False] * 3
    assert len(rows_of(here)) == 1


@pytest.mark.rel(78)
@pytest.mark.parametrize("what", ["password by the link", "password", "deactivated and back"])
def test_sessions_are_gone_for_good_after(acme: Any, what: str) -> None:
    from billing_portal.accounts.domain import links
    from billing_portal.accounts.models import LoginLink

    jane, _boss = user("jane"), user("boss")
    browser = at_the_door(jane)
    if what == "password by the link":
        links.set_password(links.make(jane, LoginLink.Purpose.RESET, at=timezone.now()), "another kettle in the dale", at=timezone.now())
    elif what == "password":
        at_the_door(jane).post("/account/password/", {"current": PASSWORD, "password": "another kettle in the dale"})
    else:
        users.activate(users.deactivate(jane, actor=system, at=START), actor=system, at=START)

    assert not is_signed_in(browser)
    assert not Session.objects.filter(session_key=browser.cookies[settings.SESSION_COOKIE_NAME].value).exists()


def test_signing_out_takes_the_session_from_the_list(acme: Any) -> None:
    jane = user("jane")
    browser = at_the_door(jane)
    browser.post("/sign-out/")

    assert not OpenSession.objects.filter(user=jane).exists()


def test_the_row_follows_the_session_to_its_new_key_and_ends_it_there(acme: Any) -> None:
    """Proving again changes the key of the session; ending it ends it under the new one."""
    jane = user("jane")
    here, there = at_the_door(jane), at_the_door(jane)
    former = there.cookies[settings.SESSION_COOKIE_NAME].value
    there.post("/account/confirm/", {"password": PASSWORD})
    assert there.cookies[settings.SESSION_COOKIE_NAME].value != former
    here.post("/account/sessions/end-others/")

    assert not is_signed_in(there)


def test_a_session_that_moved_on_while_it_was_ended_ends_all_the_same(acme: Any) -> None:
    jane = user("jane")
    browser = at_the_door(jane)
    OpenSession.objects.filter(user=jane).delete()  # what ending does first; the session itself has just got another key
    browser.post("/account/confirm/", {"password": PASSWORD})

    assert not is_signed_in(browser)


def test_use_is_written_down_once_a_minute(acme: Any) -> None:
    jane = user("jane")
    browser = at_the_door(jane)
    row = OpenSession.objects.get(user=jane)
    browser.get("/account/")
    row.refresh_from_db()
    first = row.seen_at
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore(key)
    store[sessions.LISTED] = {**store[sessions.LISTED], "noted": (timezone.now() - timedelta(minutes=2)).isoformat()}
    store.save()
    browser.get("/account/")
    row.refresh_from_db()

    assert row.seen_at > first


def test_a_session_from_before_there_was_a_list_is_listed_at_its_next_page(acme: Any) -> None:
    jane = user("jane")
    browser = client(jane)
    session = browser.session
    del session[sessions.LISTED]
    session.save()
    OpenSession.objects.all().delete()

    assert len(rows_of(browser)) == 0, "listed after this page"
    assert len(rows_of(browser)) == 1


def test_expired_sessions_are_not_listed_and_are_forgotten_in_time(acme: Any) -> None:
    jane = user("jane")
    gone, here = at_the_door(jane), at_the_door(jane)
    Session.objects.filter(session_key=gone.cookies[settings.SESSION_COOKIE_NAME].value).update(expire_date=timezone.now() - timedelta(seconds=1))
    OpenSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))

    assert len(rows_of(here)) == 1
    assert sessions.tidy(at=timezone.now()) == 1
    assert OpenSession.objects.count() == 1


# --- email -------------------------------------------------------------------------------------------------------------


def ask_for(browser: Client, email: str) -> str:
    """The link that was mailed to the new address."""
    answer = browser.post("/account/email/", {"email": email})
    assert answer.status_code == 302
    [mail] = mails("email_confirm")
    found = re.search(r"http://acme\.localhost(?::\d+)?(/email/\S+)", mail.text)
    assert found is not None
    assert found[1] in mail.html
    assert mail.recipients == [email]
    return found[1]


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ACCOUNT_USER])
def test_an_email_changes_when_the_new_address_confirms_it_and_the_old_one_is_told(acme: Any, role: Role) -> None:
    jane = user("jane", role)
    path = ask_for(at_the_door(jane), "jane@new.example")
    scanner = client()
    opened = [scanner.head(path).status_code, scanner.get(path).status_code, scanner.get(path).status_code]
    before = User.objects.get(pk=jane.pk).email

    assert (opened, before) == ([200] * 3, "jane@example.com")
    assert client().post(path).status_code == 302
    assert (User.objects.get(pk=jane.pk).email, User.objects.get(pk=jane.pk).email_proved) == ("jane@new.example", True)
    assert client().post(path).status_code == 410
    [told] = mails("sign_in_changed")
    assert (told.recipients, "Mails now go to jane@new.example" in told.text) == (["jane@example.com"], True)
    assert AuditEntry.objects.get(action="user.email_changed").changes == {"email": ["jane@example.com", "jane@new.example"]}


@pytest.mark.rel(78)
@pytest.mark.parametrize(
    "why", ["flipped", "another reseller", "new password", "too late", "deactivated", "out everywhere", "one browser out", "deactivated for a while"]
)
def test_a_link_to_an_email_that_does_not_hold_changes_nothing(acme: Any, why: str) -> None:
    import time_machine

    jane = user("jane")
    path = ask_for(at_the_door(jane), "jane@new.example")
    host, when = None, timezone.now()
    if why == "flipped":
        path = path[:-3] + ("a" if path[-3] != "a" else "b") + path[-2:]
    elif why == "another reseller":
        host = "globex.localhost"
    elif why == "new password":
        jane.set_password("another kettle in the dale")
        jane.save()
    elif why == "too late":
        when += timedelta(hours=73)
    elif why == "out everywhere":
        sessions.end_all(jane, actor=system, at=when)
    elif why == "one browser out":
        [asked_in] = sessions.of(jane, at=when)
        sessions.end_one(jane, asked_in.pk, actor=system, at=when)
    elif why == "deactivated for a while":
        boss = Actor.of(user("boss"))
        users.activate(users.deactivate(jane, actor=boss, at=when), actor=boss, at=when)
    else:
        User.objects.filter(pk=jane.pk).update(is_active=False)
    with time_machine.travel(when, tick=True):
        status = client(host=host).post(path).status_code
    connection.set_tenant(acme)

    assert status == 410
    assert User.objects.get(pk=jane.pk).email == "jane@example.com"


def test_of_two_links_asked_for_the_one_confirmed_first_ends_the_other(acme: Any) -> None:
    jane = user("jane")
    now = timezone.now()
    emails.ask(jane, "one@new.example", address="", at=now)
    emails.ask(jane, "two@new.example", address="", at=now)
    one, two = [re.search(r"(/email/\S+)", mail.text)[1] for mail in mails("email_confirm")]  # type: ignore[index]

    assert [client().post(path).status_code for path in (two, one)] == [302, 410]
    assert User.objects.get(pk=jane.pk).email == "two@new.example"


def link_for(jane: User, email: str) -> str:
    emails.ask(jane, email, address="", at=timezone.now())
    [mail] = [mail for mail in mails("email_confirm") if mail.recipients == [email]]
    return re.search(r"(/email/\S+)", mail.text)[1]  # type: ignore[index]


@pytest.mark.rel(78)
def test_a_used_link_stays_used_when_the_former_email_comes_back(acme: Any) -> None:
    """Whoever reads the mailbox that was left would take the account back."""
    jane = user("jane")
    used, unused = (link_for(jane, email) for email in ("lost@new.example", "never@new.example"))
    first = client().post(used).status_code
    back = client().post(link_for(User.objects.get(pk=jane.pk), "jane@example.com")).status_code

    assert (first, back, User.objects.get(pk=jane.pk).email) == (302, 302, "jane@example.com")
    assert [client().post(path).status_code for path in (used, unused)] == [410, 410]
    assert User.objects.get(pk=jane.pk).email == "jane@example.com"


@pytest.mark.parametrize(
    "email", ["", "jane", "jane@example.com", "JANE@example.com", "a@b.example\r\nBcc: x@y.example", '"a\x0bb"@c.example', "jane@\u0130.example"]
)
def test_what_is_no_new_address_is_refused_on_the_field(acme: Any, email: str) -> None:
    browser = at_the_door(user("jane"))

    assert browser.post("/account/email/", {"email": email}).status_code == 422
    assert mails("email_confirm") == []


@pytest.mark.rel(75)
def test_nobody_mails_strangers_more_than_ten_links_and_others_still_change_theirs(acme: Any) -> None:
    browser, other = at_the_door(user("jane"), REMOTE_ADDR="192.0.2.1"), at_the_door(user("ann"), REMOTE_ADDR="192.0.2.2")
    answers = [browser.post("/account/email/", {"email": "victim@stranger.example"}) for _click in range(12)]

    assert [answer.status_code for answer in answers] == [302] * 10 + [422] * 2
    assert "Too many links were asked for. Wait a quarter of an hour." in answers[-1].content.decode()
    assert len(mails("email_confirm")) == 10
    assert [other.post("/account/email/", {"email": email}).status_code for email in ("ann", "ann@new.example")] == [422, 302]


LONG = f"{'j' * 60}@{'example.' * 23}com"  # 248 letters


def test_an_address_of_any_length_is_confirmed_and_told(acme: Any) -> None:
    jane = user("jane", email=LONG)
    browser = at_the_door(jane)
    path = ask_for(browser, LONG.replace("example", "another"))
    client().post(path)

    assert User.objects.get(pk=jane.pk).email == LONG.replace("example", "another")
    assert [mail.recipients for mail in mails("sign_in_changed")] == [[LONG]]


def test_somebody_with_a_long_address_adds_a_second_factor_and_is_told(acme: Any) -> None:
    add_app(user("jane", email=LONG))

    assert [mail.recipients for mail in mails("sign_in_changed")] == [[LONG]]


def test_whoever_may_read_mails_cannot_use_the_link_in_them(acme: Any) -> None:
    path = ask_for(at_the_door(user("jane")), "jane@new.example")
    [mail] = mails("email_confirm")
    boss = client(user("boss"))

    for page in (f"/platform/mails/{mail.pk}/", f"/platform/mails/{mail.pk}/preview/"):
        assert path not in boss.get(page).content.decode()
    assert boss.post(f"/platform/mails/{mail.pk}/resend/").status_code == 422
