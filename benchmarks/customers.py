"""The customers of a large reseller: the list, its search and order against those of Django's admin; a customer's page; at ten times the size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks import ground
from benchmarks.measuring import Figure, Peak, Scale, percentile, seconds

ENVIRONMENT = "test"  # its pages need no collected files
WHY = {
    "customers p95": "the list counts each of its chips and sums each currency, which admin's does not",
    "customers page p95": "the page asks for what grows with the number of customers",
    "customers growth": "the list counts, sums or sorts all customers for one page of them",
    "customers queries": "a page asks more when there are more customers",
}


def measure(scale: Scale) -> Iterator[Figure]:
    from django.db import connection

    from benchmarks import visiting
    from billing_portal.accounts.domain import users
    from billing_portal.accounts.models import Role

    few, many, repeats = scale.of((5, 20, 1), (10_000, 100_000, 5))
    size = f"{many:,} customers"
    with ground.inside():
        users.create("bench", "Bench", "bench@acme.example", Role.ADMINISTRATOR, actor=ground.actor(), at=ground.MONTH)
        visitor = visiting.client(visiting.administrator(), "acme.localhost")
        plan = ground.plan("Standard", ground.prefixes(100))
        found = []
        for first, count in ((200_001, few), (200_001 + few, many - few)):
            ground.customers(count, plan, first)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE customers_standing SET receivable = -round((random() * 1000)::numeric, 2) WHERE receivable = 0"
                )  # nobody's ledger: for its order
                cursor.execute("ANALYZE")
            found.append(_look(visitor, 200_001 + count // 2, repeats))
        admin = percentile(_admins(200_001 + many // 2, repeats), 95)
    (_early, before, _page_before, asked_before), (late, after, page, asked) = found
    yield Figure("customers p95", after, "ms", "the same lists by Django's admin, not drawn", admin, "≤ 1", late, WHY["customers p95"], size=size)
    yield Figure("customers growth", after, "ms", f"with {few:,} customers", before, "", late, WHY["customers growth"], size=size)
    yield Figure("customers page p95", page, "ms", "a page of the sample world's target", 100, "≤ 1", late, WHY["customers page p95"], size=size)
    yield Figure("customers queries", asked, "queries", f"with {few:,} customers", asked_before, "≤ 1", 0, WHY["customers queries"], size=size)


def _look(visitor: Any, number: int, repeats: int) -> tuple[float, float, float, int]:
    """Peak memory in MB, the 95th percentiles in ms of lists and of a customer's page, and the queries of all these pages together."""
    from benchmarks import visiting

    lists = ["/customers/", "/customers/?page=3", f"/customers/?q={number}", "/customers/?q=company", "/customers/?sort=-balance"]
    pages = [f"/search/?q=company+{number}", f"/customers/{number}/overview/"]
    Peak().reset()
    of_lists, of_pages = ([took * 1000 for _path, took in visiting.times(visitor, paths, repeats)] for paths in (lists, pages))
    asked = sum(visiting.queries(visitor, path) for path in lists + pages)
    return Peak().mb, percentile(of_lists, 95), percentile(of_pages, 95), asked


def _admins(number: int, repeats: int) -> list[float]:
    """The peer: how many ms Django's admin takes to find the rows of the same lists, before it draws anything."""
    look = _admin()
    times = []
    for asked in ("", "?p=3", f"?q={number}", "?q=company", "?o=-3"):
        look(asked)
        times += [seconds(lambda asked=asked: look(asked)) * 1000 for _ in range(repeats)]  # type: ignore[misc]
    return times


def _admin() -> Callable[[str], None]:
    """A list of customers of Django's admin with the same columns, searched in the same fields."""
    from django.contrib.admin import AdminSite, ModelAdmin, display
    from django.http import HttpRequest
    from django.test import RequestFactory

    from customers import queries
    from customers.models import Customer

    class Customers(ModelAdmin):  # type: ignore[type-arg]
        list_display = ("name", "account_number", "balance", "status")
        list_select_related = ("standing",)
        list_per_page = 25
        search_fields = ("name", "account_number__startswith", "switch_account_code", "billing_email", "tax_reference")
        actions = None

        def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
            return True

        @display(ordering=queries.BALANCE)
        def balance(self, customer: Customer) -> Any:
            return customer.standing.balance

    admin = Customers(Customer, AdminSite())

    def look(asked: str) -> None:
        for customer in admin.get_changelist_instance(RequestFactory().get(f"/{asked}")).result_list:
            admin.balance(customer)

    return look
