"""How amounts, times and numbers are written on screens; documents write their own."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from billing_portal.kernel import money, phone

RATE_PLACES = 4
MINUS = money.MINUS
THIN_SPACE = "\u2009"
NO_MATCH = _("Nothing matches")
NO_MATCH_TEXT = _("Nothing in this list fits the search and the filters.")
CLEAR = _("Clear filters")


def amount(value: Decimal, currency: str) -> str:
    """An amount with the currency's decimals, without its code."""
    return money.number(value, places=money.minor_units(currency))


def exact_amount(value: Decimal, currency: str) -> str:
    """An amount to its last digit, with the currency's decimals at least: what calls have moved is finer than a coin."""
    return money.number(value, least=money.minor_units(currency))


def margin(value: Decimal) -> str:
    """A margin with its six decimals (semantics 25)."""
    return money.number(value, places=money.MAX_PLACES)


def price(value: Decimal) -> str:
    """A price with at least four decimals and all that it has."""
    return money.number(value, least=RATE_PLACES)


def with_code(text: str, currency: str, css: str = "") -> SafeString:
    return format_html('<span class="bp-money{}">{} <span class="bp-cur">{}</span></span>', f" {css}" if css else "", text, currency)


def owing(value: Decimal, currency: str = "GBP") -> str:
    """The word beside a balance: positive, the customer has money."""
    shown = money.to_minor(value, currency)
    if not shown:
        return pgettext("balance", "settled")
    return pgettext("balance", "owes") if shown < 0 else pgettext("balance", "has")


def as_decimal(value: object) -> Decimal | None:
    """The value as a number, None where there is none."""
    try:
        return None if value is None or value == "" else Decimal(str(value))
    except InvalidOperation:
        return None


def short_date(day: date, today: date) -> str:
    """19 Nov, with the year when it is another than today's."""
    return formats.date_format(day, "j M" if day.year == today.year else "j M Y")


def full_date(day: date) -> str:
    """19 Nov 2025."""
    return formats.date_format(day, "j M Y")


def short(at: datetime, zone: str, now: datetime) -> str:
    """10:51 for today, else the date."""
    here, today = _in(at, zone), _in(now, zone).date()
    return f"{here:%H:%M}" if here.date() == today else short_date(here.date(), today)


def moment(at: datetime, zone: str, now: datetime) -> str:
    """The date, unless it is today, and the time."""
    here, today = _in(at, zone), _in(now, zone).date()
    clock = f"{here:%H:%M}"
    return clock if here.date() == today else f"{short_date(here.date(), today)} {clock}"


def exact(at: datetime, zone: str) -> str:
    """Date with year and time with seconds."""
    here = _in(at, zone)
    return f"{formats.date_format(here, 'j M Y')} {here:%H:%M:%S}"


def instant(at: datetime, zone: str) -> str:
    """The moment as an input of date and time holds it: to the minute, or as fine as it is, down to milliseconds; never later than it is."""
    local = _in(at, zone).replace(tzinfo=None)
    local = local.replace(microsecond=local.microsecond // 1000 * 1000)
    return local.isoformat(timespec="milliseconds" if local.microsecond else "seconds" if local.second else "minutes")


def clock(at: datetime, zone: str) -> str:
    return f"{_in(at, zone):%H:%M:%S}"


def day_in(at: datetime, zone: str, now: datetime) -> str:
    return short_date(_in(at, zone).date(), _in(now, zone).date())


def duration(seconds: int) -> str:
    """4:12, and with hours 1:02:09."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(value: Decimal) -> str:
    """4.2 % with a thin space, without needless zeros."""
    text = money.plain(value)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}{THIN_SPACE}%".replace("-", MINUS)


def number(digits: str) -> str:
    """A telephone number in international form; what is none is shown as it came."""
    return phone.display(digits) if digits.isascii() and digits.isdigit() else digits


def _in(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone or "UTC"))
