"""Read the European Central Bank's files of reference rates: the daily and historic CSV and XML, units of each currency per euro."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.parsers import expat

from billing_portal.kernel import currencies
from billing_portal.tenancy.domain.exchange import PerEuro

MAX_BYTES = 10_000_000
MOST_BAD = 1_000
MOST_DAYS = 20_000  # the bank has told rates since 1999, on some 260 days a year
MOST_RATES = 500_000  # each takes 300 bytes in memory; the bank's longest file holds less than half as many
MOST_UNKNOWN = 500  # currencies; the bank has told rates of 42
MOST_COLUMNS = 500
LONGEST_LINE = 10_000
MOST_LINES = 100_000
CODE = re.compile(r"[A-Z]{3}")
UNITS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?")
MOST_MARKS = 1_500_000  # elements and attributes of an XML file; the bank's longest has half as many
MOST_NAMES = 20  # of elements and attributes of an XML file; the bank uses nine
DEEPEST = 20  # the bank goes down four elements
TOO_LONG = re.compile(r"<[^<]{1000}")  # a tag is held whole, and each of its attributes named; the bank's longest has 140 characters
PIECE = 16 * 1024
NOT_QUOTED = {"", "N/A", "-"}
DAYS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y")
VOCABULARY = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"


@dataclass(frozen=True, slots=True)
class BadRow:
    """What cannot be read: the line of the file, the column and why."""

    line: int
    column: str
    reason: str


class HopelessError(Exception):
    """So much of a file is wrong that it is not read on: each bad row takes memory, and a day time."""


@dataclass(slots=True)
class RatesOfDays:
    """What a file says. Currencies nobody uses any more are left out and told apart from what is wrong."""

    rates: list[PerEuro] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    days: int = 0

    def day(self, text: str) -> date | None:
        """The day that is written so; None for what is no day. Raises `HopelessError` once there are more days than the bank has told rates of."""
        self.days += 1
        if self.days > MOST_DAYS:
            raise HopelessError
        return _day(text)

    def refuse(self, line: int, column: str, reason: str) -> None:
        """Note what cannot be read. Raises `HopelessError` once that is more than anybody would look at."""
        self.bad.append(BadRow(line, column, reason))
        if len(self.bad) > MOST_BAD:
            raise HopelessError

    def give_up(self) -> None:
        """Nothing of the file is taken."""
        self.rates.clear()
        self.bad.append(BadRow(self.bad[-1].line if self.bad else 1, "", "too much of this file cannot be read, or it holds too much: nothing of it is taken"))


def parse(content: bytes) -> RatesOfDays:
    """Read a file of either kind; what cannot be read becomes bad rows, never half a number."""
    found = RatesOfDays()
    if len(content) > MAX_BYTES:
        found.bad.append(BadRow(1, "", f"the file is larger than {MAX_BYTES // 1_000_000} MB"))
        return found
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        found.bad.append(BadRow(1, "", "this is no text: unpack a ZIP file first"))
        return found
    try:
        _read(text, found)
    except HopelessError:
        found.give_up()
    if not found.rates and not found.bad:
        found.bad.append(BadRow(1, "", "there are no rates in this file"))
    return found


def _read(text: str, found: RatesOfDays) -> None:
    cells = _xml(text, found) if text.lstrip().startswith("<") else _csv(text, found)
    seen: set[tuple[date, str]] = set()
    for line, day, currency, units in cells:
        _take(found, seen, line, day, currency, units)


def _take(found: RatesOfDays, seen: set[tuple[date, str]], line: int, day: date, currency: str, units: str) -> None:
    if units in NOT_QUOTED:
        return
    if currency not in currencies.codes():
        found.unknown.add(currency)
        if len(found.unknown) > MOST_UNKNOWN:
            raise HopelessError
        return
    if not UNITS.fullmatch(units) or not Decimal(units):
        found.refuse(line, currency, f"“{units[:40]}” is not a number above 0 with at most 10 decimals")
    elif (day, currency) in seen:
        found.refuse(line, currency, f"{day.isoformat()} stands twice")
    elif len(found.rates) >= MOST_RATES:
        raise HopelessError
    else:
        seen.add((day, currency))
        found.rates.append((day, currency, Decimal(units)))


def _csv(text: str, found: RatesOfDays) -> Iterator[tuple[int, date, str, str]]:
    """`Date, USD, JPY, …`, then one row per day; the last column is empty."""
    rows = _rows(text, found)
    _line, head = next(rows, (1, []))
    if found.bad or not _is_head(head, found):
        return
    codes, columns = head[1:], _filled(head)
    for line, cells in rows:
        day = found.day(cells[0])
        if day is None:
            found.refuse(line, "Date", f"“{cells[0][:40]}” is not a date")
        elif _filled(cells) > columns:
            found.refuse(line, "", "the row has more columns than the head")
        else:
            yield from ((line, day, currency, units) for currency, units in zip(codes, cells[1:], strict=False) if currency and units)


def _is_head(cells: list[str], found: RatesOfDays) -> bool:
    """Whether a file may begin so; what is wrong is told."""
    wrong = [cell for cell in cells[1:] if cell and not CODE.fullmatch(cell)]
    if not cells or cells[0].lower() != "date" or len(cells) < 2 or wrong:
        found.refuse(1, (wrong or [""])[0][:40], "the head must be Date and codes of currencies")
        return False
    if len(cells) - 1 > MOST_COLUMNS:
        found.refuse(1, "", f"the head has more than {MOST_COLUMNS} columns")
        return False
    return True


def _filled(cells: list[str]) -> int:
    return sum(1 for cell in cells if cell)


def _rows(text: str, found: RatesOfDays) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, trimmed, each with the line it begins on; a quotation mark that is wrong or a line too long ends the reading."""
    rows = csv.reader(_lines(text), strict=True)
    while True:
        line = rows.line_num + 1
        try:
            cells = [cell.strip() for cell in next(rows)]
        except StopIteration:
            return
        except csv.Error as problem:
            found.refuse(line, "", f"this cannot be read as CSV ({problem}), nor what follows")
            return
        if any(cells):
            yield line, cells


