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


def counted_as(request: HttpRequest, whom: str) -> tuple[str, str]:
    """Whose tries these are, and from which address they count: those of a known browser count by themselves, ten as well, whatever others do."""
    cookie = request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")
    if _owner(cookie) == whom:
        return hashlib.sha256(cookie.encode()).hexdigest(), ""
    return whom, Where.of(request).network


def remember(request: HttpRequest, answer: HttpResponseBase, user: User, *, anew: bool = False) -> None:
    """Know this browser as the user's from now on; `anew` gives it ten fresh tries. It proves nothing else, and means nothing to another reseller."""
    if not anew and _owner(request.COOKIES.get(settings.KNOWN_COOKIE_NAME, "")) == str(user.pk):
        return
    value = signing.dumps([str(user.pk), secrets.token_urlsafe(16)], salt=_salt())
    answer.set_cookie(settings.KNOWN_COOKIE_NAME, value, max_age=KEPT, secure=True, httponly=True, samesite="Lax")


def _owner(cookie: str) -> str:
    try:
        pk, _mark = signing.loads(cookie, salt=_salt(), max_age=KEPT)
    except signing.BadSignature:
        return ""
    return str(pk)


def _salt() -> str:
    return f"accounts.known:{connection.schema_name}"
