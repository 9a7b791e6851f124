"""Exchange rates: from one currency to another on a day, by the platform's table of units per euro and a reseller's own rates (semantics 20)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from billing_portal.kernel import money
from billing_portal.tenancy.models import ExchangeRate

EURO = "EUR"
ONE = Decimal(1)
PLACES = 10
OLDEST = timedelta(days=7)

PerEuro: TypeAlias = tuple[date, str, Decimal]
"""Units of a currency per euro on a day."""
OwnRates: TypeAlias = Callable[[Collection[str], date, date], Iterable[PerEuro]]
_own_rates: list[OwnRates] = []


def register_own_rates(ask: OwnRates) -> None:
    """Say who knows the own rates of the reseller in force: `ask(currencies, first day, day after the last)`; a higher app, at start-up."""
    _own_rates[:] = [ask]


def rate(base: str, to: str, on: datetime | date) -> Decimal | None:
    """What one unit of `base` is in `to` for a call of this moment: b ÷ a by units per euro, half-up to 10 decimals.

    Each currency's latest rate dated before the moment's UTC date and at most 7 days old counts, the reseller's own before the platform's;
    None where one is missing. The euro itself is 1.
    """
    if base == to:
        return ONE
    found = per_euro({base, to}, on)
    if base not in found or to not in found:
        return None
    return money.divide_half_up(found[to], found[base], PLACES) or None


def per_euro(currencies: Collection[str], on: datetime | date) -> dict[str, Decimal]:
    """Units per euro of those of these currencies that have a rate for a call of this moment."""
    day = on.astimezone(UTC).date() if isinstance(on, datetime) else on
    wanted, since = set(currencies) - {EURO}, day - OLDEST
    shared = ExchangeRate.objects.filter(currency__in=wanted, day__gte=since, day__lt=day).values_list("day", "currency", "per_euro")
    own = [row for ask in _own_rates for row in ask(wanted, since, day)]
    return {**_latest(shared), **_latest(own), **dict.fromkeys(set(currencies) & {EURO}, ONE)}


def _latest(rows: Iterable[PerEuro]) -> dict[str, Decimal]:
    return {currency: units for _day, currency, units in sorted(rows)}
