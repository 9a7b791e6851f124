"""A session belongs to the reseller in whose schema it was opened."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponseBase

CLAIM = "schema"


def claim(request: HttpRequest, **signal: Any) -> None:
    """Write the schema into a session as somebody signs in."""
    request.session[CLAIM] = connection.schema_name


class SessionBelongsToReseller:
    """Ends a session that names another schema, wherever its row came from; sessions already lie in each reseller's schema (reliability 46)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if SESSION_KEY in request.session and request.session.get(CLAIM) != connection.schema_name:
            request.session.flush()
            request.user = AnonymousUser()
        return self.get_response(request)
