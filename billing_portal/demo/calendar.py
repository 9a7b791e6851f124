"""When things happen in the sample world, counted back from now."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from billing_portal.tenancy.domain.partitions import month_start


@dataclass(frozen=True)
class Calendar:
    """Two full months of calls and what has passed of this one; each full month was invoiced on the first of the next."""

    now: datetime

    @property
    def first_day(self) -> date:
        return month_start(self.now.date(), -2)

    @property
    def run_days(self) -> list[date]:
        """The days on which invoices were run: the first of last month and the first of this one."""
        return [month_start(self.now.date(), -1), month_start(self.now.date())]

    @property
    def rate_days(self) -> list[date]:
        """The days with exchange rates: the day before the first, then every fifth, and yesterday; a rate holds for seven (semantics 20)."""
        before, yesterday = self.first_day - timedelta(days=1), self.now.date() - timedelta(days=1)
        return [*(before + timedelta(days=n) for n in range(0, (yesterday - before).days, 5)), yesterday]

    def days(self) -> Iterator[date]:
        """Every day with calls, up to yesterday."""
        day = self.first_day
        while day < self.now.date():
            yield day
            day += timedelta(days=1)

    def months(self) -> Iterator[list[date]]:
        """The same days, month by month."""
        for _month, days in groupby(self.days(), key=month_start):
            yield list(days)

    def after(self, day: date, hours: int) -> datetime:
        """So many hours after the beginning of a day (UTC), but never in the future."""
        return min(self.now, datetime.combine(day, time(), UTC) + timedelta(hours=hours))
