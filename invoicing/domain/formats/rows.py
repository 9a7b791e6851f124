"""What all readers share: a row with its line, local times made into instants, and texts that a database can hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TextIO, TypeVar
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import DomainError
from invoicing.domain.records import CallRecord

T = TypeVar("T")
LIMITS = {"call_id": 128, "leg": 16, "account": 60, "line": 60, "address": 100, "to": 255, "caller": 255, "cause": 255}
DEEPEST = 20
MOST_BESIDES = 4_096
CUT = "…"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Read:
    """One row of a file: its record, or why it is none. `notes` say what was decided for it: a local time that was skipped or came twice."""

    line: int
    record: CallRecord | None = None
    error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Fields:
    """The fields of one row while it is read; what cannot be understood makes the record a bad one instead of stopping the file."""

    zone: ZoneInfo
    problem: str = ""
    damaged: str = ""
    skipped: list[tuple[str, str]] = field(default_factory=list)
    doubled: list[tuple[str, str]] = field(default_factory=list)

    def text(self, name: str, value: object) -> str:
        """One field, trimmed; what is too long for it or holds what is no text is a problem of the record. A call id must be whole: it names the call."""
        if not value:
            return ""
        given = str(value)
        text = clean(given).strip()
        if text != given.strip():
            self.fail(_("%(name)s holds bytes that are no text.") % {"name": name})
            self.damaged = self.damaged or (self.problem if name == "call_id" else "")
        if len(text) > LIMITS[name]:
            self.fail(_("%(name)s is longer than %(limit)s characters.") % {"name": name, "limit": LIMITS[name]})
        return text[: LIMITS[name]]

    def number(self, name: str, value: str) -> int | None:
        """Whole seconds; empty is none."""
        if not value.strip():
            return None
        if not re.fullmatch(r"-?\d{1,9}", value.strip(), re.ASCII):
            self.fail(_("%(name)s is not a whole number: %(value)s") % {"name": name, "value": value[:60]})
            return None
        return int(value)

    def time(self, name: str, value: str, *, after: datetime | None = None) -> datetime | None:
        """An instant: with its own offset, else local time of the switch; of an hour that comes twice, the first that is not before `after`."""
        if not value.strip():
            return None
        try:
            parsed = datetime.fromisoformat(value.strip())
            if parsed.tzinfo is not None:
                return parsed.astimezone(UTC)
            return self._local(parsed, after)
        except (ValueError, OverflowError):
            self.fail(_("%(name)s is not a time: %(value)s") % {"name": name, "value": value[:60]})
            return None

    def _local(self, parsed: datetime, after: datetime | None) -> datetime:
        first, second = (parsed.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first == second:
            return first
        chosen = second if first < second and after is not None and first < after else first
        of_hour = self.skipped if first > second else self.doubled
        taken = (parsed.isoformat(" "), chosen.strftime("%H:%M:%S"))
        of_hour += [taken] if taken not in of_hour else []
        return chosen

    def _notes(self) -> Iterator[str]:
        """One note for all times of the row that fall in the skipped hour, one for those in the hour that comes twice."""
        if self.skipped:
            yield _("%(times)s does not exist in %(zone)s: the clock went forward. Taken as %(utc)s UTC.") % self._said(self.skipped)
        if self.doubled:
            yield _("%(times)s came twice in %(zone)s: the clock went back. Taken as %(utc)s UTC.") % self._said(self.doubled)

    def _said(self, taken: Sequence[tuple[str, str]]) -> dict[str, str]:
        return {"times": ", ".join(time for time, _utc in taken), "zone": self.zone.key, "utc": ", ".join(utc for _time, utc in taken)}

    def fail(self, problem: str) -> None:
        self.problem = self.problem or problem

    def finish(self, line: int, record: CallRecord, missing: str = "") -> Read:
        """The row, read. Without a call id nothing can be kept: the row is named instead."""
        if self.damaged or not record.call_id:
            return Read(line, error=self.damaged or missing or _("The call id is missing."))
        if self.problem:
            record = replace(record, problem=self.problem)
        return Read(line, record, notes=tuple(self._notes()))


def cells_of(file: TextIO, delimiter: str = ",", above: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Each row of a CSV file that holds anything, with the line it begins on; `above` lines were read before.

    Raises `not_csv` at a quotation mark that is wrong or a cell beyond 131,072 characters: what follows could be anything.
    """
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        line = above + rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as problem:
            said = {"line": line, "problem": problem}
            raise DomainError("not_csv", _("Line %(line)s cannot be read as CSV (%(problem)s); nothing was read from there on.") % said) from problem
        if any(cell.strip() for cell in cells):
            yield line, cells


def clean(text: str) -> str:
    """Text without what Postgres cannot store."""
    return _UNSTORABLE.sub("", text)


def extra(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that are kept with the record because nobody here knows them; empty ones are not.

    Of one record 4,096 characters are kept, names and values together. What does not fit, and what is nested deeper than 20 levels, is cut: “…” stands there.
    """
    kept: dict[str, Any] = Room(MOST_BESIDES).keep({name: value for name, value in fields.items() if value not in ("", None)}, DEEPEST + 1)
    return kept


@dataclass(slots=True)
class Room:
    """How many characters may still be kept of what a record carries besides, so that nobody's record is larger than any call needs (reliability 59)."""

    left: int

    def keep(self, value: Any, depth: int) -> Any:
        """The value as a database can hold it, or as much of it as there is room for."""
        if isinstance(value, dict | list) and not depth:
            return self._text(CUT)
        if isinstance(value, dict):
            kept = {self._text(str(name)): self.keep(inner, depth - 1) for name, inner in self._while_room(value.items())}
            return kept if len(kept) == len(value) else kept | {CUT: CUT}
        if isinstance(value, list):
            items = [self.keep(inner, depth - 1) for inner in self._while_room(value)]
            return items if len(items) == len(value) else [*items, CUT]
        if isinstance(value, str):
            return self._text(value)
        written = str(value)
        if len(written) > self.left or (isinstance(value, float) and not isfinite(value)):
            return self._text(written)
        self.left -= len(written)
        return value

    def _text(self, value: str) -> str:
        fits = value[: max(self.left, 0)]
        self.left -= len(value)
        return clean(fits) + CUT * (len(fits) < len(value))

    def _while_room(self, values: Iterable[T]) -> Iterator[T]:
        """These one by one while there is room; each takes a character of its own, be it empty."""
        for value in values:
            if self.left <= 0:
                return
            self.left -= 1
            yield value
