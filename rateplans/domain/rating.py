"""The price of one call: the function that rates, simulates, explains and authorises alike (billing-rules 1, semantics 18, 19)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext

from billing_portal.kernel import money
from billing_portal.kernel.errors import require

ZERO = Decimal(0)
ONE = Decimal(1)
NET_PLACES = 12


@dataclass(frozen=True, slots=True)
class Rate:
    """What calls to numbers with this prefix cost, in the plan's currency; times in seconds. A rate never changes, a new version replaces it."""

    prefix: str
    destination: str
    per_minute: Decimal
    connection_charge: Decimal = ZERO
    initial_increment: int = 1
    increment: int = 1
    included_seconds: int = 0
    minimum: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the reason of a price: a code for translators and programs, a sentence for people, a value in plain decimals."""

    label_code: str
    text: str
    value: str


@dataclass(frozen=True, slots=True)
class Priced:
    """A priced call. `net` is the plan's amount before the rounding, kept to 12 decimals for the record; `price` was rounded from the exact fraction."""

    price: Decimal
    net: Decimal
    billed_seconds: int
    rate: Rate
    steps: tuple[Step, ...]


def billed_seconds(rate: Rate, seconds: int) -> int:
    """What is left after the included seconds, filled up to the first and then the further increments."""
    left = max(0, seconds - rate.included_seconds)
    if left == 0:
        return 0
    further = max(0, left - rate.initial_increment)
    return rate.initial_increment + -(-further // rate.increment) * rate.increment


def net_sixtieths(rate: Rate, billed: int) -> Decimal:
    """Sixty times the unrounded amount of an answered call, exact: sixty, because a price per minute has no exact Decimal per second."""
    with localcontext(money.EXACT):
        return max(60 * rate.connection_charge + billed * rate.per_minute, 60 * rate.minimum)


def price_call(
    rate: Rate,
    *,
    answered: bool,
    seconds: int,
    precision: int,
    exchange_rate: Decimal = ONE,
    charge_connection_at_zero: bool = False,
    origin: tuple[Step, ...] = (),
) -> Priced:
    """Rate one call: max(connection + billed seconds × per minute ÷ 60, minimum) × exchange rate, rounded once, half-up, to `precision` decimals.

    `seconds` is the talk since answer, begun seconds counted whole. Unanswered: 0. Answered with 0 seconds: 0, unless the plan charges
    the connection on answer (semantics 19). The price stands in the customer's currency. `origin` tells how an inherited rate was made.
    Raises `negative_seconds`.
    """
    require(seconds >= 0, "negative_seconds", "A call cannot last less than 0 seconds.", "seconds")
    free = not answered or (seconds == 0 and not charge_connection_at_zero)
    billed = 0 if free else billed_seconds(rate, seconds)
    sixtieths = ZERO if free else net_sixtieths(rate, billed)
    with localcontext(money.EXACT):
        converted = sixtieths * exchange_rate
    price = money.divide_half_up(converted, 60, precision)
    steps = tuple(_explain_free(rate, answered) if free else _explain(rate, seconds, billed, sixtieths))
    steps = (steps[0], *origin, *steps[1:])
    if exchange_rate != ONE and not free:
        steps += (Step("exchange", f"Converted at {money.plain(exchange_rate)}", _shown(converted)),)
    steps += (Step("price", "Price, rounded once", money.plain(price)),)
    return Priced(price, money.divide_half_up(sixtieths, 60, NET_PLACES), billed, rate, steps)


def _explain_free(rate: Rate, answered: bool) -> Iterator[Step]:
    yield _matched(rate)
    yield Step("free", "Answered, but no second talked: free of charge" if answered else "Not answered: free of charge", "0")


def _explain(rate: Rate, seconds: int, billed: int, sixtieths: Decimal) -> Iterator[Step]:
    yield _matched(rate)
    yield Step("talked", f"Talked {_duration(seconds)}", str(seconds))
    if rate.included_seconds:
        yield Step("included", f"Included: the first {_duration(rate.included_seconds)}", str(min(seconds, rate.included_seconds)))
    yield Step("increments", f"Increments {rate.initial_increment}/{rate.increment}: {billed} s billed", str(billed))
    with localcontext(money.EXACT):
        usage, connection = billed * rate.per_minute, 60 * rate.connection_charge
        below = usage + connection < sixtieths
    yield Step("usage", f"{billed} s at {decimals(rate.per_minute)} a minute", _shown(usage))
    if connection:
        yield Step("connection", f"Connection charge {decimals(rate.connection_charge)}", _shown(connection))
    if below:
        yield Step("minimum", f"Minimum {decimals(rate.minimum)}", _shown(sixtieths))


def _matched(rate: Rate) -> Step:
    return Step("matched", f"Matched rate {rate.prefix} {rate.destination}", rate.prefix)


def decimals(amount: Decimal) -> str:
    """A price per minute as people write it: at least four decimals, more when it has them."""
    whole, _, places = money.plain(amount).partition(".")
    return f"{whole}.{places.rstrip('0').ljust(4, '0')}"


def _shown(sixtieths: Decimal) -> str:
    return decimals(money.divide_half_up(sixtieths, 60, money.MAX_PLACES))


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    named = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{count} {unit}" for count, unit in named if count) or "0 s"
