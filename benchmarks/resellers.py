"""Making resellers, and upgrading two hundred of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Scale, median, peak, seconds

ENVIRONMENT = "test"  # its one page needs no collected files
ADDITIVE = "CREATE TABLE {}.bench_added (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL)"
INDEX = "CREATE INDEX ON {}.bench_added (expire_date)"
WHY = {
    "resellers new": "beside the schema a customer row, a rate plan and an administrator with login details are made, by some eighty statements",
    "resellers last": "the catalogue of the database has grown with its neighbours",
    "resellers upgrade with nothing to do": "each schema is asked for its own list of migrations",
    "resellers additive upgrade": "each schema goes through Django's migrations by itself, which read the whole catalogue several times a schema",
    "resellers searching the path": "a request sets the search path more often than once",
    "resellers path": "a request spends too long on entering its reseller's schema",
}


def measure(scale: Scale) -> Iterator[Figure]:
    count = scale.of(3, 200)
    size = f"{count} resellers"
    _make("warm")
    with peak() as memory:
        times = [seconds(lambda number=number: _make(f"r{number:03}")) for number in range(count)]  # type: ignore[misc]
        few = max(1, count // 20)
        first, last = statistics.median(times[:few]), statistics.median(times[-few:])
        yield Figure("resellers new", first, "s", "target", 0.15, "≤ 1", memory.mb, WHY["resellers new"], size=f"the first {few} of {count}")
        yield Figure("resellers last", last, "s", f"the first {few}", first, "≤ 1.3", memory.mb, WHY["resellers last"], size=f"the last {few} of {count}")
        name = "resellers upgrade with nothing to do"
        yield Figure(name, median(_upgrade), "s", "target", 1, "≤ 1", memory.mb, WHY[name], size=size)
    yield _additive([f"r{number:03}" for number in range(count)])
    yield from _request(size)


def _make(name: str) -> None:
    from billing_portal.tenancy.models import Reseller
    from customers.domain import resellers

    resellers.create(
        name,
        name=f"Reseller {name}",
        host=f"{name}.localhost",
        parent=Reseller.objects.get(schema_name="owner"),
        currency=ground.CURRENCY,
        time_zone=ground.ZONE,
        admin_email=f"admin@{name}.example",
        actor=ground.actor(),
        at=ground.MONTH,
    )


def _upgrade() -> None:
    from django.core.management import call_command

    call_command("migrate_schemas", interactive=False, verbosity=0)


def _additive(schemas: list[str]) -> Figure:
    """One table more in each schema by migration, against the same by plain SQL."""
    from django.db import connection

    with connection.cursor() as cursor:
        for schema in schemas:
            cursor.execute(f"DELETE FROM {schema}.django_migrations WHERE app = 'sessions'; DROP TABLE {schema}.django_session")
        plain = seconds(lambda: [cursor.execute(f"{ADDITIVE.format(schema)}; {INDEX.format(schema)}") for schema in schemas])
        for schema in schemas:
            cursor.execute(f"DROP TABLE {schema}.bench_added")
    name = "resellers additive upgrade"
    return Figure(name, seconds(_upgrade), "s", "the same by plain SQL, schema by schema", plain, "≤ 3", 0, WHY[name], size=f"{len(schemas)} resellers")


def _request(size: str) -> Iterator[Figure]:
    """What being one of many resellers costs a request: how often the search path is set, and how long that takes."""
    from django.db import connection
    from django.test import Client

    visitor = Client(headers={"host": "acme.localhost"})
    visitor.get("/sign-in/")
    spent: list[list[float]] = []

    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if str(sql).startswith("SET search_path"):
                spent[-1].append(time.perf_counter() - begin)

    for _ in range(20):
        spent.append([])
        with connection.execute_wrapper(watch):
            visitor.get("/sign-in/")
    connection.set_schema_to_public()
    often, name = statistics.median(len(each) for each in spent), "resellers searching the path"
    yield Figure(name, often, "statements a request", "target", 2, "≤ 1", 0, WHY[name], size=size)
    name = "resellers path"
    yield Figure(name, statistics.median(sum(each) for each in spent) * 1000, "ms a request", "target", 1, "≤ 1", 0, WHY[name], size=size)
