"""A plan's rates, compiled: longest prefix by one binary search, whole batches of calls priced in integers (performance.md, Rating)."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from billing_portal.kernel import money
from rateplans.domain.rating import ONE, Rate

DIGITS = 15
NONE = -1
_SAFE = 2**62

Numbers: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class PricedCalls:
    """One entry per call, in order. `rate` is an index into the deck's `rates`, -1 where no prefix fits (then the rest is 0).

    `net_sixtieths` is sixty times the unrounded amount in units of 10^-`scale` of the plan's currency, exact; `price_micro` is the rounded price in
    millionths of the customer's currency. Both are int64, or Python integers in an object array where int64 could overflow.
    """

    rate: NDArray[np.int64]
    billed_seconds: NDArray[np.int64]
    net_sixtieths: Numbers
    price_micro: Numbers
    scale: int


class RateDeck:
    """The rates of one version of a plan. Immutable, so every process may keep it; a new version is a new deck."""

    __slots__ = ("_by_prefix", "_columns", "_lengths", "_owners", "_parents", "_starts", "rates", "scale")

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self.rates = rates
        self._by_prefix = {rate.prefix: rate for rate in rates}
        _check(rates, self._by_prefix)
        starts, owners, parents = _ranges([rate.prefix for rate in rates])
        self._starts = np.array(starts, dtype=np.int64)
        self._owners = np.array(owners, dtype=np.int64)
        self._parents = np.array([*parents, NONE], dtype=np.int64)
        self._lengths = np.array([*(len(rate.prefix) for rate in rates), 0], dtype=np.int64)
        self.scale, self._columns = _columns(rates)

    @classmethod
    def compile(cls, rates: Iterable[Rate]) -> "RateDeck":
        """Flatten nested prefixes (1 to 15 digits, each once) into disjoint ranges of 15-digit numbers. Raises ValueError on anything else."""
        return cls(tuple(rates))

    def __len__(self) -> int:
        return len(self.rates)

    def find(self, number: str) -> Rate | None:
        """The rate with the longest prefix of `number`, else None; the longest always wins, whatever it costs (complaint 28)."""
        if not (number.isascii() and number.isdigit() and len(number) <= DIGITS):
            return None
        for length in range(len(number), 0, -1):
            rate = self._by_prefix.get(number[:length])
            if rate is not None:
                return rate
        return None

    def indexes(self, numbers: Sequence[str]) -> NDArray[np.int64]:
        """For each number the index of its rate in `rates`, or -1."""
        padded, lengths = _padded(numbers)
        found: NDArray[np.int64] = np.empty(len(padded), dtype=np.int64)
        order = np.argsort(padded)  # searched in order, neighbours meet in the processor's cache: half the time in a large deck
        found[order] = self._owners[np.searchsorted(self._starts, padded[order], side="right") - 1]
        # Padding makes 4412345 look like 441234500000000: a prefix longer than the number itself gives way to the prefix around it.
        while (shorter := self._lengths[found] > lengths).any():
            found = np.where(shorter, self._parents[found], found)
        return found

    def price_many(
        self,
        numbers: Sequence[str],
        answered: Sequence[bool] | NDArray[np.bool_],
        seconds: Sequence[int] | NDArray[np.int64],
        precision: int,
        *,
        exchange_rate: Decimal = ONE,
        charge_connection_at_zero: bool = False,
    ) -> PricedCalls:
        """Price a batch exactly as `rating.price_call` prices each; `precision` 0 to 6 decimals. Raises ValueError on negative seconds."""
        talked = np.asarray(seconds, dtype=np.int64)
        if not 0 <= precision <= money.MAX_PLACES or (talked < 0).any():
            raise ValueError("precision is 0 to 6 and seconds are at least 0")
        rate = self.indexes(numbers)
        chargeable = np.asarray(answered, dtype=np.bool_) & (rate != NONE)
        if not charge_connection_at_zero:
            chargeable &= talked > 0
        columns = self._columns.pick(rate)
        billed = np.where(chargeable, columns.billed(talked), 0)
        factor, places = _as_integer(exchange_rate)
        divisor = 60 * 10 ** (self.scale - precision + places)
        net = np.where(chargeable, columns.sixtieths(billed, headroom=factor, spare=divisor), 0)
        units = (net * factor + divisor // 2) // divisor
        return PricedCalls(rate, billed, net, units * 10 ** (money.MAX_PLACES - precision), self.scale)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The rates as columns, money as integers of 10^-scale; the last row is the rate of nothing, which index -1 picks."""

    per_minute: Numbers
    connection_sixtieths: Numbers
    minimum_sixtieths: Numbers
    initial: NDArray[np.int64]
    increment: NDArray[np.int64]
    included: NDArray[np.int64]

    def pick(self, rows: NDArray[np.int64]) -> "_Columns":
        return _Columns(
            self.per_minute[rows],
            self.connection_sixtieths[rows],
            self.minimum_sixtieths[rows],
            self.initial[rows],
            self.increment[rows],
            self.included[rows],
        )

    def billed(self, seconds: NDArray[np.int64]) -> NDArray[np.int64]:
        left = np.maximum(seconds - self.included, 0)
        further = np.maximum(left - self.initial, 0)
        filled = self.initial + -(-further // self.increment) * self.increment
        return np.where(left > 0, filled, 0)

    def sixtieths(self, billed: NDArray[np.int64], *, headroom: int, spare: int) -> Numbers:
        """Sixty times the amounts; as Python integers when int64 could not hold them, nor their product with `headroom`, nor `spare` more."""
        highest = _top(billed) * _top(self.per_minute) + _top(self.connection_sixtieths) + _top(self.minimum_sixtieths)
        if (highest + 1) * headroom + spare + highest * headroom * 10**money.MAX_PLACES // spare >= _SAFE:
            billed = billed.astype(np.object_)
        return np.maximum(self.connection_sixtieths + billed * self.per_minute, self.minimum_sixtieths)


def _check(rates: tuple[Rate, ...], by_prefix: dict[str, Rate]) -> None:
    if len(by_prefix) != len(rates):
        raise ValueError("a prefix stands twice")
    for rate in rates:
        prefix = rate.prefix
        if not (1 <= len(prefix) <= DIGITS and prefix.isascii() and prefix.isdigit()):
            raise ValueError(f"a prefix is 1 to 15 digits, not {prefix!r}")
        if rate.per_minute < 0 or rate.connection_charge < 0 or rate.minimum < 0:
            raise ValueError(f"a price of prefix {prefix} is below zero")
        if rate.initial_increment < 1 or rate.increment < 1 or rate.included_seconds < 0:
            raise ValueError(f"increments of prefix {prefix} are below one second, or its included seconds below zero")


def _ranges(prefixes: list[str]) -> tuple[list[int], list[int], list[int]]:
    """Starts of disjoint ranges, the prefix that owns each, and for each prefix the next shorter one around it."""
    first = [int(prefix.ljust(DIGITS, "0")) for prefix in prefixes]
    starts, owners, parents = [0], [NONE], [NONE] * len(prefixes)
    around: list[tuple[int, int]] = []

    def begin(start: int, owner: int) -> None:
        if starts[-1] == start:
            owners[-1] = owner
        else:
            starts.append(start)
            owners.append(owner)

    def leave(until: int) -> None:
        while around and around[-1][0] <= until:
            end, _ = around.pop()
            begin(end, around[-1][1] if around else NONE)

    for index in sorted(range(len(prefixes)), key=lambda n: (first[n], len(prefixes[n]))):
        leave(first[index])
        parents[index] = around[-1][1] if around else NONE
        begin(first[index], index)
        around.append((first[index] + 10 ** (DIGITS - len(prefixes[index])), index))
    leave(10**DIGITS)
    return starts, owners, parents


def _columns(rates: tuple[Rate, ...]) -> tuple[int, _Columns]:
    prices = [[rate.per_minute for rate in rates], [rate.connection_charge for rate in rates], [rate.minimum for rate in rates]]
    scale = max([money.MAX_PLACES, *(_places(price) for column in prices for price in column)])
    with localcontext(money.EXACT):
        per_minute, connection, minimum = ([int(price.scaleb(scale)) for price in column] for column in prices)
    return scale, _Columns(
        _integers([*per_minute, 0]),
        _integers([*(60 * price for price in connection), 0]),
        _integers([*(60 * price for price in minimum), 0]),
        np.array([*(rate.initial_increment for rate in rates), 1], dtype=np.int64),
        np.array([*(rate.increment for rate in rates), 1], dtype=np.int64),
        np.array([*(rate.included_seconds for rate in rates), 0], dtype=np.int64),
    )


def _places(price: Decimal) -> int:
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{price} is not an amount")
    return max(0, -exponent)


def _integers(values: list[int]) -> Numbers:
    return np.array(values, dtype=np.int64 if max(values) < _SAFE else np.object_)


def _as_integer(factor: Decimal) -> tuple[int, int]:
    with localcontext(money.EXACT):
        bare = factor.normalize()
        places = _places(bare)
        return int(bare.scaleb(places)), places


def _top(values: Numbers) -> int:
    return int(values.max()) if len(values) else 0


def _padded(numbers: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers as integers of 15 digits, and their lengths; the length is 0 for what is not 1 to 15 digits."""
    width = f"S{DIGITS + 1}"
    try:
        text = np.array(numbers, dtype=width)
    except UnicodeEncodeError:
        text = np.array([number if number.isascii() else "" for number in numbers], dtype=width)
    letters = text.view(np.uint8).reshape(len(text), DIGITS + 1)
    filled = letters != 0
    digit = (letters >= ord("0")) & (letters <= ord("9"))
    sound = (digit | ~filled).all(axis=1) & (filled[:, :-1] | ~filled[:, 1:]).all(axis=1) & ~filled[:, DIGITS]
    padded = np.zeros(len(text), dtype=np.int64)
    for place in range(DIGITS):
        padded = padded * 10 + np.where(digit[:, place], letters[:, place] - ord("0"), 0)
    return padded, np.where(sound, filled.sum(axis=1), 0)


@dataclass(slots=True)
class _Turn:
    """A deck that is wanted and not kept: one thread builds it, the others wait for that one."""

    expected: int
    threads: int = 0
    lock: AbstractContextManager[Any] = field(default_factory=Lock)
    deck: RateDeck | None = None


class DeckCache:
    """The decks a process keeps, the least recently used leaving first. The key must name the reseller's schema as well as plan and version.

    Together, those that are being built among them, they hold no more rates than one rates file may, so that no reseller's plans fill the memory that all
    resellers share (reliability 59); a deck that is larger by itself stays alone, and those that are built at the same time are there together.
    """

    def __init__(self, maxsize: int = 8, most_rates: int = 2_000_000) -> None:
        self._maxsize, self._most_rates = maxsize, most_rates
        self._decks: OrderedDict[Hashable, RateDeck] = OrderedDict()
        self._turns: dict[Hashable, _Turn] = {}
        self._lock = Lock()

    def get(self, key: Hashable, build: Callable[[], RateDeck], *, expected: int = 0) -> RateDeck:
        """The deck kept under `key`, else the one built now, once for all threads that want it; what leaves no room for so many rates goes before.

        Only who wants the same deck waits. To build one reads rates and asks for no other deck, so nobody waits in a ring.
        """
        with self._lock:
            if key in self._decks:
                self._decks.move_to_end(key)
                return self._decks[key]
            turn = self._turns.setdefault(key, _Turn(expected))
            turn.threads += 1
        try:
            with turn.lock:
                if turn.deck is None:
                    turn.deck = self._built(key, build)
                return turn.deck
        finally:
            with self._lock:
                turn.threads -= 1
                if not turn.threads:
                    del self._turns[key]

    def _built(self, key: Hashable, build: Callable[[], RateDeck]) -> RateDeck:
        with self._lock:
            self._make_room(keep=0)
        deck = build()
        with self._lock:
            self._decks[key] = deck
            self._make_room(keep=1)
        return deck

    def _make_room(self, keep: int) -> None:
        """Let the least recently used go until all fit beside what is being built; the last to come stays."""
        coming = sum(turn.expected for key, turn in self._turns.items() if turn.deck is None and key not in self._decks)
        while len(self._decks) > self._maxsize or (len(self._decks) > keep and self.rates + coming > self._most_rates):
            self._decks.popitem(last=False)

    @property
    def rates(self) -> int:
        """How many rates it holds."""
        return sum(len(deck) for deck in self._decks.values())

    def clear(self) -> None:
        with self._lock:
            self._decks.clear()

    def __len__(self) -> int:
        return len(self._decks)
