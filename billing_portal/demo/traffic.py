"""The calls of the sample world: the same every time for the same day, heavier on weekdays and in office hours."""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from invoicing.domain.records import CallRecord

WEEKDAY, WEEKEND = 2.3, 0.4  # calls a day for each unit of a company's share
NEAR = {
    "GB": ("44117496", "44207946", "447700900", "44113496", "44161496", "44131496", "447400123"),
    "US": ("1212555", "1617555", "1312555", "1415555", "1305555", "1718555"),
    "IE": ("35315550", "353915550", "353861234", "4420794601"),
    "DE": ("4930901820", "4989123456", "4915123456", "442079460"),
    "FR": ("33144556677", "33670123456", "3231234567"),
    "PL": ("48221234567", "48501234567", "493012345"),
}
FAR = (
    "12125550",
    "4930901820",
    "33144556677",
    "35315550",
    "34911234567",
    "390612345678",
    "31201234567",
    "48221234567",
    "61291234567",
    "919812345678",
    "971501234567",
)
DIGITS = 12


@dataclass(frozen=True)
class Caller:
    """One customer's part in the traffic."""

    account: str
    country: str
    share: int
    zone: str
    lines: Sequence[str]


def records(caller: Caller, day: date) -> Iterator[CallRecord]:
    """The day's call records of one customer, as a switch would send them, in the order of their set-up."""
    dice = random.Random(zlib.crc32(f"{caller.account}:{day}".encode()))
    mean = caller.share * (WEEKDAY if day.weekday() < 5 else WEEKEND)
    moments = sorted(_moment(dice, day, caller.zone) for _ in range(_about(dice, mean)))
    for order, setup in enumerate(moments):
        yield _record(dice, caller, setup, f"{caller.account}-{day:%Y%m%d}-{order:03}")


def _about(dice: random.Random, mean: float) -> int:
    return max(0, round(dice.gauss(mean, mean / 3)))


def _moment(dice: random.Random, day: date, zone: str) -> datetime:
    minutes = min(1439.0, max(0.0, dice.gauss(13 * 60, 150)))
    return datetime.combine(day, time(), ZoneInfo(zone)) + timedelta(minutes=minutes)


def _record(dice: random.Random, caller: Caller, setup: datetime, call_id: str) -> CallRecord:
    answered = dice.random() < 0.87
    seconds = 1 + int(dice.expovariate(1 / 190)) if answered else 0
    answer = setup + timedelta(seconds=dice.randint(3, 18))
    line = dice.choice(caller.lines)
    return CallRecord(
        call_id=call_id,
        account=caller.account,
        line=line,
        caller=line,
        to=_number(dice, caller.country),
        setup_at=setup,
        answered_at=answer if answered else None,
        ended_at=answer + timedelta(seconds=seconds),
        seconds=seconds,
        cause="answered" if answered else dice.choice(("no answer", "busy", "cancelled")),
    )


def _number(dice: random.Random, country: str) -> str:
    start = dice.choice(NEAR[country] if dice.random() < 0.8 else FAR)
    missing = max(2, DIGITS - len(start))
    return (start + "".join(str(dice.randint(0, 9)) for _ in range(missing)))[:13]
