"""What calls may cost in a day: reaching it locks until the next local midnight, or until the limit is raised (semantics 31, E14)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from billing_portal.jobs.models import Job
from billing_portal.kernel.period import local_date
from customers.domain import customers, daily_limit, locks, spending, standing
from customers.domain.spending import Seen
from customers.models import Customer, Lock, Standing
from tests.support import world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
D = Decimal


def limited(limit: str | None, zone: str = "Europe/London", at: datetime = datetime(2026, 3, 1, tzinfo=UTC)) -> Customer:
    return customers.change(world.customer(time_zone=zone), daily_limit=None if limit is None else D(limit), actor=jane, at=at)


def spend(of: Customer, price: str, at: datetime) -> None:
    with transaction.atomic():
        standing.lock(of)
        spending.note([Seen(of.pk, at, local_date(at, of.time_zone), D(price))], at=at)


def locked(of: Customer) -> bool:
    return Standing.objects.get(customer=of).calls_locked


def midnight(customer_id: UUID, at: datetime) -> None:
    """What the job of the next midnight does."""
    daily_limit.review([customer_id], at=at)


@pytest.mark.rel(16)
def test_reaching_the_limit_locks_calls(acme: Any, noon: datetime) -> None:
    anna = limited("20.00")
    spend(anna, "19.9999", noon)
    assert not locked(anna)
    spend(anna, "0.0001", noon)
    assert locked(anna)
    lock = Lock.objects.get()
    assert (lock.reason, lock.scope, lock.set_by, lock.until) == ("daily_limit", "calls", "Daily limit", datetime(2026, 11, 22, tzinfo=UTC))
    assert Standing.objects.get(customer=anna).calls_locked_until == lock.until


def test_no_limit_never_locks(acme: Any, noon: datetime) -> None:
    anna = limited(None)
    spend(anna, "1000.00", noon)
    assert not locked(anna)


@pytest.mark.rel(16)
@pytest.mark.parametrize(
    ("zone", "at", "until"),
    [
        ("Europe/London", "2026-03-29T00:30:00Z", "2026-03-29T23:00:00Z"),
        ("Europe/London", "2026-10-25T00:30:00Z", "2026-10-26T00:00:00Z"),
        ("Africa/Cairo", "2026-04-23T12:00:00Z", "2026-04-23T22:00:00Z"),
        ("America/Havana", "2026-10-31T12:00:00Z", "2026-11-01T04:00:00Z"),
        ("Asia/Kathmandu", "2026-11-21T12:00:00Z", "2026-11-21T18:15:00Z"),
    ],
)
def test_it_lasts_until_the_first_instant_of_the_next_local_date(acme: Any, zone: str, at: str, until: str) -> None:
    anna, ends = limited("5.00", zone), datetime.fromisoformat(until)
    spend(anna, "5.00", datetime.fromisoformat(at))
    job = Job.objects.get(kind="daily_limit.over")
    assert (Lock.objects.get().until, job.due_at) == (ends, ends)
    midnight(anna.pk, ends - timedelta(seconds=1))
    assert locked(anna)
    midnight(anna.pk, ends)
    assert not locked(anna)


def test_midnight_cannot_lift_what_staff_locked(acme: Any, noon: datetime) -> None:
    anna = limited("5.00")
    spend(anna, "5.00", noon)
    locks.set(anna, Lock.Reason.ADMIN, Lock.Scope.CALLS, actor=jane, at=noon)
    midnight(anna.pk, noon + timedelta(days=1))
    assert locked(anna)
    assert list(Lock.objects.filter(lifted_at=None).values_list("reason", flat=True)) == ["admin"]


def test_raising_the_limit_above_what_was_spent_lifts_at_once(acme: Any, noon: datetime) -> None:
    anna = limited("5.00")
    spend(anna, "6.00", noon)
    customers.change(anna, daily_limit=D("6.00"), actor=jane, at=noon)
    assert locked(anna)
    customers.change(anna, daily_limit=D("6.01"), actor=jane, at=noon)
    assert not locked(anna)


def test_taking_the_limit_away_lifts_too_and_lowering_it_locks(acme: Any, noon: datetime) -> None:
    anna = limited("5.00")
    spend(anna, "3.00", noon)
    customers.change(anna, daily_limit=D("3.00"), actor=jane, at=noon)
    assert locked(anna)
    customers.change(anna, daily_limit=None, actor=jane, at=noon)
    assert not locked(anna)


def test_yesterdays_spending_does_not_count_today(acme: Any, noon: datetime) -> None:
    anna = limited("5.00")
    spend(anna, "4.00", noon - timedelta(days=1))
    spend(anna, "4.00", noon)
    assert not locked(anna)


def test_a_new_day_is_locked_anew_with_its_own_end(acme: Any, noon: datetime) -> None:
    anna = limited("5.00")
    spend(anna, "5.00", noon)
    tomorrow = noon + timedelta(days=1)
    spend(anna, "5.00", tomorrow)
    assert Lock.objects.get(lifted_at=None).until == datetime(2026, 11, 23, tzinfo=UTC)
    midnight(anna.pk, datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    assert locked(anna)
