"""Somebody signed in, who looks at pages as fast as they come."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, get_resolver, resolve

LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)"')
NOT_PAGES = ("/static/", "/api/", "/sign-out/")
UNASKED = ("SET ", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def administrator() -> Any:
    """An administrator of the reseller whose schema is in force."""
    from billing_portal.accounts.models import Role, User

    return User.objects.filter(role=Role.ADMINISTRATOR, stands_for_schema="", is_active=True).order_by("created_at").first()


def client(user: Any, host: str) -> Client:
    """A browser signed in at this host; the schema in force is the host's."""
    made = Client(headers={"host": host})
    made.force_login(user)
    return made


def cookies(visitor: Client) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.cookies.items())


def pages(visitor: Client, of_each: int, most: int | None = None) -> dict[str, int]:
    """Every page that this visitor is shown, with its questions to the database: the addresses that name nothing, and whatever links lead to from
    them, at most so many of a kind and so many in all."""
    found: dict[str, int] = {}
    waiting = plain_addresses()
    seen, kinds = set(waiting), dict[str, int]()
    while waiting and len(found) != most:
        path = waiting.pop(0)
        kind = kind_of(path)
        if kind is None or kinds.get(kind, 0) >= of_each:
            continue
        with CaptureQueriesContext(connection) as asked:
            answer = visitor.get(path)
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        found[path] = len([each for each in asked if not each["sql"].startswith(UNASKED)])
        links = [link.replace("&amp;", "&") for link in LINK.findall(answer.content.decode())]
        new = [link for link in dict.fromkeys(links) if link not in seen and not link.startswith(NOT_PAGES)]
        seen.update(new)
        waiting += new
    return found


def plain_addresses() -> list[str]:
    """The addresses of the portal that take no argument; some of them are no pages."""
    return [f"/{path}" for path in _paths(get_resolver().url_patterns, "") if "<" not in path and not f"/{path}".startswith(NOT_PAGES)]


def _paths(patterns: Iterable[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        here = f"{before}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            yield from _paths(pattern.url_patterns, here)
        else:
            yield here


def kind_of(path: str) -> str | None:
    """What the page shows, whoever it shows it of; None where there is no page. A chosen order or filter is a kind of its own."""
    place, _mark, asked = path.partition("?")
    try:
        return f"{resolve(place).view_name}?{','.join(sorted(part.partition('=')[0] for part in asked.split('&')))}"
    except Resolver404:
        return None


def times(visitor: Client, paths: Iterable[str], repeats: int, *, warm: bool = True) -> Iterator[tuple[str, float]]:
    """Each page with its time in seconds, so many times, after a visit that is not counted where it was not visited before."""
    for path in paths:
        if warm:
            visitor.get(path)
        for _ in range(repeats):
            begin = time.perf_counter()
            answer = visitor.get(path)
            took = time.perf_counter() - begin
            if answer.status_code != 200:
                raise RuntimeError(f"{path} answers {answer.status_code}")
            yield path, took


def queries(visitor: Client, path: str) -> int:
    """How many questions the page asks the database."""
    visitor.get(path)
    with CaptureQueriesContext(connection) as asked:
        visitor.get(path)
    return len([each for each in asked if not each["sql"].startswith(UNASKED)])
