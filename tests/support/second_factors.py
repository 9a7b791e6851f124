"""People with a second factor, what their apps show, and browsers in which somebody signed in at the door."""

from datetime import UTC, datetime, timedelta
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import second_factors
from billing_portal.accounts.models import User
from tests.support.people import PASSWORD, client

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def shown(at: datetime | None = None, *, steps: int = 0, secret: str = SECRET) -> str:
    """What an app shows at this moment, or so many half minutes later."""
    moment = at or datetime.now(UTC)
    code: str = format_hotp_value(hotp_value(secret, int(moment.timestamp()) // 30 + steps))
    return code


def add_app(user: User, *, at: datetime | None = None) -> list[str]:
    """Give somebody an authenticator app with this secret, added a while ago; their recovery codes."""
    then = (at or datetime.now(UTC)) - timedelta(minutes=10)
    return second_factors.add_app(user, SECRET, shown(then), actor=Actor.of(user), at=then)


def at_the_door(user: User, *, code: str = "", password: str = PASSWORD, **given: Any) -> Client:
    """A browser in which this person wrote the password and, if given, the code."""
    browser = client(**given)
    browser.post("/sign-in/", {"login": user.username, "password": password})
    if code:
        browser.post("/sign-in/second-factor/", {"code": code})
    return browser


def is_signed_in(browser: Client) -> bool:
    return browser.get("/account/").status_code == 200
