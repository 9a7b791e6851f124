"""Browsers that somebody has signed in with before: who guesses at an account cannot keep its owner's own browser out (reliability 75)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from billing_portal.accounts.models import User
from billing_portal.accounts.where import Where

KEPT = timedelta(days=365)
DOOR, LINK = "door", "link"


def counted_as(request: HttpRequest, whom: str, *, second: bool = False) -> tuple[str, str]:
    """Whose tries these are, and from which address they count: those of a known browser count by themselves, ten as well, whatever others do.

    For the second factor a link by mail makes no browser known: who reads the mails of somebody would have ten codes for each.
    """
    cookie = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
    owner, came_by, turn = _read(cookie)
    if owner == whom and turn == _turn_of(owner) and not (second and came_by == LINK):
        return hashlib.sha256(cookie.encode()).hexdigest(), ""
    return whom, Where.of(request).network


def remember(request: HttpRequest, answer: HttpResponseBase, user: User, *, came_by: str = DOOR) -> None:
    """Know this browser as the user's from now on; a link gives it ten fresh tries. It proves nothing else, and means nothing to another reseller.

    It is known until sessions of the user are ended (`sessions.shut`, `sessions.end_one`), by whatever does that.
    """
    turn = _turn_of(str(user.pk))
    if came_by == DOOR and _read(request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")) == (str(user.pk), DOOR, turn):
        return
    value = signing.dumps([str(user.pk), came_by, secrets.token_urlsafe(16), turn], salt=_salt())
    answer.set_cookie(settings.KNOWN_COOKIE_NAME, value, max_age=KEPT, secure=True, httponly=True, samesite="Lax")


def stay(request: HttpRequest, answer: HttpResponseBase, user: User) -> None:
    """The browser in which the user has just ended all other sessions stays known; `user` is as the request found them."""
    owner, came_by, turn = _read(request.COOKIES.get(settings.KNOWN_COOKIE_NAME, ""))
    if (owner, turn) == (str(user.pk), user.browsers) and turn != _turn_of(owner):
        remember(request, answer, user, came_by=came_by)


def _turn_of(owner: str) -> int | None:
    """How often all browsers of this user were forgotten."""
    return User.objects.filter(pk=owner).values_list("browsers", flat=True).first()


def _read(cookie: str) -> tuple[str, str, int | None]:
    """Whose browser it is, how it became known, and in which turn; empty when the cookie is none of this reseller's."""
    try:
        pk, came_by, _mark, turn = signing.loads(cookie, salt=_salt(), max_age=KEPT)
    except (signing.BadSignature, ValueError):
        return "", "", None
    return str(pk), str(came_by), int(turn)


def _salt() -> str:
    return f"accounts.known:{connection.schema_name}"
