"""Whose session it is: replayed, copied, after deactivation, after a new password."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from billing_portal.accounts.models import Role, User
from tests.support.people import client, user

ROLES = [Role.ADMINISTRATOR, Role.SUPPORT, Role.ACCOUNT_ADMIN]


def is_signed_in(browser: Client) -> bool:
    """The page about one's own password is open to everybody who is signed in."""
    return browser.get("/account/password/").status_code == 200


def carry(cookie_of: Client, *, to_host: str) -> Client:
    other = client(host=to_host)
    other.cookies[settings.SESSION_COOKIE_NAME] = cookie_of.cookies[settings.SESSION_COOKIE_NAME].value
    return other


@pytest.mark.rel(46)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("host", ["globex.localhost", "localhost"])
def test_a_session_of_acme_is_worthless_elsewhere(acme: Any, role: Role, host: str) -> None:
    browser = client(user("jane", role))

    assert not is_signed_in(carry(browser, to_host=host))
    assert is_signed_in(browser)


@pytest.mark.rel(46)
def test_a_copied_schema_with_the_same_session_and_user_lets_nobody_in(acme: Any, globex: Any) -> None:
    """Same session row, same user id, same password hash: the schema written into the session still says where it was opened."""
    connection.set_tenant(acme)
    jane = user("jane")
    browser = client(jane)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO globex.accounts_user SELECT * FROM acme.accounts_user WHERE id = %s", [jane.pk])
        cursor.execute("INSERT INTO globex.django_session SELECT * FROM acme.django_session WHERE session_key = %s", [key])

    assert not is_signed_in(carry(browser, to_host="globex.localhost"))


@pytest.mark.parametrize("value", ['"\\000abcdefghijkl"', '"\\377\\376abcdefgh"', "ab\u00e9" * 8, "a" * 5000, "../../../etc/passwd", ""])
def test_a_cookie_that_is_no_session_is_no_session(acme: Any, value: str) -> None:
    """A NUL among others, which no database takes, written as cookies write it."""
    jane = user("jane")
    answers = [client(HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}={value}").get(path).status_code for path in ("/sign-in/", "/account/", "/help/")]

    assert answers == [200, 302, 200]
    assert is_signed_in(client(jane))


def test_an_unknown_host_is_a_plain_404(acme: Any) -> None:
    answer = client(host="unknown.localhost").get("/sign-in/")

    assert (answer.status_code, answer.content) == (404, b"Not found\n")


@pytest.mark.rel(78)
def test_a_session_ends_when_its_user_is_deactivated(acme: Any) -> None:
    jane = user("jane")
    browser = client(jane)
    User.objects.filter(pk=jane.pk).update(is_active=False)

    assert not is_signed_in(browser)


@pytest.mark.rel(78)
def test_sessions_elsewhere_end_when_the_password_changes(acme: Any) -> None:
    jane = user("jane")
    here, there = client(jane), client(jane)
    new = {"current": "copper kettle on the hill", "password": "another kettle in the dale"}

    assert here.post("/account/password/", new).status_code == 302
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
