"""A session belongs to the reseller in whose schema it was opened, and is listed there."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from billing_portal.accounts import known
from billing_portal.accounts.domain import sessions
from billing_portal.accounts.models import User
from billing_portal.accounts.where import Where

CLAIM = "schema"
KEY = re.compile(r"[a-z0-9]{8,40}")


def claim(request: HttpRequest, user: User, **signal: Any) -> None:
    """Write the schema into a session as somebody signs in, and list it."""
    request.session[CLAIM] = connection.schema_name
    request.signed_in_now = user  # type: ignore[attr-defined]
    sessions.begin(request.session, user, where=Where.of(request), at=timezone.now())


def sign_out(request: HttpRequest, **signal: Any) -> None:
    """Somebody signs out: the session is listed no more."""
    sessions.forget(request.session)


class SessionCookieIsSound:
    """Looks no session up by what can be the key of none: a browser may send anything, also what no database takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not KEY.fullmatch(request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request)


class SessionBelongsToReseller:
    """Ends a session that names another schema, wherever its row came from; sessions already lie in each reseller's schema (reliability 46)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session and request.session.get(CLAIM) != connection.schema_name:
            request.session.flush()
            request.user = AnonymousUser()
        return self.get_response(request)


class SessionIsListed:
    """Keeps the list of open sessions in step: after the page, because switching and proving again change the session's key (reliability 78).

    A browser in which somebody has just signed in is known as theirs from then on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer = self.get_response(request)
        came: User | None = getattr(request, "signed_in_now", None)
        if came is not None and not came.stands_for_schema:
            known.remember(request, answer, came)
        elif request.method == "POST" and isinstance(request.user, User):
            known.stay(request, answer, request.user)
        session, now = request.session, timezone.now()
        if sessions.LISTED in session and SESSION_KEY in session:
            sessions.follow(session, where=Where.of(request), at=now)
        elif SESSION_KEY in session and isinstance(request.user, User):  # opened before sessions were listed
            sessions.begin(session, request.user, where=Where.of(request), at=now)
        return answer
