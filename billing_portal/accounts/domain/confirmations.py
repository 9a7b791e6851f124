"""Proving again who one is before a change to how one signs in: by the second factor, or by the password of somebody who has none."""

from datetime import datetime, timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from django.http import HttpRequest

from billing_portal.accounts import queries
from billing_portal.accounts.models import User

FRESH = timedelta(minutes=15)
PASSWORD, SECOND = "password", "mfa"


def note(request: HttpRequest, user: User, method: str) -> None:
    """Write into the session how somebody has just proved who they are, under a new session key."""
    record_authentication(request, user, method, reauthenticated=True)
    request.session.cycle_key()


def passed_second(request: HttpRequest, user: User) -> bool:
    """Whether a second factor was shown in this session, at signing in or later."""
    return any(record["method"] == SECOND for record in _records(request, user))


def is_fresh(request: HttpRequest, user: User, *, at: datetime) -> bool:
    """Whether the strongest proof this person has was given in the last quarter of an hour."""
    since = (at - FRESH).timestamp()
    recent = {record["method"] for record in _records(request, user) if record["at"] > since}
    return SECOND in recent or (PASSWORD in recent and not queries.has_second_factor(user))


def _records(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_authentication_records(request, user)
    return found
