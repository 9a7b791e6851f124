"""The whole intake of a file, against COPY of the same rows into the same indexed table; and single calls by HTTP."""

from __future__ import annotations

import io
import json
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from http.client import HTTPConnection
from itertools import count as counter
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Scale, peak, percentile, seconds

CLIENTS = 8
A_DAY = 20_000  # calls of a busy switch; of more in a larger file, so that all are of one month
DAYS = 28
AT_ONCE = 10_000  # rows a transaction, as the intake stores them
WHY = {
    "ingest file": "each record is normalised, hashed, answered and written by Python one by one, as a call and as a key; COPY stores one finished row",
    "ingest memory": "something of every record is kept until the file ends",
    "ingest http": "each call is a transaction of some twenty statements by the ORM, and client, web and database share the cores",
    "ingest http p99": "client, two web processes and the database share the cores",
}


def measure(scale: Scale) -> Iterator[Figure]:
    sizes = scale.of((500, 1_000), (20_000, 80_000), (500_000, 2_000_000))
    with ground.inside():
        plan = ground.plan("Standard", ground.prefixes(scale.of(500, 10_000, 50_000)))
        accounts = [customer.account_number for customer in ground.customers(scale.of(50, 500, 10_000), plan)]
        with tempfile.TemporaryDirectory() as folder:
            _take(file(Path(folder), 200, accounts, 0))  # warms decks and plans up
            taken = [_whole(file(Path(folder), size, accounts, size)) for size in sizes]  # before COPY holds whole files in memory
            for size, (took, used, batches) in zip(sizes, taken, strict=True):
                name, target, of = "ingest file", "≥ 0.5" if size == sizes[-1] else "", "COPY of the same rows into the same table"
                yield Figure(name, size / took, "records/s", of, size / _copied(batches), target, used, WHY[name], size=f"{size:,} calls")
            first, last = taken[0][1], taken[-1][1]
            name = "ingest memory"
            yield Figure(name, last, "MB", f"a file of {sizes[0]:,} calls", first, "≤ 1.1", last, WHY[name], size=f"{sizes[-1]:,} calls")
        secret = key()
    with ground.served() as port:
        yield from _http(port, secret, accounts, scale.of(0.3, 6.0))


