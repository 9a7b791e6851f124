"""The calls of the sample world: the same every time for the same day, heavier on weekdays and in office hours."""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from invoicing.domain.records import CallRecord

WEEKDAY, WEEKEND = 2.3, 0.4  # calls a day for each unit of a company's share
# Numbers as long as their country has them; each x is any digit.
NEAR = {
    "GB": ("44117496xxxx", "44207946xxxx", "447700900xxx", "44113496xxxx", "44161496xxxx", "44131496xxxx", "447400123xxx"),
    "US": ("121255501xx", "161755501xx", "131255501xx", "141555501xx", "130555501xx", "171855501xx"),
    "IE": ("35315550xxx", "353915550xx", "353861234xxx", "4420794601xx"),
    "DE": ("4930901820xx", "4989123456xx", "4915123456xxx", "442079460xxx"),
    "FR": ("331445566xx", "336701234xx", "32312345xx"),
    "PL": ("482212345xx", "485012345xx", "4930123456xx"),
}
FAR = (
    "121255501xx",
    "4930901820xx",
    "331445566xx",
    "35315550xxx",
    "349112345xx",
    "3906123456xx",
    "312012345xx",
    "482212345xx",
    "612912345xx",
    "9198123456xx",
    "9715012345xx",
)


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
    mask = dice.choice(NEAR[country] if dice.random() < 0.8 else FAR)
    return "".join(str(dice.randint(0, 9)) if each == "x" else each for each in mask)
