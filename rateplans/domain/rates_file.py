"""A file of rates, read without ever failing: what can be read becomes rates, everything else a row, a column and a reason (reliability 85)."""

import csv
import io
import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from heapq import nlargest
from itertools import islice
from typing import Any

from rateplans.domain import rates_cells, rates_text
from rateplans.domain.rates_cells import CellError
from rateplans.domain.rating import Rate

MAX_ROWS = 2_000_000
MAX_ERRORS = 10_000
BLOCK = 1_000_000
WHOLE_FILE = 0

_HEADERS = {
    "prefix": "prefix",
    "code": "prefix",
    "destination": "destination",
    "per minute": "per minute",
    "cost / min": "per minute",
    "cost per minute": "per minute",
    "connection charge": "connection charge",
    "connection cost": "connection charge",
    "initial increment": "initial increment",
    "increment": "increment",
    "included seconds": "included seconds",
    "grace time": "included seconds",
    "minimum": "minimum",
}
_REQUIRED = ("prefix", "destination", "per minute")
_DAY = 86_400
_YEAR = 366 * _DAY
_READERS: dict[str, Callable[[str], object]] = {
    "prefix": rates_cells.prefix,
    "destination": rates_cells.destination,
    "per minute": rates_cells.money_amount,
    "connection charge": rates_cells.money_amount,
    "initial increment": lambda cell: rates_cells.whole_number(cell, 0, _DAY),
    "increment": lambda cell: rates_cells.whole_number(cell, 1, _DAY),
    "included seconds": lambda cell: rates_cells.whole_number(cell, 0, _YEAR),
    "minimum": rates_cells.money_amount,
}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong where: `line` counts from 1 as an editor does (0: the file as a whole), `column` is the header as the file writes it."""

    line: int
    column: str
    value: str
    reason: str


@dataclass(slots=True)
class RatesFile:
    """What a file of rates says. It may be applied only when `errors` is empty: any bad row, and nothing applies (contracts, Rates file).

    `rows` counts the rows below the header that hold anything; after 10,000 errors the rest are only counted, in `errors_left_out`. Two million rates are
    held once, by their prefixes, in the order of the file.
    """

    by_prefix: dict[str, Rate] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    rows: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    errors_left_out: int = 0

    @property
    def rates(self) -> list[Rate]:
        return list(self.by_prefix.values())

    def refuse(self, line: int, column: str, value: str, reason: str) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(RowError(line, column, _short(value), reason))
        else:
            self.errors_left_out += 1


def parse(content: bytes) -> RatesFile:
    """Read a rates file: CSV by comma, semicolon, bar or TAB, in UTF-8, UTF-16 or Latin-1, at most 50 MB and 2,000,000 rows. Raises nothing."""
    result = RatesFile()
    try:
        text = rates_text.decode(content)
    except rates_text.UnreadableError as problem:
        for line, reason in problem.places:
            result.refuse(line, "", "", reason)
        result.errors_left_out += problem.left_out
        return result
    records = _records(text, _delimiter(text), result)
    header = next(records, None)
    if header is None:
        if not result.errors:
            result.refuse(WHOLE_FILE, "", "", "The file is empty.")
        return result
    layout = _layout(header, result)
    if layout is not None:
        _read_rows(records, layout, result)
        if not result.rows and not result.errors:
            result.refuse(WHOLE_FILE, "", "", "The file has a header, but no rates below it.")
    return result


def _delimiter(text: str) -> str:
    """The separator that makes most known headers of the first line that holds anything."""
    first = next((line for line in io.StringIO(text[:100_000], newline="") if line.strip()), "")
    return max(",;|\t", key=lambda mark: sum(_known(cell.strip().strip('"')) is not None for cell in first.split(mark)))


def _lines(text: str) -> Iterator[str]:
    """The lines with their ends, a block at a time: a text of its own for reading takes four bytes for each letter."""
    begin, mark = 0, "\n" if "\n" in text else "\r"
    while begin < len(text):
        end = text.find(mark, begin + BLOCK) + 1 or len(text)
        yield from io.StringIO(text[begin:end], newline="")
        begin = end


def _records(text: str, delimiter: str, result: RatesFile) -> Iterator[tuple[int, list[str]]]:
    """Each record that holds anything, with the line it begins on; a quote that is wrong ends the reading."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            result.refuse(line, "", "", _quote_reason(str(error)))
            return
        if any(cell and not cell.isspace() for cell in cells):
            yield line, cells


def _quote_reason(message: str) -> str:
    if "expected after" in message:
        return 'Text stands behind a closing quotation mark; inside quotation marks write "" for one. The rows below were not read.'
    return "A quotation mark opens in this row and is not closed, or a cell is longer than 131,072 characters. The rows below were not read."


@dataclass(frozen=True, slots=True)
class _Layout:
    """How many cells the header names, where each known column stands, and the header's words for it."""

    width: int
    position: dict[str, int]
    title: dict[str, str]


def _known(header: str) -> str | None:
    folded = re.sub(r"[\s_]+", " ", header.replace("/", " / ")).strip().casefold()
    return _HEADERS.get(folded)


def _layout(header: tuple[int, list[str]], result: RatesFile) -> _Layout | None:
    line, cells = header
    position: dict[str, int] = {}
    for number, cell in enumerate(cells):
        name = _known(cell)
        if name is None and cell.strip():
            result.ignored_columns.append(_short(cell.strip()))
        elif name is None:
            continue
        elif name in position:
            result.refuse(line, cell.strip(), cell, f"The column “{name}” stands twice.")
        else:
            position[name] = number
    if not position:
        result.refuse(line, "", "", "The first row must name the columns: prefix, destination, per minute, and any of the optional ones.")
    else:
        for name in _REQUIRED:
            if name not in position:
                result.refuse(line, name, "", f"The column “{name}” is missing.")
    if result.errors:
        return None
    width = max(number for number, cell in enumerate(cells, 1) if cell.strip())
    return _Layout(width, position, {name: cells[number].strip() for name, number in position.items()})


