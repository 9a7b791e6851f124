import threading
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rateplans.domain.deck import NONE, DeckCache, RateDeck
from rateplans.domain.rating import Rate, net_sixtieths, price_call

D = Decimal
TEN_YEARS = 315_576_000
MOST = D("999999.999999")


def deck(*prefixes: str) -> RateDeck:
    return RateDeck.compile(Rate(prefix, f"to {prefix}", D(f"0.{n + 1:02}")) for n, prefix in enumerate(prefixes))


def found(of: RateDeck, number: str) -> str | None:
    rate = of.find(number)
    return rate.prefix if rate else None


def found_by_search(of: RateDeck, numbers: list[str]) -> list[str | None]:
    return [of.rates[index].prefix if index != NONE else None for index in of.indexes(numbers)]


@pytest.mark.rel(21)
def test_the_longest_prefix_wins_whatever_it_costs() -> None:
    """ASTPP 273: the price of a shorter prefix won over that of the longer match."""
    uk = RateDeck.compile([Rate("44", "UK", D("9")), Rate("447", "UK mobile", D("0.01")), Rate("4479", "UK mobile", D("0.50"))])

    assert [found(uk, number) for number in ("442079460123", "447700900123", "447900123456")] == ["44", "447", "4479"]
    assert found_by_search(uk, ["442079460123", "447700900123", "447900123456"]) == ["44", "447", "4479"]


def test_a_number_outside_every_prefix_has_no_rate() -> None:
    assert found_by_search(deck("44", "46"), ["45123456", "43999999", "47000000", "0", ""]) == [None] * 5


def test_a_prefix_longer_than_the_number_does_not_fit_it() -> None:
    uk = deck("44", "44123450", "441234500000000")

    assert found_by_search(uk, ["4412345", "44123450", "441234500", "441234500000000"]) == ["44", "44123450", "44123450", "441234500000000"]


@pytest.mark.parametrize("text", ["", "+442079460123", "44 20", "4420x", "٤٤٢٠", "４４２０", "44\x0020", "4420794601234567", "\ud800"])
def test_what_is_no_number_has_no_rate(text: str) -> None:
    uk = deck("4", "44")

    assert uk.find(text) is None
    assert found_by_search(uk, [text, "4420"]) == [None, "44"]