def file(folder: Path, size: int, accounts: list[str], mark: int) -> Path:
    """A file of calls that no file of another mark has, in the order in which a busy switch ends them."""
    dice, a_day = Random(size), max(A_DAY, -(-size // DAYS))
    place = folder / f"{mark}.csv"
    with place.open("w") as made:
        made.write("call_id,account,from,to,setup_at,answered_at,seconds\n")
        for number in range(size):
            at = ground.MONTH + timedelta(seconds=number * 86_400 // a_day)
            to = _number(dice)
            answered = at + timedelta(seconds=5)
            made.write(f"{mark}-{number},{dice.choice(accounts)},1001,{to},{at:%Y-%m-%dT%H:%M:%SZ},{answered:%Y-%m-%dT%H:%M:%SZ},{dice.randrange(1, 900)}\n")
    return place


def _number(dice: Random) -> str:
    return f"+44{dice.randrange(2_000_000_000, 8_000_000_000)}"


def _take(place: Path) -> None:
    from billing_portal.accounts.domain import switches
    from invoicing.domain import call_files

    told = call_files.take(place, format_="csv", zone="UTC", switch=switches.ensure_default(), actor=ground.actor(), at=ground.MONTH + timedelta(days=32))
    statuses = {answer.status if answer else "refused" for _row, answer in told}
    if statuses != {"rated"}:
        raise RuntimeError(f"The file was not taken whole: {statuses}")


def _whole(place: Path) -> tuple[float, float, list[Any]]:
    """Seconds and peak of memory in MB that a file took, and the batches it became."""
    from billing_portal.tenancy.models import new_id
    from invoicing.models import CallBatch

    before = new_id()
    with peak() as memory:
        took = seconds(lambda: _take(place))
        used = memory.mb
    return took, used, list(CallBatch.objects.filter(pk__gt=before).values_list("pk", flat=True))


def _copied(batches: list[Any]) -> float:
    """How long COPY takes for these batches' calls into a table with the same indexes, as many rows a transaction as the intake stores."""
    from django.db import connection

    chosen = ", ".join(f"'{batch}'" for batch in batches)
    with connection.cursor() as cursor, tempfile.TemporaryFile("w+") as rows:
        cursor.execute("CREATE TABLE bench_call (LIKE invoicing_call INCLUDING ALL)")
        cursor.copy_expert(f"COPY (SELECT * FROM invoicing_call WHERE batch_id IN ({chosen})) TO STDOUT", rows)
        times = []
        for _try in range(3):
            cursor.execute("TRUNCATE bench_call")
            rows.seek(0)
            times.append(sum(map(_stored, _chunks(rows))))
        cursor.execute("DROP TABLE bench_call")
    return sorted(times)[1]


def _chunks(rows: Iterable[str]) -> Iterator[str]:
    lines = iter(rows)
    while chunk := "".join(islice(lines, AT_ONCE)):
        yield chunk


def _stored(chunk: str) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        return seconds(lambda: cursor.copy_expert("COPY bench_call FROM STDIN", io.StringIO(chunk)))


def key() -> str:
    """A key of the default switch of the reseller in force, for calls."""
    from billing_portal.accounts.domain import keys, switches

    return keys.make(switches.ensure_default(), [keys.CALLS_WRITE], actor=ground.actor(), at=ground.MONTH)[1]


def _http(port: int, secret: str, accounts: list[str], long: float) -> Iterator[Figure]:
    """Calls a second, one per request, by eight clients that keep their lines open; and how long the slowest hundredth takes."""
    _post_for(port, secret, accounts, long / 4, "warm")
    with peak() as memory:
        times = _post_for(port, secret, accounts, long, "counted")
        used = memory.mb
    name, size = "ingest http", f"{CLIENTS} clients, {long:g} s"
    yield Figure(name, len(times) / long, "calls/s", "target of two cores", 400, "≥ 1", used, WHY[name], size=size)
    name = "ingest http p99"
    yield Figure(name, percentile(times, 99) * 1000, "ms", "target", 50, "≤ 1", used, WHY[name], size=size)


def _post_for(port: int, secret: str, accounts: list[str], long: float, name: str) -> list[float]:
    times: list[float] = []
    problems: list[RuntimeError] = []
    until = time.perf_counter() + long

    def client(who: int) -> None:
        line, dice = HTTPConnection("127.0.0.1", port, timeout=30), Random(who)
        for number in counter():
            if time.perf_counter() >= until or problems:
                break
            begin = time.perf_counter()
            try:
                post(line, f"acme.localhost:{port}", secret, f"{name}-{who}-{number}", dice.choice(accounts), _number(dice), dice.randrange(1, 900))
            except RuntimeError as problem:
                problems.append(problem)
            times.append(time.perf_counter() - begin)
        line.close()

    threads = [threading.Thread(target=client, args=(who,)) for who in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]
    return times


def post(line: HTTPConnection, host: str, secret: str, call_id: str, account: str, to: str, talked: int) -> None:
    """One call by HTTP, as a switch delivers it."""
    record = {"call_id": call_id, "account": account, "to": to, "setup_at": "2026-10-03T09:00:00Z", "answered_at": "2026-10-03T09:00:05Z", "seconds": talked}
    headers = {"Host": host, "Content-Type": "application/json", "Authorization": f"Bearer {secret}"}
    line.request("POST", "/api/v1/calls", json.dumps({"records": [record]}), headers)
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200 or b'"rated"' not in body:
        raise RuntimeError(f"A call was not taken: {answer.status} {body[:200]!r}")
