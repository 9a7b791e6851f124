"""What is earned with calls: the price converted to the currency they are bought in, less the buy price, to six decimals (semantics 25).

The exchange rate is the one stored with the call when it was rated: rates that are added or corrected later change no margin (semantics 20).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import DecimalField, F, Func, Q, QuerySet, Sum, Value

from billing_portal.kernel import money
from invoicing.models import Call
from rateplans.domain.exchange import Conversion

_EXACT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=40, decimal_places=16)
BOUGHT = Q(buy_price__isnull=False)


@dataclass(frozen=True, slots=True)
class Earned:
    """The costs and margins of calls sold in one currency, added up in the currency they were bought in; a margin without exchange rate is not in it."""

    currency: str
    bought_in: str
    cost: Decimal
    margin: Decimal | None


def of(call: Call) -> Decimal | None:
    """The margin of one call; None without a buy price or an exchange rate."""
    if call.buy_price is None or call.margin_rate is None:
        return None
    return Decimal(money.round_half_up(call.price * call.margin_rate, money.MAX_PLACES) - call.buy_price)


def sums(calls: QuerySet[Call]) -> list[Earned]:
    """Costs and margins added up per pair of currencies, each call's rounded by itself as it is shown."""
    margin = Func(F("price") * F("margin_rate"), Value(money.MAX_PLACES), function="round", output_field=_EXACT) - F("buy_price")
    named = calls.filter(BOUGHT).order_by().values("currency", "buy_currency")
    rows = named.annotate(cost=Sum("buy_price"), margin=Sum(margin, output_field=_EXACT)).order_by("currency", "buy_currency")
    return [Earned(row["currency"], row["buy_currency"], row["cost"], row["margin"]) for row in rows]


def fill(named: Collection[tuple[datetime, UUID]]) -> None:
    """Give these calls, by moment and id, the exchange rate of their moment where none was known when they were rated; one that has a rate keeps it."""
    if not named:
        return
    moments, ids = {at for at, _id in named}, [id_ for _at, id_ in named]
    empty = Call.objects.filter(at__in=moments, id__in=ids, margin_rate=None).exclude(buy_currency="")
    conversion = Conversion()
    found: dict[Decimal, list[Call]] = defaultdict(list)
    for call in empty.only("at", "id", "currency", "buy_currency"):
        rate = conversion.rate(call.currency, call.buy_currency, call.at)
        if rate is not None:
            found[rate].append(call)
    for rate, calls in found.items():
        Call.objects.filter(at__in={call.at for call in calls}, id__in=[call.id for call in calls]).update(margin_rate=rate)
