"""Three levels, each with plans and currencies of its own: Globex (USD) buys from Acme (GBP), Acme from the owner (EUR)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django_tenants.utils import schema_context, tenant_context

from billing_portal.accounts.models import Switch
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import Reseller
from customers.models import Customer, Standing
from invoicing.domain import calls, ledger_check
from invoicing.domain.answers import Answer
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallBatch
from tests.support import world
from tests.support.world import jane

LEVELS = ("globex", "acme", "owner")
NINE = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
LONDON, PARIS = "442079460123", "33155550100"
OWNER_PRICE = Decimal("0.305")  # 61 seconds to London at the top
RATES = {"44": ("United Kingdom", "0.60"), "33": ("France", "1.20")}


@dataclass
class Tree:
    """The customer at the bottom, and the rows that Globex and Acme are at their parents."""

    anna: Customer
    globex: Customer
    acme: Customer


def plant(*, rates: Any = RATES, at_acme: Any = None, at_owner: Any = None) -> Tree:
    """0.60 a minute to the United Kingdom at the bottom, 0.40 at Acme, 0.30 at the owner, unless told otherwise; stands in Globex's schema."""
    acme_rates = {"44": ("United Kingdom", "0.40"), "33": ("France", "0.80")} if at_acme is None else at_acme
    owner_rates = {"44": ("United Kingdom", "0.30"), "33": ("France", "0.60")} if at_owner is None else at_owner
    connection.set_schema_to_public()
    Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))
    with schema_context("owner"):
        acme = _row("Acme", "acme", world.plan("Wholesale", "EUR", owner_rates), currency="EUR", time_zone="UTC")
    with schema_context("acme"):
        globex = _row("Globex", "globex", world.plan("Wholesale", "GBP", acme_rates), currency="GBP")
    connection.set_tenant(Reseller.objects.get(schema_name="globex"))
    anna = world.customer("Anna Ltd", on=world.plan("Retail", "USD", rates), currency="USD", time_zone="America/New_York")
    return Tree(anna, globex, acme)


def _row(name: str, schema: str, plan: Any, **given: Any) -> Customer:
    return world.customer(name, on=plan, kind=Customer.CustomerKind.RESELLER, reseller_schema=schema, **given)


def call(of: Customer, call_id: str = "c1", **given: Any) -> CallRecord:
    """A call of 61 seconds to London, answered on 3 October 2026 at 9:00 UTC."""
    at = given.pop("at", NINE)
    fields: dict[str, Any] = {"account": of.account_number, "to": LONDON, "setup_at": at, "answered_at": at, "seconds": 61} | given
    return CallRecord(call_id=call_id, **fields)


def take(records: Iterable[CallRecord], at: datetime) -> list[Answer]:
    """The records as the bottom's switch sends them."""
    switch = Switch.objects.get_or_create(name="default")[0]
    return calls.ingest(list(records), switch=switch, source=CallBatch.Source.API, actor=jane, at=at)


def work() -> list[str]:
    """Do what is owed at every level, until nothing is; answers with level and kind, in order."""
    done: list[str] = []
    while True:
        before = len(done)
        for level in LEVELS:
            with schema_context(level):
                done += [f"{level} {kind}" for kind in _work_here()]
        if len(done) == before:
            return done


def _work_here() -> list[str]:
    done = []
    while job := running.due().filter(kind__startswith="calls.").first():
        running.run(job.pk)
        job.refresh_from_db()
        assert job.state == Job.State.DONE, job.error
        done.append(job.kind)
    return done


def prices() -> dict[str, list[tuple[str, str, str | None, str]]]:
    """At each level: price and currency, buy price and currency of its calls, in the order of their times and prices."""
    found = {}
    for level in LEVELS:
        with schema_context(level):
            rows = Call.objects.order_by("at", "price").values_list("price", "currency", "buy_price", "buy_currency")
            found[level] = [(short(price), currency, None if cost is None else short(cost), bought_in) for price, currency, cost, bought_in in rows]
    return found


def balances() -> dict[str, list[tuple[str, str, str]]]:
    """At each level its customers with what they have or owe."""
    found = {}
    for level in LEVELS:
        with schema_context(level):
            rows = Standing.objects.select_related("customer").order_by("customer__name")
            found[level] = [(row.customer.name, short(row.balance), row.customer.currency) for row in rows]
    return found


def short(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def differences() -> list[str]:
    """What the check of the ledger finds at any level."""
    found: list[str] = []
    for level in LEVELS:
        with tenant_context(Reseller.objects.get(schema_name=level)):
            found += [f"{level}: {difference}" for difference in ledger_check.check().differences]
    return found
