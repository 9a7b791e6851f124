"""Spend per day as bars, in SVG with attributes alone, so that the content policy stays strict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing_portal.kernel.money import plain, round_half_up
from billing_portal.web import display
from invoicing.queries.spending import Day

LEFT, RIGHT, TOP, BOTTOM = Decimal(40), Decimal(560), Decimal(30), Decimal(214)
GAP = Decimal("0.32")
STEPS = tuple(map(Decimal, (1, 2, 3, 4, 6, 8, 10)))
WEEK = 7
TODAY = 16  # half the width of the word, so that it ends where the bars do


@dataclass(frozen=True)
class Bar:
    """One day: the place of its bar, and whether the day is not over yet."""

    x: str
    y: str
    width: str
    height: str
    today: bool
    title: str


@dataclass(frozen=True)
class Mark:
    """A line or a word at its place."""

    at: str
    text: str
    text_at: str = ""


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    levels: list[Mark]
    days: list[Mark]
    rows: list[Day]
    total: Decimal
    seconds: int
    calls: int

    @property
    def minutes(self) -> int:
        return self.seconds // 60


def spend(days: Sequence[Day], currency: str) -> Chart:
    """A chart of these days, the last of which is today."""
    top = ceiling(sorted((day.amount for day in days), reverse=True)[0])
    step = (RIGHT - LEFT) / len(days)
    bars = [_bar(number, day, step, top, last=number == len(days) - 1, currency=currency) for number, day in enumerate(days)]
    levels = [_level(top * part / 2, top) for part in range(3)]
    marks = [
        Mark(_text(LEFT + step * (number + Decimal("0.5"))), display.short_date(day.day, days[-1].day))
        for number, day in enumerate(days[:-4])
        if number % WEEK == 0
    ]
    marks.append(Mark(_text(RIGHT - TODAY), _("Today")))
    sums = sum((day.amount for day in days), Decimal(0)), sum(day.seconds for day in days), sum(day.calls for day in days)
    return Chart(bars, levels, marks, list(reversed(days)), *sums)


def ceiling(amount: Decimal) -> Decimal:
    """A round number that nothing exceeds: 1, 2, 3, 4, 6 or 8 times a power of ten."""
    if amount <= 0:
        return Decimal(1)
    unit = Decimal(1).scaleb(amount.adjusted())
    return next(unit * step for step in STEPS if unit * step >= amount)


def _bar(number: int, day: Day, step: Decimal, top: Decimal, *, last: bool, currency: str) -> Bar:
    height = max(day.amount, Decimal(0)) / top * (BOTTOM - TOP)
    title = f"{display.short_date(day.day, day.day)}: {display.amount(day.amount, currency)} {currency}"
    return Bar(_text(LEFT + step * number + step * GAP / 2), _text(BOTTOM - height), _text(step * (1 - GAP)), _text(height), last, title)


def _level(value: Decimal, top: Decimal) -> Mark:
    y = BOTTOM - value / top * (BOTTOM - TOP)
    shown = plain(value.normalize())
    return Mark(_text(y), shown, _text(y + 4))


def _text(value: Decimal) -> str:
    return plain(round_half_up(value, 1))
