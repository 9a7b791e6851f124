"""The server's clock goes back two hours, or on a day, between any two steps: nothing is billed twice, nothing is left out, and all is as with a clock that
is right (reliability 31)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from billing_portal.accounts.models import Switch
from billing_portal.kernel.period import local_date
from customers.models import Customer, Standing, Transfer
from invoicing.domain import calls as ingest
from invoicing.domain import invoices, runs
from invoicing.domain.records import CallRecord
from invoicing.models import Call, CallBatch, Document, Taken
from tests import sizes
from tests.faults import outcome, story
from tests.faults.outcome import Outcome
from tests.support import world
from tests.support.jobs import run_jobs
from tests.support.world import jane

pytestmark = [pytest.mark.rel(31), pytest.mark.django_db]
MIDNIGHT = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)  # half an hour into November in London: two hours earlier it is October
JUMPS = {"back two hours": timedelta(hours=-2), "on a day": timedelta(days=1), "back a day": timedelta(days=-1), "on two hours": timedelta(hours=2)}
ORDERS = [list(order) for order in permutations(JUMPS)][: sizes.size(1, 24)]


@pytest.fixture
def customers(acme: Any) -> list[Customer]:
    plan = world.plan()
    return [world.customer(f"{name} Ltd", on=plan, taxes=(), daily_limit="500.00") for name in ("Anna", "Bob", "Cleo")]


def call_now(customers: list[Customer], number: int) -> None:
    """Each customer speaks a minute that ended just now, by the clock of the switch, which is right."""
    ended = MIDNIGHT - timedelta(hours=3) + timedelta(minutes=10 * number)
    records = [CallRecord(f"{number}-{each.name}", "442079460123", ended, account=each.account_number, answered_at=ended, seconds=60) for each in customers]
    switch = Switch.objects.get_or_create(name="default")[0]
    for _delivery in range(2):
        told = ingest.ingest(records, switch=switch, source=CallBatch.Source.API, actor=jane, at=timezone.now())
        assert {answer.status for answer in told} <= {"rated", "repeated"}


def run_now(number: int) -> None:
    """A run for today, by the server's clock, if there is anything to invoice."""
    today = local_date(timezone.now(), "Europe/London")
    if invoices.preview(today).drafts:
        runs.start(today, key=f"run-{number}", actor=jane, at=timezone.now())
    run_jobs("invoices.issue")


def tell(customers: list[Customer], clocks: list[datetime]) -> None:
    """At each of these times of the server's clock they call and somebody invoices; and twice a month later."""
    for number, clock in enumerate(clocks):
        with time_machine.travel(clock):
            call_now(customers, number)
            run_now(number)
    with time_machine.travel(datetime(2026, 12, 1, 9, tzinfo=UTC)):
        for number in (len(clocks), len(clocks) + 1):
            run_now(number)


def billed(found: Outcome) -> tuple[Counter[Any], Counter[Any]]:
    """The periods of each customer that were invoiced, and for how much together: which of two invoices a call is on depends on when the first was made."""
    sums: Counter[Any] = Counter()
    for each in found.documents:
        for figure in ("net", "tax", "total"):
            sums[each.customer, figure] += getattr(each, figure)
    return Counter((each.level, each.kind, each.customer, each.start, each.end) for each in found.documents), sums


@pytest.mark.parametrize("order", ORDERS, ids=" then ".join)
def test_whichever_way_the_clock_goes(customers: list[Customer], order: list[str]) -> None:
    undisturbed = story.rolled_back(lambda: tell(customers, [MIDNIGHT for _jump in order]))

    tell(customers, [MIDNIGHT + JUMPS[jump] for jump in order])

    assert outcome.unlike(undisturbed, but=["documents"]) == []
    assert billed(outcome.outcome()) == billed(undisturbed)
    assert Call.objects.count() == 3 * len(order)
    usage = Transfer.objects.filter(kind="usage")
    assert Taken.objects.filter(transfer__in=usage).count() == usage.count()
    for each in customers:
        periods = sorted(Document.objects.filter(customer=each).values_list("period_start", "period_end"))
        assert Counter(periods).most_common(1)[0][1] == 1
        assert all(first[1] <= then[0] for first, then in pairwise(periods))
        assert sum(document.net for document in Document.objects.filter(customer=each)) == -Standing.objects.get(customer=each).balance
    assert sorted(Document.objects.values_list("sequence", flat=True)) == list(range(1, Document.objects.count() + 1))
