"""What waits is added up by the database as one by one: the same lines, words, taxes, calls and reasons, whatever waits, and never a row per call."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.tenancy.models import new_id
from customers.domain import ledger
from customers.domain.ledger import Posting
from customers.models import Customer, CustomerTax, Kind, Transfer
from invoicing.domain import invoices, rerating
from invoicing.domain.rerating import Named
from invoicing.models import Call
from invoicing.queries import sums
from rateplans.domain import decks
from rateplans.models import StoredRate
from tests.sizes import size
from tests.support import months, world
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db
MANY = size(1_000, 60_000)
ZONES = ("Europe/London", "America/Havana", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo")  # two left out midnights, one a day
_keys = count(1)

# Around the ends of months and where clocks change, to the second.
ends = st.sampled_from([datetime(year, month, 1, tzinfo=UTC) for year in (2011, 2018, 2026) for month in (1, 4, 10, 11, 12)])
moments = st.builds(lambda end, seconds: end + timedelta(seconds=seconds), ends, st.integers(-15 * 3600, 15 * 3600))
amounts = st.integers(-(10**7), 10**7).filter(bool).map(lambda millionths: D(millionths).scaleb(-6))
kinds = st.sampled_from([Kind.USAGE, Kind.USAGE, Kind.USAGE, Kind.ADJUSTMENT])


def post(of: Customer, moves: Sequence[tuple[Kind, datetime, Decimal]]) -> list[Transfer]:
    """These movements, and behind each of calls an answered call."""
    at = datetime(2027, 1, 1, tzinfo=UTC)
    posted = ledger.post_many([Posting(kind, of, amount, f"sums:{next(_keys)}", when, note="By hand") for kind, when, amount in moves], at=at, actor=jane)
    shared: dict[str, Any] = {"customer_id": of.pk, "number": "442079460123", "seconds": 61, "billed_seconds": 61, "currency": of.currency}
    used = [transfer for transfer in posted if transfer.kind == Kind.USAGE]
    moved = {"batch_id": uuid4(), "destination": "Spain"} | shared
    Call.objects.bulk_create(
        [
            Call(at=each.occurred_at, answered_at=each.occurred_at, setup_at=each.occurred_at, key_id=uuid4(), transfer_id=each.pk, price=1, **moved)
            for each in used
        ]
    )
    return posted


@pytest.mark.rel(59)
@settings(max_examples=size(10, 300), deadline=None)
@given(st.sampled_from(ZONES), st.lists(st.tuples(kinds, moments, amounts), max_size=12))
def test_the_figures_are_those_of_adding_up_one_by_one(zone: str, moves: list[tuple[Kind, datetime, Decimal]]) -> None:
    one = world.customer(time_zone=zone, since=date(2018, 10, 15))
    post(one, moves)

    for as_of in (date(2018, 11, 1), date(2018, 11, 30), date(2027, 1, 1)):
        months.same_by_sums([one.pk], as_of)


@pytest.mark.rel(59)
def test_of_calls_that_came_in_singly_one_row_is_read_for_each_month() -> None:
    anna = world.customer("Anna Ltd", taxes=(world.vat("20"),))
    begin = months.local("2026-10-01 00:00")
    post(anna, [(Kind.USAGE, begin + timedelta(days=61) * number / MANY, D("0.013001")) for number in range(MANY)])
    months.moved(Kind.CHARGE, anna, "5.00", "2026-10-04 09:00", note="SIM card")
    instances: list[Transfer] = []
    post_init.connect(note := lambda instance, **_signal: instances.append(instance), sender=Transfer)
    try:
        with CaptureQueriesContext(connection) as asked:
            [october, november] = invoices.preview(date(2026, 12, 1)).drafts
            [waits] = sums.of([anna.pk], date(2026, 12, 1)).untaken.values()
    finally:
        post_init.disconnect(note, sender=Transfer)

    assert [each.kind for each in waits] == [Kind.USAGE, Kind.CHARGE, Kind.USAGE]
    assert instances == []
    assert max(len(query["sql"]) for query in asked) < 5_000  # no query carries the keys of movements
    assert october.calls + november.calls == MANY
    assert october.moved + november.moved == MANY * D("0.013001") + 5
    months.same_by_sums([anna.pk], date(2026, 12, 1))


@pytest.mark.rel(59)
def test_calls_rated_again_are_one_row_for_each_line_that_they_stand_on(first: datetime, noon: datetime) -> None:
    anna = world.customer("Anna Ltd", on=world.plan(), taxes=(world.vat("20"),))
    months.dialled(anna, "2026-10-03 09:00", "442079460123", seconds=6000, times=5)
    months.issue("2026-11-01", first)
    CustomerTax.objects.all().delete()
    CustomerTax.objects.create(customer=anna, tax=world.vat("5"))
    months.dialled(anna, "2026-11-03 09:00", "442079460123", seconds=60, times=4)
    StoredRate.objects.update(per_minute=D("0.09"))
    decks._decks.clear()
    rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=noon)

    [waits] = sums.of([anna.pk], date(2026, 12, 1)).untaken.values()

    assert [(each.about_kind, each.amount) for each in waits] == [("call", D("15.00")), ("", D("0.24")), ("call", D("0.12"))]
    [draft] = invoices.preview(date(2026, 12, 1)).drafts
    assert [(tax.tax.name, months.money(tax.base), months.money(tax.amount)) for tax in draft.taxes] == [
        ("VAT 20", "15.00", "3.00"),
        ("VAT 5", "0.36", "0.02"),
    ]
    months.same_by_sums([anna.pk], date(2026, 12, 1))
