"""What is a leak: a text of one reseller in something that is made for another. Everything this process says is judged here (reliability 60).

A reseller's texts are its word of `canary_words`, which stands in its company from the beginning, its name and its host, and whatever a test writes into
a field for people's words in its schema. `channels` brings what is said; a leak fails the test in which it was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from tests.support.canary_words import WORD

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY, NAME = "its canary", "its name"
NAMES = {"owner": (), "acme": ("Acme", "acme.localhost"), "globex": ("Globex", "globex.localhost")}
SHORTEST = 6  # letters of a text that is somebody's own
MOST = 2_000  # texts of one reseller that are looked for


@dataclass(frozen=True)
class Text:
    """A text of a reseller, and the field it was written into; `forms` are the ways in which it may stand in a page."""

    of: str
    source: str
    text: str

    @cached_property
    def forms(self) -> tuple[str, ...]:
        return tuple({self.text, escape(self.text)})


@dataclass(frozen=True)
class Saying:
    """Something that was made for a reseller ("" for nobody's host): where it came out, its text, and the request it answers, if any."""

    where: str
    schema: str
    text: str
    request: Any = None
    view: str = ""


@dataclass(frozen=True)
class Excuse:
    """What one reseller may see of another: of which kin the other is, which of its texts, in which views ("" for every place), and why."""

    kin: str
    sources: tuple[str, ...]
    why: str
    views: tuple[str, ...] = ()

    def holds(self, saying: Saying, text: Text) -> bool:
        fits = text.source in self.sources and (not self.views or saying.view in self.views)
        return fits and self.kin in kinship(saying.schema, text.of)


AT_THE_PARENT = tuple(f"invoicing:parent-{page}" for page in ("account", "statement", "topups", "document", "document-pdf", "document-sheet"))
OF_AN_ACCOUNT = (CANARY, "DocumentLine.detail", "Payment.reference", "TopUpRequest.comment")
EXCUSES = (
    Excuse("below", (NAME,), "who is above names the resellers below it, and their hosts"),
    Excuse("above", (NAME,), "a reseller is told who its parent is, and links to switch lead back to its host"),
    Excuse("above", ("StoredRate.destination",), "an inheriting plan shows where its rates lead", ("rateplans:plan", "rateplans:download-in-force")),
    Excuse("above", OF_AN_ACCOUNT, "a reseller reads the parent's documents and answers to itself, with the parent as the seller", AT_THE_PARENT),
    Excuse("above", ("Switch.name",), "why a call does not climb names the switch that stands at the parent for one's own"),
    Excuse("below", ("Customer.name",), "a reseller sees which customer of one below its own people have switched into", ("resellers:switched",)),
)
"""What one may see of another, all of it. Whatever is not here and not the reseller's own is a leak."""


class Listener:
    """The texts of each reseller in the test that is running, and what was said to others of them."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._into = self.found
        self._own: dict[str, dict[str, Text]] = {}
        self._fixed = [Text(schema, CANARY, word) for schema, word in WORD.items()]
        self._fixed += [Text(schema, NAME, name) for schema, names in NAMES.items() for name in names]

    def begin(self) -> None:
        self.found.clear()
        self._own.clear()

    def wrote(self, schema: str, source: str, text: str) -> None:
        """A test wrote a text for a reseller."""
        known = self._own.setdefault(schema, {})
        if len(text) >= SHORTEST and text not in known and len(known) < MOST:
            known[text] = Text(schema, source, text)

    def said(self, saying: Saying) -> None:
        """Judge what was made for a reseller."""
        for text in self._of_others(saying.schema):
            if any(form in saying.text for form in text.forms) and not self._is_known(saying, text):
                self.wrong(f"{saying.where} of {saying.schema or 'nobody'} holds “{text.text}”, which is {text.source} of {text.of}")

    def wrong(self, problem: str) -> None:
        self._into.append(problem)

    def told(self) -> list[str]:
        """What was found since the last time."""
        told = list(self.found)
        self.found.clear()
        return told

    @contextmanager
    def caught(self) -> Iterator[list[str]]:
        """What leaks meanwhile is handed to the test, which wants it so."""
        before, self._into = self._into, []
        try:
            yield self._into
        finally:
            self._into = before

    def _of_others(self, schema: str) -> Iterator[Text]:
        yield from (text for text in self._fixed if text.of != schema)
        for other in [other for other in self._own if other != schema]:
            yield from list(self._own[other].values())

    def _is_known(self, saying: Saying, text: Text) -> bool:
        """Whether the reseller has this text from elsewhere: its own, the asker's, the program's; or may see it."""
        own = any(text.text in written for written in self._own.get(saying.schema, ()))
        return own or text.text in _asked(saying.request) or _says_itself(text) or _carried(saying, text) or any(each.holds(saying, text) for each in EXCUSES)


listener = Listener()


def _asked(request: Any) -> str:
    """What the request itself said: an answer may say it again."""
    if request is None:
        return ""
    sent = [
        request.get_full_path(),
        *request.headers.values(),
        *(value for data in (request.GET, request.POST) for _name, values in data.lists() for value in values),
    ]
    return "\n".join(map(str, sent))


def _carried(saying: Saying, text: Text) -> bool:
    """Whoever switched in from a reseller above brings its own name along, which stands in the head of each page and in the history."""
    actor = getattr(getattr(saying.request, "viewer", None), "actor", None)
    return actor is not None and actor.schema == text.of


def _says_itself(text: Text) -> bool:
    """Whether the program says this to everybody: it stands in a template, in our code, or in a list of zones."""
    return text.source not in {CANARY, NAME} and text.text in _program()


@cache
def _program() -> str:
    files = [
        *(ROOT / "templates").rglob("*.*"),
        *(path for app in ("billing_portal", "rateplans", "customers", "invoicing") for path in (ROOT / app).rglob("*.py")),
    ]
    return "\n".join([*(path.read_text(encoding="utf-8") for path in files), *sorted(available_timezones())])


def kinship(schema: str, other: str) -> set[str]:
    """What the other is to this reseller: somebody "above" it, "below" it, or nobody. Unknown where the transaction is broken."""
    from django.db import connection

    from billing_portal.tenancy.models import Reseller

    if connection.needs_rollback:
        return set()
    parents = dict(Reseller.objects.values_list("schema_name", "parent__schema_name"))
    return {name for name, below, top in (("above", schema, other), ("below", other, schema)) if top in _line(parents, below)}


def _line(parents: dict[str, Any], schema: str) -> Iterator[str]:
    while above := parents.get(schema):
        yield above
        schema = above
