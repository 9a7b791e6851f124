"""Periods tile time, and each movement falls into exactly one of them, in every zone (reliability 28, 29)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_portal.kernel.period import Period, first_instant, zone_names
from customers.models import Customer, Kind
from invoicing.domain import gathering
from invoicing.domain.gathering import Gathered, Ledgers
from invoicing.queries.movements import Movement

HARD = ("Europe/London", "America/New_York", "America/Havana", "Africa/Cairo", "Australia/Lord_Howe", "Atlantic/Azores", "Pacific/Apia", "Asia/Kathmandu")
zones = st.sampled_from(HARD) | st.sampled_from(zone_names())
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001 - given its zone here
days = st.dates(date(2025, 1, 1), date(2029, 1, 1))


def movement(at: datetime, kind: str = Kind.USAGE) -> Movement:
    return Movement(uuid4(), UUID(int=1), kind, Decimal(1), at, at, "", "")


def gather(zone: str, since: date, untaken: list[Movement], as_of: date, billed: date | None = None) -> Gathered:
    customer = Customer(pk=UUID(int=1), name="Anna Ltd", time_zone=zone, billing_since=since)
    return gathering.gather(customer, Ledgers({customer.pk: untaken}, {customer.pk: billed} if billed else {}, {}), as_of)


@settings(max_examples=300, deadline=None)
@given(zones, days, st.lists(moments, max_size=20), days)
def test_each_movement_lies_in_the_one_period_that_holds_it(zone: str, since: date, at: list[datetime], as_of: date) -> None:
    untaken = [movement(each) for each in at]

    found = gather(zone, since, untaken, as_of)

    taken = [each.id for share in found.shares for each in share.movements]
    assert len(taken) == len(set(taken))
    for share in found.shares:
        start, end = share.period.window()
        assert all(start <= each.occurred_at < end for each in share.movements)
        assert share.period.end <= as_of
    left = {each.id for each in untaken} - set(taken)
    assert all(each.occurred_at >= first_instant(as_of.replace(day=1), zone) for each in untaken if each.id in left)


@settings(max_examples=200, deadline=None)
@given(zones, days, st.lists(moments, min_size=1, max_size=10), days)
def test_periods_follow_each_other_without_overlap(zone: str, since: date, at: list[datetime], as_of: date) -> None:
    periods = [share.period for share in gather(zone, since, [movement(each) for each in at], as_of).shares]

    assert all(one.end <= other.start for one, other in pairwise(periods))
    assert all(period.end.day == 1 and period.days <= 31 for period in periods)


@pytest.mark.parametrize(
    ("posted", "period"),
    [
        ("2026-11-01T00:00:00Z", Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/London")),
        ("2026-11-01T00:00:01Z", Period(date(2026, 11, 1), date(2026, 12, 1), "Europe/London")),
        ("2026-10-01T12:00:00Z", Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/London")),
    ],
)
def test_a_fee_posted_at_the_end_of_a_period_is_on_its_document_in_advance(posted: str, period: Period) -> None:
    fee = movement(datetime.fromisoformat(posted), Kind.FEE)
    assert [share.period for share in gather("Europe/London", date(2026, 10, 1), [fee], date(2027, 1, 1)).shares] == [period]


def test_a_fee_at_the_very_start_of_billing_stays_in_the_first_period() -> None:
    fee = movement(first_instant(date(2026, 10, 1), "Europe/London"), Kind.FEE)
    [share] = gather("Europe/London", date(2026, 10, 1), [fee], date(2027, 1, 1)).shares
    assert share.period.start == date(2026, 10, 1)


def test_after_an_invoice_the_next_period_begins_where_it_ended() -> None:
    late = movement(datetime(2026, 9, 5, tzinfo=UTC))
    [share] = gather("Europe/London", date(2026, 1, 1), [late], date(2026, 12, 1), billed=date(2026, 11, 1)).shares
    assert share.period == Period(date(2026, 11, 1), date(2026, 12, 1), "Europe/London")


@pytest.mark.parametrize(("as_of", "last"), [("2026-10-31", None), ("2026-11-01", "2026-10-15"), ("2026-11-30", "2026-10-15"), ("2026-12-01", "2026-11-01")])
def test_a_period_has_ended_when_the_date_has_come(as_of: str, last: str | None) -> None:
    found = gather("Europe/London", date(2026, 10, 15), [], date.fromisoformat(as_of))
    assert (str(found.last.start) if found.last else None) == last


def test_a_waiting_call_without_a_time_holds_back_everything() -> None:
    found = Gathered(Customer(time_zone="UTC"), blocked=[None])
    assert found.is_blocked(Period(date(2026, 10, 1), date(2026, 11, 1), "UTC"))
    later = Gathered(Customer(time_zone="UTC"), blocked=[datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=0)])
    assert not later.is_blocked(Period(date(2026, 10, 1), date(2026, 11, 1), "UTC"))
