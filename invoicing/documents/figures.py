"""How a document writes money, quantities, durations and dates. Nothing here rounds: what stands in the value stands on the paper."""

from datetime import date, timedelta
from decimal import Decimal

from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from billing_portal.kernel import money as kernel_money


def amount(value: Decimal, currency: str) -> str:
    """Money in groups of three, with the currency's minor digits and any finer ones that it has: "1,182.40"."""
    return number(value, kernel_money.minor_units(currency))


def call_amount(value: Decimal, currency: str) -> str:
    """The price of a call, with four decimals at least: "0.0123"."""
    places = kernel_money.minor_units(currency)
    return number(value, places if places > 4 else 4)


def money(value: Decimal, currency: str) -> str:
    """The same with its code: "1,182.40 GBP"."""
    return f"{amount(value, currency)}\N{NO-BREAK SPACE}{currency}"


def number(value: Decimal, least: int = 0) -> str:
    """A plain number in groups of three, with at least so many decimals (a ledger has six) and a true minus sign."""
    return kernel_money.number(value, least=least)


def percent(value: Decimal | None) -> str:
    """ "20 %", or nothing where no percentage applies."""
    return "" if value is None else f"{number(value)}\N{NO-BREAK SPACE}%"


def minutes(seconds: int) -> str:
    """Minutes and seconds, so that a column adds up exactly: "3,911:24"."""
    return f"{seconds // 60:,}:{seconds % 60:02}"


def day(value: date) -> str:
    """ "1 November 2025"."""
    return f"{value.day} {MONTHS[value.month]} {value.year}"


def period(start: date | None, end: date | None) -> str:
    """A half-open period as people say it, both days included: "1 to 31 October 2025"."""
    if start is None or end is None:
        return ""
    last = end - timedelta(days=1)
    if last <= start:
        return day(start)
    first = f"{start.day}"
    if (start.year, start.month) != (last.year, last.month):
        first += f" {MONTHS[start.month]}"
    if start.year != last.year:
        first += f" {start.year}"
    return _("%(first)s to %(last)s") % {"first": first, "last": day(last)}


def period_name(start: date | None, end: date | None) -> str:
    """The month's name where the period is a whole month, "October 2025", else its days."""
    if start is None or end is None:
        return ""
    whole = start.day == end.day == 1 and (end - start).days <= 31
    return f"{MONTHS[start.month]} {start.year}" if whole else period(start, end)
