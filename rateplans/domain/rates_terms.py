"""What a rates file may say beside its prices: their currency, when they begin and end. Plan and upload decide that; a row that differs is refused."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from billing_portal.kernel import currencies
from rateplans.domain.rates_cells import CellError

CURRENCY, BEGIN, END = "currency", "effective date", "end date"
NAMED = (CURRENCY, BEGIN, END)
HEADERS = {
    **dict.fromkeys(("currency", "currency code", "iso currency", "curr", "cur", "ccy"), CURRENCY),
    **dict.fromkeys(("effective date", "effective", "effective on", "effective since", "effective time", "in force from", "activation date"), BEGIN),
    **dict.fromkeys(("effective from", "effective from date", "effective date from", "effective start", "effective start date"), BEGIN),
    **dict.fromkeys(("valid from", "date from", "from date", "start date", "start", "starts", "begin date", "begins"), BEGIN),
    **dict.fromkeys(
        ("effective to", "effective to date", "effective date to", "effective until", "effective till", "effective end", "effective end date"), END
    ),
    **dict.fromkeys(("valid to", "valid until", "valid till", "date to", "to date", "end date", "end", "ends", "until"), END),
    **dict.fromkeys(("expiry", "expiry date", "expiration date", "expires"), END),
}
_CLOCK = r"(?:[T ]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)? *(Z|UTC|[-+][0-9]{2}:?[0-9]{2})?)?"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})" + _CLOCK, re.ASCII)
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})" + _CLOCK, re.ASCII)
_DAY_OF_MONTH = re.compile(r"([0-9]{1,2})[- ]([A-Za-z]{3,9})[- ,]+([0-9]{4})" + _CLOCK, re.ASCII)
_MONTH_AND_DAY = re.compile(r"([A-Za-z]{3,9})[- ]([0-9]{1,2})[- ,]+([0-9]{4})" + _CLOCK, re.ASCII)
_NO_DATE = re.compile(r"0{4}-00-00( 00:00:00)?")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/. ])([0-9]{1,2}|[A-Za-z]{3,9})\1[0-9]{2}", re.ASCII)
_SERIAL = re.compile(r"[1-9][0-9]{4}(\.[0-9]+)?", re.ASCII)
_WRITE = "Write dates as 2027-03-31."
MOST = 40
FIRST_DAY, LAST_DAY, LAST = date(1900, 1, 1), date(9000, 1, 1), time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rates of a file are taken as: in the currency of their plan, in force from `since` or else from `at`, now; dates are those of `zone`."""

    currency: str
    at: datetime
    zone: str
    since: datetime | None = None

    def readers(self) -> dict[str, Callable[[str], object]]:
        """How each of the columns is read; a cell that says something else than these terms raises `CellError`."""
        return {name: lru_cache(maxsize=4096)(check) for name, check in ((CURRENCY, self._currency), (BEGIN, self._begin), (END, self._end))}

    @property
    def begins(self) -> datetime:
        return self.since or self.at

    def _currency(self, cell: str) -> None:
        code = cell.upper()
        if code == self.currency:
            return
        if code in currencies.codes():
            raise CellError(f"The rate is in {code}, the plan in {self.currency}. Nothing is converted: write the price in {self.currency}.")
        named = f"“{cell[:20]}” is no currency in use" if cell.isprintable() else "Not a currency"
        raise CellError(f"{named}; the plan is in {self.currency}. Write {self.currency}, or leave the cell empty.")

    def _begin(self, cell: str) -> bool:
        """Whether it names a time; all that it may mean has come when the file is in force."""
        moments = self._moments(cell)
        ahead = [moment for moment in moments if moment > self.begins]
        if ahead and len(moments) > 1:
            raise CellError(_either(cell))
        if not ahead:
            return bool(moments)
        day = self._day(ahead[0])
        if ahead[0] <= self.at:
            raise CellError(f"The rate begins on {day}, the file would be in force from {self._day(self.begins)} already. Choose “In force from” {day}.")
        raise CellError(f"The rate begins on {day}, and a file is in force when it is applied. Upload it when that day has come, or leave the cell empty.")

    def _end(self, cell: str) -> bool:
        """Whether it names an end; a rate that has ended is none. A day ends with its last second."""
        moments = self._moments(cell, clock=LAST)
        over = [moment for moment in moments if moment <= self.begins]
        if over and len(moments) > 1:
            raise CellError(_either(cell))
        if over:
            raise CellError(f"The rate ended before the file is in force, {self._day(self.begins)}. Leave the row out, or the cell empty.")
        return bool(moments)

    def _day(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d}"

    def _moments(self, cell: str, clock: time = time()) -> list[datetime]:
        """Each moment that the cell may mean, at this time of day where it names none; nothing for the date that databases write for none."""
        if _NO_DATE.fullmatch(cell):
            return []
        return [_moment(day, written, clock, self.zone) for day, written in _readings(cell)]


def _moment(day: date, written: tuple[Any, ...], clock: time, zone: str) -> datetime:
    """Of an hour that comes twice, the second. Centuries away is only "long before" or "not soon"."""
    hour, minute, second, offset = written
    try:
        at = datetime.combine(min(max(day, FIRST_DAY), LAST_DAY), time(int(hour), int(minute), int(second or 0)) if hour else clock)
        if offset and offset[0] in "+-":
            return datetime.strptime(f"{at:%Y-%m-%dT%H:%M:%S}{offset}", "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except ValueError as impossible:
        raise CellError(f"There is no such time. {_WRITE}") from impossible
    return max(at.replace(tzinfo=UTC if offset else ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))


def _readings(cell: str) -> list[tuple[date, tuple[Any, ...]]]:
    """The days that the cell may name, with its time of day; 3/4/2027 may name two."""
    if len(cell) > MOST:
        raise CellError(_why_no_date(cell))
    if found := _YEAR_FIRST.fullmatch(cell):
        year, _mark, month, day, *clock = found.groups()
        days = [_day(year, month, day)]
    elif found := _YEAR_LAST.fullmatch(cell):
        one, _mark, other, year, *clock = found.groups()
        days = [_day(year, other, one), _day(year, one, other)]
    elif found := _DAY_OF_MONTH.fullmatch(cell):
        day, month, year, *clock = found.groups()
        days = [_day(year, _month(month), day)]
    elif found := _MONTH_AND_DAY.fullmatch(cell):
        month, day, year, *clock = found.groups()
        days = [_day(year, _month(month), day)]
    else:
        raise CellError(_why_no_date(cell))
    real = sorted({day for day in days if day is not None})
    if not real:
        raise CellError(f"There is no such day. {_WRITE}")
    return [(day, tuple(clock)) for day in real]


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month(name: str) -> str:
    return str(_MONTHS.index(name[:3].lower()) + 1 if name[:3].lower() in _MONTHS else 0)


def _either(cell: str) -> str:
    first, second = (f"{day:%Y-%m-%d}" for day, _clock in _readings(cell))
    return f"It could be {first} or {second}. Write it like that."


def _why_no_date(cell: str) -> str:
    if _SHORT_YEAR.fullmatch(cell):
        return f"The year has two digits. {_WRITE}"
    if _SERIAL.fullmatch(cell):
        return f"A number of days, as spreadsheets write dates. {_WRITE}"
    return f"Not a date. {_WRITE}"
