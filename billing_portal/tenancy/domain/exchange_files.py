"""Read the European Central Bank's files of reference rates: the daily and historic CSV and XML, units of each currency per euro."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

from billing_portal.kernel import currencies
from billing_portal.tenancy.domain.exchange import PerEuro

MAX_BYTES = 10_000_000
MOST_BAD = 1_000
MOST_DAYS = 20_000  # the bank has told rates since 1999, on some 260 days a year
CODE = re.compile(r"[A-Z]{3}")
UNITS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,10})?")
MOST_MARKS = 1_500_000  # elements and attributes of an XML file, each a hundred bytes in memory; the bank's longest has half as many
NOT_QUOTED = {"", "N/A", "-"}
DAYS = ("%Y-%m-%d", "%d %B %Y", "%d %b %Y")
NAMESPACE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"


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
        return
    if not UNITS.fullmatch(units) or not Decimal(units):
        found.refuse(line, currency, f"“{units[:40]}” is not a number above 0 with at most 10 decimals")
    elif (day, currency) in seen:
        found.refuse(line, currency, f"{day.isoformat()} stands twice")
    else:
        seen.add((day, currency))
        found.rates.append((day, currency, Decimal(units)))


def _csv(text: str, found: RatesOfDays) -> Iterator[tuple[int, date, str, str]]:
    """`Date, USD, JPY, …`, then one row per day; the last column is empty."""
    rows = _rows(text, found)
    _line, head = next(rows, (1, []))
    wrong = [cell for cell in head[1:] if cell and not CODE.fullmatch(cell)]
    if not head or head[0].lower() != "date" or len(head) < 2 or wrong:
        found.refuse(1, (wrong or [""])[0][:40], "the head must be Date and codes of currencies")
        return
    for line, cells in rows:
        day = found.day(cells[0])
        if day is None:
            found.refuse(line, "Date", f"“{cells[0][:40]}” is not a date")
            continue
        if len([cell for cell in cells if cell]) > len([cell for cell in head if cell]):
            found.refuse(line, "", "the row has more columns than the head")
            continue
        yield from ((line, day, currency, units) for currency, units in zip(head[1:], cells[1:], strict=False) if currency)


def _rows(text: str, found: RatesOfDays) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, trimmed, each with the line it begins on; a quotation mark that is wrong ends the reading."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
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


def _xml(text: str, found: RatesOfDays) -> Iterator[tuple[int, date, str, str]]:
    """Cubes of days that hold cubes of currencies. A document type is refused: the bank's files have none. Raises `HopelessError`."""
    if "<!" in text:
        found.refuse(1, "", "a document type or comment has no place in this file")
        return
    if text.count("<") + text.count("=") > MOST_MARKS:
        raise HopelessError
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as problem:
        found.refuse(problem.position[0], "", "this is not well-formed XML")
        return
    for number, cube in enumerate(root.iterfind(f".//{NAMESPACE}Cube[@time]"), 1):
        day = found.day(cube.get("time", ""))
        if day is None:
            found.refuse(number, "time", f"“{cube.get('time', '')[:40]}” is not a date")
            continue
        yield from ((number, day, each.get("currency", ""), each.get("rate", "")) for each in cube)


def _day(text: str) -> date | None:
    for pattern in DAYS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