def _read_rows(records: Iterator[tuple[int, list[str]]], layout: _Layout, result: RatesFile) -> None:
    begun, lines, first_line = result.by_prefix, array("I"), dict[str, int]()
    names: dict[str, str] = {}
    for line, cells in records:
        if result.rows == MAX_ROWS:
            result.refuse(line, "", "", f"The file has more than {MAX_ROWS:,} rows. The rows from here on were not read.")
            return
        result.rows += 1
        if len(cells) != layout.width and (len(cells) < layout.width or any(cell.strip() for cell in cells[layout.width :])):
            result.refuse(line, "", "", f"The row has {len(cells)} cells, the header has {layout.width}.")
            continue
        rate = _rate(line, cells, layout, names, result)
        if rate is None:
            continue
        if rate.prefix not in begun:
            begun[rate.prefix] = rate
            lines.append(line)
            continue
        if len(first_line) < len(begun):  # asked for by few files, so it is not held beside the rates of each
            first_line.update(zip(islice(begun, len(first_line), None), islice(lines, len(first_line), None), strict=True))
        result.refuse(line, layout.title["prefix"], rate.prefix, f"The prefix stands in line {first_line[rate.prefix]} already.")


def _rate(line: int, cells: list[str], layout: _Layout, names: dict[str, str], result: RatesFile) -> Rate | None:
    """The row's rate; an initial increment of 0 means that of the increment, as in ASTPP. None when a cell was refused. A name of many is held once."""
    values: dict[str, Any] = {}
    sound = True
    for name, position in layout.position.items():
        cell = cells[position]
        if name not in _REQUIRED and (not cell or cell.isspace()):
            continue
        try:
            values[name.replace(" ", "_")] = _READERS[name](cell.strip())
        except CellError as refused:
            result.refuse(line, layout.title[name], cell, str(refused))
            sound = False
    if not sound:
        return None
    if values.get("initial_increment") == 0:
        values["initial_increment"] = values.get("increment", 1)
    values["destination"] = names.setdefault(values["destination"], values["destination"])
    return Rate(**values)


def _short(value: str) -> str:
    return value if len(value) <= 100 else f"{value[:99]}…"


@dataclass(frozen=True, slots=True)
class Change:
    """One prefix whose price per minute would change; `old` is None where it is new."""

    prefix: str
    destination: str
    old: Decimal | None
    new: Decimal


@dataclass(frozen=True, slots=True)
class Comparison:
    """What applying new rates would do. `altered` have the same prices but other increments or names; `kept` are not in the file and stay.

    `largest` are the greatest changes of the price per minute by ratio. `suspicious` need a person's tick: a price per minute
    of 0 that was not 0 before, or one more than ten times the old one (reliability 23).
    """

    new: int
    removed: int
    kept: int
    dearer: int
    cheaper: int
    altered: int
    unchanged: int
    largest: list[Change]
    suspicious: list[Change]


def compare(old: Iterable[Rate], new: Mapping[str, Rate], add: bool = False, *, most: int = 20) -> Comparison:
    """Compare the rates in force, one after the other, with those of a file by prefix; with `add` those that are not in the file stay."""
    counts: Counter[str] = Counter()
    before: dict[str, Decimal] = {}
    prices: dict[Decimal, Decimal] = {}
    for rate in old:
        given = new.get(rate.prefix)
        counts["missing" if given is None else _verdict(rate, given)] += 1
        if given is not None and (given.per_minute != rate.per_minute or not given.per_minute):
            before[rate.prefix] = prices.setdefault(rate.per_minute, rate.per_minute)  # a price of many is held once
    changed = (change for change in _changes(before, new) if change.old is not None and change.old != change.new)
    return Comparison(
        new=len(new) + counts["missing"] - counts.total(),
        removed=0 if add else counts["missing"],
        kept=counts["missing"] if add else 0,
        dearer=counts["dearer"],
        cheaper=counts["cheaper"],
        altered=counts["altered"],
        unchanged=counts["unchanged"],
        largest=nlargest(most, changed, key=_ratio),
        suspicious=[change for change in _changes(before, new) if _is_suspicious(change)],
    )


def _changes(before: Mapping[str, Decimal], new: Mapping[str, Rate]) -> Iterator[Change]:
    """Each rate of the file beside the price that it changes; beside none where it changes none, unless it costs nothing now."""
    return (Change(prefix, rate.destination, before.get(prefix), rate.per_minute) for prefix, rate in new.items())


def _verdict(old: Rate, new: Rate) -> str:
    if old == new:
        return "unchanged"
    before = (old.per_minute, old.connection_charge, old.minimum)
    after = (new.per_minute, new.connection_charge, new.minimum)
    if before == after:
        return "altered"
    return "dearer" if after > before else "cheaper"


def _is_suspicious(change: Change) -> bool:
    if not change.new:
        return change.old is None or change.old > 0
    return change.old is not None and change.new > 10 * change.old


def _ratio(change: Change) -> tuple[bool, Fraction]:
    """How many times the smaller price the greater one is; a change from or to nothing counts as the greatest."""
    low, high = sorted((change.old or Decimal(0), change.new))
    return not low, Fraction(high) / Fraction(low or 1)