def _lines(text: str) -> Iterator[str]:
    """Raises `csv.Error` at a line, and at as many of them, as would take a page minutes (reliability 59)."""
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if len(line) > LONGEST_LINE:
            raise csv.Error(f"a line has more than {LONGEST_LINE:,} characters")
        if number > MOST_LINES:
            raise csv.Error(f"it has more than {MOST_LINES:,} lines")
        yield line


def _xml(text: str, found: RatesOfDays) -> Iterator[tuple[int, date, str, str]]:
    """Cubes of days that hold cubes of currencies, read piece by piece and kept no longer. A document type is refused: the bank's files have none.

    Raises `HopelessError` for what would take memory or time out of all proportion to its length (reliability 59).
    """
    if "<!" in text:
        found.refuse(1, "", "a document type or comment has no place in this file")
        return
    if text.count("<") + text.count("=") > MOST_MARKS or TOO_LONG.search(text):
        raise HopelessError
    cubes = _Cubes(found, is_banks=VOCABULARY in text)
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = cubes.begin, cubes.end
    try:
        for start in range(0, len(text), PIECE):
            parser.Parse(text[start : start + PIECE])
            yield from cubes.told()
        parser.Parse("", True)
        yield from cubes.told()  # newer versions of the parser put off what a piece cut in two
    except expat.ExpatError as problem:
        found.rates.clear()
        found.refuse(problem.lineno, "", "this is not well-formed XML")


class _Cubes:
    """The cubes of an XML file as they pass. Names are taken without their namespaces, which a file could make as long as itself."""

    def __init__(self, found: RatesOfDays, *, is_banks: bool) -> None:
        self.found, self.is_banks = found, is_banks
        self.names: set[str] = set()
        self.depth, self.days = 0, 0
        self.day: date | None = None
        self.day_depth = 0
        self.cells: list[tuple[int, date, str, str]] = []

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.names.update(attributes, (name,))
        if len(self.names) > MOST_NAMES or self.depth > DEEPEST:
            raise HopelessError
        if self.day is not None and self.depth == self.day_depth + 1:
            self.cells.append((self.days, self.day, attributes.get("currency", ""), attributes.get("rate", "")))
        elif self.is_banks and "time" in attributes and name.rpartition(":")[2] == "Cube":
            self._begin_day(attributes["time"])

    def _begin_day(self, text: str) -> None:
        self.days += 1
        self.day, self.day_depth = self.found.day(text), self.depth
        if self.day is None:
            self.found.refuse(self.days, "time", f"“{text[:40]}” is not a date")

    def end(self, name: str) -> None:
        if self.depth == self.day_depth:
            self.day, self.day_depth = None, 0
        self.depth -= 1

    def told(self) -> list[tuple[int, date, str, str]]:
        """What passed since it was asked for last."""
        cells, self.cells = self.cells, []
        return cells


def _day(text: str) -> date | None:
    for pattern in DAYS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
