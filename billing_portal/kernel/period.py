"""Periods: half-open ranges of local dates, turned into instants by one function (semantics 10, billing-rules 8)."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from billing_portal.kernel.errors import DomainError

DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# No clock change has ever moved a midnight by more than three hours and left the date in doubt; between these hours the calendar date is the answer.
_SAFE_HOURS = range(3, 21)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The local dates from `start` up to, not including, `end` in `zone`."""

    start: date
    end: date
    zone: str

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"a period ends after its start: {self.start}, {self.end}")

    def window(self) -> tuple[datetime, datetime]:
        """First instant inside and first instant after, both UTC."""
        return first_instant(self.start, self.zone), first_instant(self.end, self.zone)

    def holds(self, at: datetime) -> bool:
        start, end = self.window()
        return start <= at < end

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - DAY


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name, old names included. Raises `unknown_time_zone`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise DomainError("unknown_time_zone", f"There is no time zone named {name!r}.", "time_zone") from error


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """Every name a customer or reseller may choose, sorted; the same on every machine."""
    listed = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return tuple(sorted(name for name in listed if name != "Factory"))


@lru_cache(maxsize=8192)
def first_instant(day: date, zone: str) -> datetime:
    """The first instant (UTC) at which the local date reaches `day`: its first midnight, or the end of the gap that swallowed midnight."""
    tz = zone_of(zone)
    midnight = datetime.combine(day, time.min)
    first = midnight.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if first.astimezone(tz).replace(tzinfo=None) == midnight:
        return first
    before, after = midnight.replace(tzinfo=tz, fold=1).astimezone(UTC) - _SECOND, first
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(tz).date() < day:
            before = middle
        else:
            after = middle
    return after


def local_date(at: datetime, zone: str) -> date:
    """The local date whose window holds `at`; where a clock goes back over midnight the later date is kept, so that dates tile time."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    local = at.astimezone(zone_of(zone))
    day = local.date()
    if local.hour in _SAFE_HOURS:
        return day
    while at >= first_instant(day + DAY, zone):
        day += DAY
    return day


def month_of(day: date, zone: str) -> Period:
    """The calendar month that holds the local date."""
    return Period(day.replace(day=1), _next_month(day), zone)


def months(start: date, until: date, zone: str) -> Iterator[Period]:
    """Calendar months from `start` (the first one clipped to it), only those that end at or before `until`, oldest first."""
    while (end := _next_month(start)) <= until:
        yield Period(start, end, zone)
        start = end


def anniversary(anchor_day: int, month: date) -> date:
    """The anchor's day in the month of `month`: the anchor 1 to 31, or the last day of a shorter month; always from the anchor, so it never drifts."""
    if not 1 <= anchor_day <= 31:
        raise ValueError(f"an anchor is a day from 1 to 31, not {anchor_day}")
    return month.replace(day=min(anchor_day, calendar.monthrange(month.year, month.month)[1]))


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
