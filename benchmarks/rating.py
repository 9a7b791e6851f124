"""A file of calls to rated rows in Postgres, against a plain COPY of the same rows; and how the size of the rate table matters."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Scale, median, peak, seconds

AT_ONCE = 100_000
PLACES = 4
COPY = "COPY bench_rated (number, seconds, billed_seconds, price) FROM STDIN"
WHY = {
    "rating file": "reading the file and writing each row's text in Python takes longer than the server needs to store it",
    "rating prefixes": "a larger table does not fit the processor's cache, and each binary search goes to memory more often",
}


def measure(scale: Scale) -> Iterator[Figure]:
    calls, prefixes = scale.of((2_000, 500), (2_000_000, 50_000))
    deck = _deck(prefixes)
    with tempfile.TemporaryDirectory() as folder, ground.inside():
        for count in (calls // 4, calls):
            file = Path(folder) / f"{count}.csv"
            _write(file, count)
            yield replace(_file(file, count, deck, target="≥ 0.4" if count == calls else ""), size=f"{count:,} calls, {prefixes:,} prefixes")
    yield _growth(*scale.of((500, 5_000, 2_000), (5_000, 500_000, 200_000)))


def _deck(count: int) -> Any:
    from rateplans.domain.deck import RateDeck
    from rateplans.domain.rating import Rate

    return RateDeck.compile(
        Rate(prefix, f"Destination {number % 200}", Decimal(number % 97 + 1) / 1000) for number, prefix in enumerate(ground.prefixes(count))
    )


def _numbers(count: int) -> Iterable[str]:
    dice = Random(1)
    return (str(dice.randrange(10**10, 10**12)) for _number in range(count))


def _write(file: Path, count: int) -> None:
    dice = Random(2)
    file.write_text("".join(f"{number},{dice.randrange(1, 900)}\n" for number in _numbers(count)))


def _file(file: Path, count: int, deck: Any, target: str) -> Figure:
    """Rated rows a second; the reference is a COPY of the text of the same rows."""
    from django.db import connection

    def fresh() -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS bench_rated")
            cursor.execute("CREATE TABLE bench_rated (number text, seconds int, billed_seconds int, price numeric(20, 6))")

    def rate() -> None:
        fresh()
        with file.open(newline="") as rows:
            for text in _rated(csv.reader(rows), deck):
                _copy(text)

    with peak() as memory:
        took = median(rate, warm=False)
        used = memory.mb
    with connection.cursor() as cursor:
        whole = io.StringIO()
        cursor.copy_expert("COPY bench_rated TO STDOUT", whole)

    def plain() -> None:
        fresh()
        _copy(whole.getvalue())

    reference = median(plain)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_rated")
    return Figure("rating file", count / took, "rows/s", "plain COPY of the same rows", count / reference, target, used, WHY["rating file"])


def _rated(rows: Iterator[list[str]], deck: Any) -> Iterator[str]:
    """The rows of COPY, as many at once as fit the processor's cache comfortably."""
    while chunk := list(islice(rows, AT_ONCE)):
        numbers, lengths = [row[0] for row in chunk], [int(row[1]) for row in chunk]
        priced = deck.price_many(numbers, [True] * len(chunk), lengths, PLACES)
        billed, prices = priced.billed_seconds.tolist(), priced.price_micro.tolist()
        columns = zip(numbers, lengths, billed, prices, strict=True)
        yield "".join([f"{number}\t{length}\t{seconds_}\t{micro // 1_000_000}.{micro % 1_000_000:06}\n" for number, length, seconds_, micro in columns])


def _copy(text: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.copy_expert(COPY, io.StringIO(text))


def _growth(small: int, large: int, calls: int) -> Figure:
    """The time to rate with a large table, against that with a small one."""
    numbers = list(_numbers(calls))
    ones, lengths = [True] * calls, [61] * calls
    few, many = _deck(small), _deck(large)
    few.price_many(numbers, ones, lengths, PLACES)
    times = [
        (seconds(lambda: few.price_many(numbers, ones, lengths, PLACES)), seconds(lambda: many.price_many(numbers, ones, lengths, PLACES))) for _ in range(5)
    ]
    by_few, by_many = (sorted(column)[2] for column in zip(*times, strict=True))
    name = "rating prefixes"
    of = f"the same calls by {small:,} prefixes"
    return Figure(name, by_many * 1000, "ms", of, by_few * 1000, "≤ 1.5", 0, WHY[name], size=f"{calls:,} calls, {large:,} prefixes")
