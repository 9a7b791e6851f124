"""Movements of money: spread over many accounts and on one hot account, by eight writers at once; nothing may be lost and nobody may deadlock."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Scale, peak

WRITERS = 8
CENT = Decimal("0.01")
INSERT = "INSERT INTO bench_transfer SELECT gen_random_uuid(), posted_at, debit_id, credit_id, amount, kind FROM bench_transfer_one"
WHY = {
    "ledger spread": "each movement is a transaction of some nine statements by the ORM: lock, read accounts, insert, move the balance, look at the threshold",
    "ledger batch": "each movement is an object of Python before it is a row",
    "ledger hot": "the hot row stays locked while the ORM's other statements run",
    "ledger exact": "a movement was lost or posted twice, or two writers waited for each other",
}


def measure(scale: Scale) -> Iterator[Figure]:
    accounts, long = scale.of((20, 0.3), (10_000, 6.0))
    many, one = f"{accounts:,} accounts, {WRITERS} writers, {long:g} s", f"one account, {WRITERS} writers, {long:g} s"
    with ground.inside():
        made = [customer.pk for customer in ground.customers(accounts, ground.plan("Standard", ground.prefixes(10)))]
        _peer_table()
        with peak() as memory:
            appended = sum(_at_once(_append, long / 2))
            spread = _at_once(partial(_post, made), long)
            name, rate = "ledger spread", sum(spread) / long
            yield Figure(name, rate, "transfers/s", "append-only inserts", appended / long * 2, "≥ 0.7", memory.mb, WHY[name], size=many)
            hot = _at_once(partial(_post, made[:1]), long)
            name, rate = "ledger hot", sum(hot) / long
            yield Figure(name, rate, "transfers/s", "fdatasync", _syncs(long / 4), "≥ 0.4", memory.mb, WHY[name], size=one)
            yield _batches(made, long, appended / long * 2)
        posted = sum(spread) + sum(hot)
        name = "ledger exact"
        yield Figure(name, _kept(made), "transfers", "what the writers posted, balances equal", posted, "= 1", 0, WHY[name], size=many)
        _drop_peer_table()


def _at_once(work: Callable[[float], int], long: float) -> list[int]:
    """What each of eight processes did in so many seconds; a deadlock or any other failure ends the bench."""
    from django.db import connection

    schema = connection.schema_name
    connection.close()
    with ProcessPoolExecutor(WRITERS, mp_context=get_context("fork")) as pool:
        done = list(pool.map(partial(_in_schema, schema, work), [long] * WRITERS))
    ended: list[int] = done
    return ended


def _in_schema(schema: str, work: Callable[[float], int], long: float) -> int:
    from django.db import connection

    connection.close()
    with ground.inside(schema):
        try:
            return work(long)
        finally:
            connection.close()


def _post(customer_ids: list[Any], long: float) -> int:
    """Post a cent to one customer after the other for so long."""
    from customers.domain import ledger
    from customers.models import Customer, Kind

    dice, who = Random(os.getpid()), ground.actor()
    known = Customer.objects.in_bulk(customer_ids)
    until = time.perf_counter() + long
    for done in count():
        if time.perf_counter() >= until:
            return done
        key = f"bench:{os.getpid()}:{time.perf_counter_ns()}"
        ledger.post(Kind.CHARGE, known[dice.choice(customer_ids)], CENT, at=ground.MONTH, actor=who, key=key)
    return 0


def _batches(customer_ids: list[Any], long: float, appended: float) -> Figure:
    """One writer, a thousand movements a transaction, as a batch of calls posts them."""
    from customers.domain import ledger
    from customers.domain.ledger import Posting
    from customers.models import Customer, Kind

    known, who, done = list(Customer.objects.filter(pk__in=customer_ids[:1_000])), ground.actor(), 0
    begin = time.perf_counter()
    while time.perf_counter() < begin + long:
        postings = [Posting(Kind.CREDIT, customer, CENT, f"bench-batch:{done + number}", ground.MONTH) for number, customer in enumerate(known)]
        ledger.post_many(postings, at=ground.MONTH, actor=who)
        done += len(postings)
    rate = done / (time.perf_counter() - begin)
    size = f"{len(known):,} accounts, one writer, {long:g} s"
    return Figure("ledger batch", rate, "transfers/s", "append-only inserts one by one", appended, "", 0, WHY["ledger batch"], size=size)


def _kept(customer_ids: list[Any]) -> int:
    """How many movements the ledger holds, once the cached balances say the same as it of every customer; else none."""
    from django.db.models import Sum

    from customers.models import Kind, Standing, Transfer

    moved = {(row["customer"], row["kind"]): row["amount__sum"] for row in Transfer.objects.values("customer", "kind").annotate(Sum("amount"))}
    for customer_id, receivable in Standing.objects.filter(customer__in=customer_ids).values_list("customer_id", "receivable"):
        if receivable != moved.get((customer_id, Kind.CREDIT), Decimal(0)) - moved.get((customer_id, Kind.CHARGE), Decimal(0)):
            return 0
    return Transfer.objects.filter(kind=Kind.CHARGE).count()


def _peer_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_transfer (id uuid PRIMARY KEY, posted_at timestamptz, debit_id uuid, credit_id uuid, amount numeric(20, 6), kind text)"
        )
        cursor.execute(
            "CREATE TABLE bench_transfer_one AS SELECT now() posted_at, gen_random_uuid() debit_id, gen_random_uuid() credit_id, 0.01 amount, 'charge' kind"
        )


def _drop_peer_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_transfer, bench_transfer_one")


def _append(long: float) -> int:
    """The peer: the same row, added and committed, without any balance."""
    from django.db import connection

    until = time.perf_counter() + long
    with connection.cursor() as cursor:
        for done in count():
            if time.perf_counter() >= until:
                return done
            cursor.execute(INSERT)
    return 0


def _syncs(long: float) -> float:
    """How often a second this disk makes a small write durable."""
    with tempfile.NamedTemporaryFile(dir=Path(os.environ["PORTAL_DATA"])) as file:
        until, done = time.perf_counter() + long, 0
        while time.perf_counter() < until:
            file.write(b"x" * 8_192)
            file.flush()
            os.fdatasync(file.fileno())
            done += 1
    return done / long
