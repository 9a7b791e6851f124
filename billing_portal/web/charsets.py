"""What a request says its letters are written in: only what browsers and programs really send is read."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import parse_header_parameters

from billing_portal.web import errors

READ = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")
ODD = "portal.odd_charset"
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class OnlyReadCharsets:
    """Around the application: takes all other codes off a request before Django reads its address by them, which fails outside of every page.

    Some that Python knows make bytes of bytes (rot13, zlib), some make letters that no text holds (unicode_escape, utf-7).
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind, named = _named(environ.get("CONTENT_TYPE", ""))
        if named and not is_read(named):
            environ = {**environ, "CONTENT_TYPE": kind, ODD: named}
        return self.application(environ, start_response)


class CharsetMiddleware:
    """Refuses such a request by a page of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        odd = request.META.get(ODD)
        return self.get_response(request) if odd is None else errors.odd_charset(request, odd)


def is_read(charset: str) -> bool:
    """Whether text in it is read here."""
    try:
        return READ.fullmatch(codecs.lookup(charset).name) is not None
    except (LookupError, ValueError):
        return False


def _named(content_type: str) -> tuple[str, str]:
    """The type and the charset that a header names; what cannot be taken apart counts as an odd charset."""
    try:
        kind, given = parse_header_parameters(content_type)
    except (LookupError, ValueError):
        return "", content_type
    return kind, given.get("charset", "")
