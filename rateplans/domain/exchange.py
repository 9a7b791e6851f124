"""Exchange rates kept by hand and by file, the platform's by the owner and a reseller's own; and conversions of a batch of calls (semantics 20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel import currencies, money
from billing_portal.kernel.errors import require
from billing_portal.tenancy.domain import exchange, exchange_files
from billing_portal.tenancy.domain.exchange import EURO, PerEuro
from billing_portal.tenancy.domain.exchange_files import BadRow
from billing_portal.tenancy.models import ExchangeRate, new_id
from billing_portal.tenancy.queries import current
from rateplans.models import OwnExchangeRate

KEPT = timedelta(days=400)
"""Older rates are of no use: calls that old are never converted again."""
AT_ONCE = 5_000
ONCE = ("day", "currency")
MOST_UNITS, MOST_RATE = Decimal(10) ** 9, Decimal(10) ** 10


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: how many rates were stored and of which days, what could not be read, and what was left out."""

    stored: int
    first: date | None
    last: date | None
    bad: tuple[BadRow, ...]
    too_old: int
    unknown: tuple[str, ...]


def own_rates(wanted: Collection[str], since: date, until: date) -> Iterable[PerEuro]:
    """The own rates of the reseller in force from `since` to the day before `until`."""
    return OwnExchangeRate.objects.filter(currency__in=wanted, day__gte=since, day__lt=until).values_list("day", "currency", "per_euro")


@transaction.atomic
def put(currency: str, day: date, per_euro: Decimal, *, actor: Actor, at: datetime) -> None:
    """Write one rate by hand: units of `currency` per euro, for calls of the day after `day` and later. The owner's are the platform's; others' their own.

    Written again it replaces the one there was; calls keep the rate they were converted at. Raises `currency_unknown`, `rate_out_of_range`, `day_ahead`.
    """
    require(currency in currencies.codes() and currency != EURO, "currency_unknown", _("Choose a currency from the list; the euro is always 1."), "currency")
    sound = 0 < per_euro < MOST_UNITS and per_euro == money.round_half_up(per_euro, exchange.PLACES)
    require(sound, "rate_out_of_range", _("Write a number above 0 with at most 10 decimals."), "per_euro")
    require(day <= at.astimezone(UTC).date() + timedelta(days=1), "day_ahead", _("Choose a day that has begun."), "day")
    _store([(day, currency, per_euro)], ExchangeRate.Source.HAND, actor=actor, at=at)
    audit.record(actor, "exchange.changed", subject=_subject(), changes={currency: ("", f"{money.plain(per_euro)} ({day.isoformat()})")}, at=at)


@transaction.atomic
def take_file(name: str, content: bytes, *, leave_out_bad: bool = False, actor: Actor, at: datetime) -> Imported:
    """Store the rates of a file of the European Central Bank. With bad rows nothing is stored, unless they are to be left out."""
    seen = exchange_files.parse(content)
    oldest = at.astimezone(UTC).date() - KEPT
    fresh = [row for row in seen.rates if row[0] >= oldest]
    days = [day for day, _currency, _units in fresh]
    stored = 0 if seen.bad and not leave_out_bad else len(fresh)
    told = (tuple(seen.bad), len(seen.rates) - len(fresh), tuple(sorted(seen.unknown)))
    if stored:
        _store(fresh, ExchangeRate.Source.ECB, actor=actor, at=at)
        changes = {"rates": ("", stored), "day": (min(days), max(days))}
        audit.record(actor, "exchange.imported", subject=_subject(), changes=changes, note=name[:200], at=at)
    return Imported(stored, min(days, default=None), max(days, default=None), *told)


def is_platform() -> bool:
    """Whether the rates of this reseller are the platform's: it is the root."""
    return current().parent_id is None


def _store(rates: Collection[PerEuro], source: str, *, actor: Actor, at: datetime) -> None:
    if is_platform():
        rows = [ExchangeRate(id=new_id(), day=day, currency=currency, per_euro=units, source=source, created_at=at) for day, currency, units in rates]
        ExchangeRate.objects.bulk_create(rows, AT_ONCE, update_conflicts=True, unique_fields=ONCE, update_fields=["per_euro", "source", "created_at"])
        return
    own = [OwnExchangeRate(id=new_id(), day=day, currency=currency, per_euro=units, made_by=actor.name, created_at=at) for day, currency, units in rates]
    OwnExchangeRate.objects.bulk_create(own, AT_ONCE, update_conflicts=True, unique_fields=ONCE, update_fields=["per_euro", "made_by", "created_at"])


def _subject() -> tuple[str, None, str]:
    return ("exchange", None, _("Exchange rates"))


class Conversion:
    """Exchange rates for a batch of calls, each asked once per pair of currencies and UTC date."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, date], Decimal | None] = {}

    def rate(self, base: str, to: str, at: datetime) -> Decimal | None:
        """What one unit of `base` is in `to`; None when it is not known, or beyond what a call can keep."""
        if base == to:
            return exchange.ONE
        asked = (base, to, at.astimezone(UTC).date())
        if asked not in self._known:
            found = exchange.rate(*asked)
            self._known[asked] = found if found is not None and found < MOST_RATE else None
        return self._known[asked]
