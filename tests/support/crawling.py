"""Go through the pages of somebody signed in by following their links, and find every form on them with the fields that take text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve
from lxml import html

TEXT = {"text", "search", "tel", "url", "email", "number", "date", "hidden", "color", ""}
TOKEN = "csrfmiddlewaretoken"
NOT_TYPED = {TOKEN, "frame", "drawn", "drawn_for"}


@dataclass(frozen=True)
class Form:
    """A form as a page has it: where it goes, how, what it holds, and which of its fields take text."""

    page: str
    route: str
    action: str
    method: str
    values: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]

    def sent(self, browser: Client, given: dict[str, str]) -> Any:
        """Send it with these fields changed and the others as they stand."""
        values: dict[str, list[bytes]] = {}
        for name, value in self.values:
            values.setdefault(name, []).append(_bytes(value))
        data = {**values, **{name: [_bytes(value)] for name, value in given.items()}}
        return browser.post(self.action, data) if self.method == "POST" else browser.get(self.action, data)


@dataclass
class Crawl:
    """What was found: each page by its address, and each form once for each view that takes it."""

    browser: Client
    start: str = "/"
    pages: dict[str, Any] = field(default_factory=dict)
    forms: dict[tuple[str, str, tuple[str, ...]], Form] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def go(self) -> Crawl:
        """Follow links to every view, one for each."""
        waiting, known = [self.start], {self.start}
        while waiting:
            path = waiting.pop(0)
            answer = self.browser.get(path)
            assert answer.status_code < 500, path
            if answer.status_code in {301, 302}:
                links = [answer["Location"]]
            elif "text/html" not in answer.get("Content-Type", ""):
                self.pages[path] = answer
                continue
            else:
                self.pages[path] = answer
                links = list(self._read(path, answer))
            for link in links:
                here = urljoin(path, link)
                if not urlsplit(here).netloc and here not in known and self._wanted(here):
                    known.add(here)
                    waiting.append(here)
        return self

    def _wanted(self, path: str) -> bool:
        route = route_of(path)
        if not route or route.startswith(("sign-out", "static")):
            return False
        fresh = route not in self.seen
        self.seen.add(route)
        return fresh

    def _read(self, path: str, answer: Any) -> Iterator[str]:
        page = html.fromstring(answer.content)
        for form in forms_of(path, page):
            self.forms.setdefault((form.route, form.method, form.texts), form)
        for link in page.iter("a"):
            if link.get("href") and not link.get("href").startswith(("#", "mailto:", "tel:", "http")):
                yield link.get("href").partition("#")[0] or path


def form_on(browser: Client, path: str) -> Form:
    """The form of a page that changes something."""
    return next(form for form in forms_of(path, html.fromstring(browser.get(path).content)) if form.method == "POST" and form.route == route_of(path))


def forms_of(path: str, page: Any) -> Iterator[Form]:
    """The forms of a page that take text and are sent to the portal."""
    for form in page.forms:
        action = urljoin(path, form.action or "")
        texts = tuple(sorted({each.get("name") for each in form.iter("input", "textarea") if _takes_text(each)} - NOT_TYPED))
        if texts and route_of(action):
            values = tuple((name, value) for name, value in form.form_values() if name != TOKEN)
            yield Form(path, route_of(action), action, form.method, values, texts)


def _bytes(text: str) -> bytes:
    """As a browser of ill will sends it: half a pair of UTF-16 too."""
    return text.encode("utf-8", "surrogatepass")


def _takes_text(element: Any) -> bool:
    return bool(element.get("name")) and (element.tag == "textarea" or element.get("type", "") in TEXT)


def route_of(path: str) -> str:
    """The pattern of the resolver that the path belongs to, empty for none."""
    try:
        return str(resolve(re.sub(r"[?#].*", "", path)).route)
    except Resolver404:
        return ""
