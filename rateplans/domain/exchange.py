"""A reseller's own exchange rates, and conversions of a batch of calls (semantics 20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

from billing_portal.tenancy.domain import exchange
from billing_portal.tenancy.domain.exchange import PerEuro
from rateplans.models import OwnExchangeRate


def own_rates(currencies: Collection[str], since: date, until: date) -> Iterable[PerEuro]:
    """The own rates of the reseller in force from `since` to the day before `until`."""
    return OwnExchangeRate.objects.filter(currency__in=currencies, day__gte=since, day__lt=until).values_list("day", "currency", "per_euro")


class Conversion:
    """Exchange rates for a batch of calls, each asked once per pair of currencies and UTC date."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, date], Decimal | None] = {}

    def rate(self, base: str, to: str, at: datetime) -> Decimal | None:
        if base == to:
            return exchange.ONE
        asked = (base, to, at.astimezone(UTC).date())
        if asked not in self._known:
            self._known[asked] = exchange.rate(*asked)
        return self._known[asked]
