"""Every address of the portal, read from the resolver, so that a new one is looked at without anybody naming it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver

from billing_portal.web.access import is_third_party

ARGUMENT = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Address:
    """One entry of the resolver: its whole pattern, its name with the namespace, and the view it leads to."""

    pattern: str
    name: str
    view: Any

    @property
    def arguments(self) -> tuple[tuple[str, str], ...]:
        """Converter and name of each argument, in order."""
        return tuple((found["converter"] or "str", found["name"]) for found in ARGUMENT.finditer(self.pattern))

    @property
    def audience(self) -> str:
        """Whom the view is for: as it is marked, "library" for views of others, which check for themselves, and "" for nobody."""
        mark = getattr(self.view, "access", None)
        return mark.audience if mark is not None else "library" if is_third_party(self.view) else ""

    def filled(self, value: Callable[[str, str], object]) -> str:
        """The path with each argument replaced by `value(converter, name)`."""
        return ARGUMENT.sub(lambda found: quote(str(value(found["converter"] or "str", found["name"])), safe="/"), self.pattern)

    def __str__(self) -> str:
        return self.pattern


def every() -> Iterator[Address]:
    """Each address with its view, whatever it is included under."""
    yield from _walk(get_resolver().url_patterns, "/", "")


def _walk(patterns: list[URLPattern | URLResolver], before: str, names: str) -> Iterator[Address]:
    for pattern in patterns:
        here = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here, f"{names}{pattern.namespace}:" if pattern.namespace else names)
        else:
            yield Address(here, f"{names}{pattern.name}" if pattern.name else "", pattern.callback)


def takes_forms(view: Any) -> bool:
    """Whether a POST is among the methods that the view was restricted to."""
    while view is not None:
        cells = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
        if any(isinstance(each, list) and "POST" in each for each in cells):
            return True
        view = getattr(view, "__wrapped__", None)
    return False