@pytest.mark.parametrize("prefix", ["", "1234567890123456", "44 ", "+44", "4x", "٤٤"])
def test_a_prefix_is_one_to_fifteen_digits(prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        deck(prefix)


@pytest.mark.parametrize(
    "rate",
    [
        Rate("1", "", D("-1")),
        Rate("1", "", D(1), D("-1")),
        Rate("1", "", D(1), minimum=D("-1")),
        Rate("1", "", D(1), initial_increment=0),
        Rate("1", "", D(1), increment=0),
        Rate("1", "", D(1), included_seconds=-1),
    ],
)
def test_a_rate_below_zero_cannot_be_compiled(rate: Rate) -> None:
    with pytest.raises(ValueError, match="below"):
        RateDeck.compile([rate])


def test_a_prefix_cannot_stand_twice() -> None:
    with pytest.raises(ValueError, match="twice"):
        deck("44", "44")


digits = st.text("0123", min_size=1, max_size=15)


@pytest.mark.rel(21)
@given(st.lists(digits, unique=True, max_size=40), st.lists(digits, max_size=40))
@example(["0", "00", "000000000000000"], ["0", "00", "0000000"])
@example(["9", "999999999999999"], ["999999999999999", "99999999999999"])
def test_search_and_lookup_agree_with_trying_every_prefix(prefixes: list[str], numbers: list[str]) -> None:
    compiled = deck(*prefixes)
    expected = [max((prefix for prefix in prefixes if number.startswith(prefix)), key=len, default=None) for number in numbers]

    assert [found(compiled, number) for number in numbers] == expected
    assert found_by_search(compiled, numbers) == expected


amounts = st.one_of(st.decimals(0, MOST, places=6), st.decimals(0, 2, places=4), st.sampled_from([D(0), D("0.003"), MOST, D("0.0123456789")]))
increments = st.one_of(st.sampled_from([1, 6, 30, 60]), st.integers(1, 86_400))
rates = st.builds(Rate, digits, st.just("x"), amounts, amounts, increments, increments, st.one_of(st.just(0), st.integers(0, 3600)), amounts)
talks = st.one_of(st.integers(0, 7200), st.integers(0, TEN_YEARS))
calls = st.lists(st.tuples(digits, st.booleans(), talks), max_size=30)
exchange = st.one_of(st.just(D(1)), st.decimals(D("0.0000000001"), D(20_000), places=10))


@pytest.mark.rel(5)
@pytest.mark.rel(21)
@given(st.lists(rates, unique_by=lambda rate: rate.prefix, max_size=10), calls, st.integers(0, 6), exchange, st.booleans())
@example([Rate("1", "x", D("12.50"), initial_increment=60, increment=60)], [("1", True, 7200)], 4, D(1), False)
@example([Rate("1", "x", MOST, MOST, minimum=MOST)], [("1", True, TEN_YEARS), ("1", True, 1)], 6, D(1), True)
@example([Rate("1", "x", MOST)], [("2", True, 1)], 6, D("1e15"), True)
def test_a_batch_costs_exactly_what_its_calls_cost_one_by_one(
    rates: list[Rate], calls: list[tuple[str, bool, int]], precision: int, exchange_rate: Decimal, at_zero: bool
) -> None:
    compiled = RateDeck.compile(rates)
    numbers = [number for number, _, _ in calls]
    answered = [was_answered for _, was_answered, _ in calls]
    seconds = [talk for _, _, talk in calls]

    batch = compiled.price_many(numbers, answered, seconds, precision, exchange_rate=exchange_rate, charge_connection_at_zero=at_zero)

    for n, (number, was_answered, talk) in enumerate(calls):
        rate = compiled.find(number)
        got = (int(batch.billed_seconds[n]), D(int(batch.price_micro[n])).scaleb(-6), D(int(batch.net_sixtieths[n])).scaleb(-batch.scale))
        if rate is None:
            assert (int(batch.rate[n]), *got) == (NONE, 0, D(0), D(0))
            continue
        one = price_call(rate, answered=was_answered, seconds=talk, precision=precision, exchange_rate=exchange_rate, charge_connection_at_zero=at_zero)
        free = not was_answered or (talk == 0 and not at_zero)
        assert compiled.rates[batch.rate[n]] is rate
        assert got == (one.billed_seconds, one.price, D(0) if free else net_sixtieths(rate, one.billed_seconds))


def test_everyday_batches_stay_in_machine_integers() -> None:
    batch = RateDeck.compile([Rate("44", "UK", D("12.50"), D("0.05"), 60, 60)]).price_many(["442079460123"] * 3, [True] * 3, [7200, 1, 0], 4)

    assert batch.price_micro.dtype == np.int64
    assert batch.price_micro.tolist() == [1_500_050_000, 12_550_000, 0]


def test_a_price_beyond_machine_integers_is_still_exact() -> None:
    batch = RateDeck.compile([Rate("44", "UK", MOST)]).price_many(["442079460123"], [True], [TEN_YEARS], 6)

    assert batch.price_micro.tolist() == [int(MOST * 10**6) * TEN_YEARS // 60]
    assert batch.net_sixtieths.tolist() == [int(MOST * 10**6) * TEN_YEARS]


def test_an_empty_deck_and_an_empty_batch_are_fine() -> None:
    assert RateDeck.compile([]).price_many(["442079460123"], [True], [60], 4).rate.tolist() == [NONE]
    assert deck("44").price_many([], [], [], 4).price_micro.tolist() == []


@pytest.mark.parametrize(("seconds", "precision"), [(-1, 4), (1, 7), (1, -1)])
def test_a_batch_cannot_hold_negative_talks_or_finer_prices_than_millionths(seconds: int, precision: int) -> None:
    with pytest.raises(ValueError, match="precision"):
        deck("44").price_many(["442079460123"], [True], [seconds], precision)


def test_fifty_thousand_prefixes_compile_quickly() -> None:
    prefixes = {str(10_000 + n * 37 % 89_000) + str(n)[: n % 6] for n in range(60_000)}
    rates = [Rate(prefix, "somewhere", D("0.0123")) for prefix in list(prefixes)[:50_000]]

    began = time.process_time()
    RateDeck.compile(rates)

    assert len(rates) == 50_000
    assert time.process_time() - began < 1


def test_a_cache_keeps_the_decks_used_last() -> None:
    cache = DeckCache(maxsize=2)
    built: list[str] = []

    def build(name: str) -> RateDeck:
        def compiled() -> RateDeck:
            built.append(name)
            return deck("44")

        return cache.get(("acme", name), compiled)

    first = build("a")
    build("b")
    assert build("a") is first
    build("c")
    build("a")
    build("b")

    assert built == ["a", "b", "c", "b"]
    assert len(cache) == 2


@pytest.mark.rel(59)
def test_decks_together_hold_no_more_rates_than_there_is_room_for_and_the_largest_alone_is_kept() -> None:
    """A kilobyte of memory each: eight files of the largest size would be ten gigabytes in every process."""
    cache = DeckCache(maxsize=8, most_rates=5)
    for name, prefixes in (("a", ["1", "2"]), ("b", ["1", "2"]), ("c", ["1", "2"])):
        cache.get(name, partial(deck, *prefixes))
    assert len(cache) == 2

    largest = cache.get("d", partial(deck, *"123456"))
    assert (len(cache), cache.get("d", partial(deck, "1")) is largest) == (1, True)
    cache.get("e", partial(deck, "1"))
    assert (len(cache), cache.get("d", partial(deck, "2")) is largest) == (1, False)


@pytest.mark.rel(59)
def test_what_leaves_no_room_for_a_deck_goes_before_it_is_built() -> None:
    cache, held = DeckCache(most_rates=6), list[int]()

    def build(*prefixes: str) -> RateDeck:
        held.append(cache.rates)
        return deck(*prefixes)

    for name, size in (("a", 2), ("b", 2), ("c", 2), ("d", 3), ("e", 1), ("larger than all", 7)):
        cache.get(name, partial(build, *"1234567"[:size]), expected=size)

    assert held == [0, 2, 4, 2, 5, 0]


def at_once(*work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=each) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


@pytest.mark.rel(59)
def test_threads_that_want_the_same_deck_at_once_build_it_once() -> None:
    cache, together, built, given = DeckCache(), threading.Barrier(4), list[str](), list[RateDeck]()

    def build() -> RateDeck:
        built.append("44")
        time.sleep(0.2)
        return deck("44")

    def want() -> None:
        together.wait()
        given.append(cache.get("a", build))

    at_once(*[want] * 4)
    assert built == ["44"]
    assert [each is given[0] for each in given] == [True] * 4


@pytest.mark.rel(59)
def test_decks_that_are_built_at_once_leave_room_for_each_other_and_wait_for_nobody() -> None:
    cache, together, held = DeckCache(most_rates=6), threading.Barrier(2), list[int]()
    for name in "abc":
        cache.get(name, partial(deck, "1", "2"), expected=2)

    def build(*prefixes: str) -> RateDeck:
        together.wait(20)
        held.append(cache.rates)
        together.wait(20)
        return deck(*prefixes)

    at_once(lambda: cache.get("d", partial(build, "1", "2"), expected=2), lambda: cache.get("e", partial(build, "1", "2"), expected=2))
    assert held == [2, 2]
    assert (len(cache), cache.rates) == (3, 6)


def test_a_deck_that_could_not_be_built_is_built_by_whoever_wants_it_next() -> None:
    cache, together, tries, given, refused = DeckCache(), threading.Barrier(2), list[str](), list[RateDeck](), list[str]()

    def build() -> RateDeck:
        tries.append("44")
        time.sleep(0.1)
        if len(tries) == 1:
            raise OSError("the database is away")
        return deck("44")

    def want() -> None:
        together.wait()
        try:
            given.append(cache.get("a", build))
        except OSError as away:
            refused.append(str(away))

    at_once(want, want)
    assert (len(tries), refused) == (2, ["the database is away"])
    assert [each is cache.get("a", build) for each in given] == [True]


def test_a_cache_forgets_when_told() -> None:
    cache = DeckCache()
    cache.get("a", lambda: deck("44"))

    cache.clear()

    assert len(cache) == 0
