"""What a reseller notices of another one that takes a large file in: its pages and its calls beside the import, against the same without (reliability 59)."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks import ground, ingest
from benchmarks.measuring import Figure, Scale, percentile
from billing_portal.local import processes

ENVIRONMENT = "test"  # its one page needs no collected files
HOST = "globex.localhost"
WHY = {
    "neighbours page p95": "the import, the page and the database of both share two cores",
    "neighbours calls p95": "the import, the call and the database of both share two cores",
}


def measure(scale: Scale) -> Iterator[Figure]:
    size, customers, long = scale.of((400, 20, 0.2), (1_000_000, 500, 8.0))
    with tempfile.TemporaryDirectory() as folder:
        with ground.inside():
            plan = ground.plan("Standard", ground.prefixes(scale.of(500, 10_000)))
            file = ingest.file(Path(folder), size, [each.account_number for each in ground.customers(customers, plan)], size)
        secret, accounts, cookie = _neighbour(customers)
        with ground.served() as port, closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            page, calls = _page(line, cookie), _calls(line, secret, accounts)
            for look in (page, calls):
                _p95(look, long / 4)
            alone = _p95(page, long), _p95(calls, long)
            with _importing(file):
                beside = _p95(page, long), _p95(calls, long)
    for name, with_, without in zip(("neighbours page p95", "neighbours calls p95"), beside, alone, strict=True):
        yield Figure(name, with_, "ms", "without the calls that another reseller takes in", without, "≤ 2", 0, WHY[name], size=f"{size:,} calls, {long:g} s")


def _neighbour(customers: int) -> tuple[str, list[str], str]:
    """A second reseller: the key of its switch, its accounts and the cookie of somebody who is signed in."""
    from benchmarks import visiting
    from billing_portal.accounts.domain import users
    from billing_portal.accounts.models import Role
    from billing_portal.tenancy.domain import schemas
    from billing_portal.tenancy.models import Reseller

    if not Reseller.objects.filter(schema_name="globex").exists():
        root = Reseller.objects.get(schema_name="owner")
        schemas.make(schemas.register(name="Globex", schema_name="globex", host=HOST, parent=root, currency=ground.CURRENCY, time_zone=ground.ZONE))
    with ground.inside("globex"):
        users.create("bench", "Bench", "bench@globex.example", Role.ADMINISTRATOR, actor=ground.actor(), at=ground.MONTH)
        plan = ground.plan("Standard", ground.prefixes(500))
        accounts = [each.account_number for each in ground.customers(customers, plan)]
        cookie = visiting.cookies(visiting.client(visiting.administrator(), HOST))
        return ingest.key(), accounts, cookie


def _page(line: HTTPConnection, cookie: str) -> Callable[[int], None]:
    def look(_number: int) -> None:
        line.request("GET", "/customers/", headers={"Host": f"{HOST}:{line.port}", "Cookie": cookie})
        answer = line.getresponse()
        if b"Company" not in answer.read() or answer.status != 200:
            raise RuntimeError(f"The page answers {answer.status}.")

    return look


def _calls(line: HTTPConnection, secret: str, accounts: list[str]) -> Callable[[int], None]:
    def post(number: int) -> None:
        ingest.post(line, f"{HOST}:{line.port}", secret, f"neighbour-{number}", accounts[number % len(accounts)], f"+4420{number % 10_000_000:08}", 60)

    return post


def _p95(work: Callable[[int], Any], long: float) -> float:
    """The 95th percentile in ms of one visitor who asks again and again for so many seconds."""
    times: list[float] = []
    until = time.perf_counter() + long
    while time.perf_counter() < until:
        begin = time.perf_counter()
        work(time.time_ns() // 1_000)
        times.append((time.perf_counter() - begin) * 1000)
    return percentile(times, 95)


@contextmanager
def _importing(file: Path) -> Iterator[None]:
    """Acme's file is being taken in by the command for it."""
    log = file.with_suffix(".log")
    words = [sys.executable, "manage.py", "import_calls", "--reseller", "acme", str(file)]
    child = processes.start("import", words, log=log, environment=None, folder=ground.ROOT)
    try:
        yield
        if child.ended and child.process.returncode:
            raise RuntimeError(f"The import failed:\n{child.tail(20)}")
    finally:
        processes.stop([child], 10)
