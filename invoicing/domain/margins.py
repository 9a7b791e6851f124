"""What is earned with calls: the price converted to the currency they are bought in, less the buy price, to six decimals (semantics 25)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from operator import itemgetter

from django.db.models import Case, DecimalField, F, Func, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncDate

from billing_portal.kernel import money
from billing_portal.tenancy.domain import exchange
from billing_portal.tenancy.domain.exchange import PerEuro
from billing_portal.tenancy.models import ExchangeRate
from invoicing.models import Call
from rateplans.domain.exchange import own_rates

Key = tuple[str, str, date]
ONE = Decimal(1)
DAY = timedelta(days=1)
_EXACT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=40, decimal_places=16)
BOUGHT = Q(buy_price__isnull=False)


@dataclass(frozen=True, slots=True)
class Earned:
    """The costs and margins of calls sold in one currency, added up in the currency they were bought in; a margin without exchange rate is not in it."""

    currency: str
    bought_in: str
    cost: Decimal
    margin: Decimal | None


def key_of(call: Call) -> Key:
    """What decides the exchange rate of a call: both currencies and its UTC date."""
    return call.currency, call.buy_currency, call.at.astimezone(UTC).date()


def rates(keys: Iterable[Key]) -> dict[Key, Decimal]:
    """The exchange rates of these pairs and days, in two questions however many they are; where none is known there is none (semantics 20)."""
    wanted = set(keys)
    found = {key: ONE for key in wanted if key[0] == key[1]}
    others = wanted - set(found)
    if not others:
        return found
    table = _Table({currency for key in others for currency in key[:2]}, sorted({key[2] for key in others}))
    for base, to, day in others:
        units, per = table.per_euro(to, day), table.per_euro(base, day)
        if units is not None and per is not None:
            found[base, to, day] = money.divide_half_up(units, per, exchange.PLACES)
    return found


class _Table:
    """Units per euro of some currencies around some days: the reseller's own first, else the platform's, as `exchange.rate` chooses for one day."""

    def __init__(self, currencies: Collection[str], days: Sequence[date]) -> None:
        since, until = days[0] - exchange.OLDEST, days[-1]
        shared = ExchangeRate.objects.filter(currency__in=currencies, day__gte=since, day__lt=until).values_list("day", "currency", "per_euro")
        self._tables = [_by_currency(own_rates(currencies, since, until)), _by_currency(shared)]

    def per_euro(self, currency: str, day: date) -> Decimal | None:
        """The latest dated before the day, at most 7 days old."""
        if currency == exchange.EURO:
            return ONE
        for table in self._tables:
            rows = table.get(currency, [])
            index = bisect_left(rows, day, key=itemgetter(0)) - 1
            if index >= 0 and rows[index][0] >= day - exchange.OLDEST:
                return rows[index][1]
        return None


def _by_currency(rows: Iterable[PerEuro]) -> dict[str, list[tuple[date, Decimal]]]:
    found: dict[str, list[tuple[date, Decimal]]] = {}
    for day, currency, units in sorted(rows):
        found.setdefault(currency, []).append((day, units))
    return found


def of(call: Call, known: Mapping[Key, Decimal]) -> Decimal | None:
    """The margin of one call; None without a buy price or an exchange rate."""
    rate = known.get(key_of(call))
    if call.buy_price is None or rate is None:
        return None
    return Decimal(money.round_half_up(call.price * rate, money.MAX_PLACES) - call.buy_price)


def sums(calls: QuerySet[Call]) -> list[Earned]:
    """Costs and margins added up per pair of currencies, each call's rounded by itself as it is shown."""
    bought = calls.filter(BOUGHT).order_by()
    days = bought.annotate(day=TruncDate("at", tzinfo=UTC)).values_list("currency", "buy_currency", "day").distinct()
    known = rates(days)
    if not known:
        rows = bought.values("currency", "buy_currency").annotate(cost=Sum("buy_price")).order_by("currency", "buy_currency")
        return [Earned(row["currency"], row["buy_currency"], row["cost"], None) for row in rows]
    margin = Func(F("price") * _rate(known), Value(money.MAX_PLACES), function="round", output_field=_EXACT) - F("buy_price")
    named = bought.values("currency", "buy_currency").annotate(cost=Sum("buy_price"), margin=Sum(margin, output_field=_EXACT))
    rows = named.order_by("currency", "buy_currency")
    return [Earned(row["currency"], row["buy_currency"], row["cost"], row["margin"]) for row in rows]


def _rate(known: Mapping[Key, Decimal]) -> Case:
    """The rate of each call: one condition for the days in a row that share one, none where it is the same on all days."""
    cases = []
    for pair in sorted({key[:2] for key in known}):
        here = Q(currency=pair[0], buy_currency=pair[1])
        if pair[0] == pair[1]:
            cases.append(When(here, then=Value(ONE, output_field=_EXACT)))
            continue
        cases += [
            When(here & Q(at__gte=_midnight(first), at__lt=_midnight(last + DAY)), then=Value(rate, output_field=_EXACT))
            for first, last, rate in _runs(known, pair)
        ]
    return Case(*cases, default=Value(None), output_field=_EXACT)


def _runs(known: Mapping[Key, Decimal], pair: tuple[str, str]) -> list[tuple[date, date, Decimal]]:
    """Days in a row with the same rate: first, last, rate."""
    runs: list[tuple[date, date, Decimal]] = []
    for day, rate in sorted((key[2], rate) for key, rate in known.items() if key[:2] == pair):
        if runs and runs[-1][2] == rate and runs[-1][1] + DAY == day:
            runs[-1] = (runs[-1][0], day, rate)
        else:
            runs.append((day, day, rate))
    return runs


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
