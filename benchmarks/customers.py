"""The customers of a large reseller: the list, its filters, the search and a customer's page, at ten times the size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, percentile

ENVIRONMENT = "test"  # its pages need no collected files
WHY = {
    "customers p95": "the list counts, sums or sorts all customers for one page of them",
    "customers growth": "the list counts, sums or sorts all customers for one page of them",
    "customers queries": "a page asks more when there are more customers",
}


def measure(*, tiny: bool) -> Iterator[Figure]:
    from django.db import connection

    from benchmarks import visiting
    from billing_portal.accounts.domain import users
    from billing_portal.accounts.models import Role

    few, many, repeats = (5, 20, 1) if tiny else (10_000, 100_000, 5)
    with ground.inside():
        users.create("bench", "Bench", "bench@acme.example", Role.ADMINISTRATOR, actor=ground.actor(), at=ground.MONTH)
        visitor = visiting.client(visiting.administrator(), "acme.localhost")
        plan = ground.plan("Standard", ground.prefixes(100))
        found = []
        for first, count in ((200_001, few), (200_001 + few, many - few)):
            ground.customers(count, plan, first)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            found.append(_look(visitor, 200_001 + count // 2, repeats))
    (_early, before, asked_before), (late, after, asked) = found
    limit = "a page of the sample world's target"
    yield Figure("customers p95", after, "ms", limit, 100, "≤ 1", late, WHY["customers p95"])
    yield Figure("customers growth", after, "ms", f"with {few:,} in the place of {many:,}", before, "", late, WHY["customers growth"])
    yield Figure("customers queries", asked, "queries", f"with {few:,} customers", asked_before, "≤ 1", 0, WHY["customers queries"])


def _look(visitor: Any, number: int, repeats: int) -> tuple[float, float, int]:
    """Peak memory in MB, the 95th percentile in ms, and the queries of all these pages together."""
    from benchmarks import visiting

    paths = ["/customers/", "/customers/?page=3", f"/customers/?q={number}", "/customers/?q=company", "/customers/?sort=-balance"]
    paths += [f"/search/?q=company+{number}", f"/customers/{number}/overview/"]
    Peak().reset()
    took = [seconds_ * 1000 for _path, seconds_ in visiting.times(visitor, paths, repeats)]
    return Peak().mb, percentile(took, 95), sum(visiting.queries(visitor, path) for path in paths)
