"""Locks are rows with reasons; each is lifted by its own cause (semantics 30, E13)."""

from datetime import datetime
from typing import Any

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from customers.domain import locks, people
from customers.models import Customer, Lock, Standing
from tests.support import world
from tests.support.people import client
from tests.support.second_factors import is_signed_in
from tests.support.world import jane

pytestmark = pytest.mark.django_db
ADMIN, DAILY = Lock.Reason.ADMIN, Lock.Reason.DAILY_LIMIT
CALLS, WEB = Lock.Scope.CALLS, Lock.Scope.WEB


def state(of: Customer) -> tuple[bool, bool]:
    """Whether calls and sign-in are locked."""
    row = Standing.objects.get(customer=of)
    return row.calls_locked, row.web_locked


def test_calls_and_sign_in_are_locked_apart(acme: Any, noon: datetime) -> None:
    anna = world.customer()
    locks.set(anna, ADMIN, CALLS, actor=jane, at=noon)
    assert state(anna) == (True, False)
    locks.set(anna, ADMIN, WEB, actor=jane, at=noon)
    assert state(anna) == (True, True)
    locks.lift(anna, ADMIN, CALLS, actor=jane, at=noon)
    assert state(anna) == (False, True)


def test_a_lock_is_lifted_only_by_its_own_cause(acme: Any, noon: datetime) -> None:
    anna = world.customer()
    locks.set(anna, ADMIN, CALLS, actor=jane, at=noon)
    locks.set(anna, DAILY, CALLS, actor=jane, at=noon)
    locks.lift(anna, DAILY, CALLS, actor=jane, at=noon)
    assert state(anna) == (True, False)
    locks.lift(anna, ADMIN, CALLS, actor=jane, at=noon)
    assert state(anna) == (False, False)


def test_only_staff_can_lock_the_sign_in(acme: Any, noon: datetime) -> None:
    with pytest.raises(DomainError) as refused:
        locks.set(world.customer(), DAILY, WEB, actor=jane, at=noon)
    assert refused.value.code == "only_staff_lock_the_web"


def test_the_same_lock_twice_is_one(acme: Any, noon: datetime) -> None:
    anna = world.customer()
    first = locks.set(anna, ADMIN, CALLS, note="unpaid", actor=jane, at=noon)
    assert locks.set(anna, ADMIN, CALLS, actor=jane, at=noon) == first
    assert Lock.objects.count() == 1


def test_lifting_what_is_not_locked_does_nothing(acme: Any, noon: datetime) -> None:
    assert locks.lift(world.customer(), ADMIN, CALLS, actor=jane, at=noon) is None
    assert not AuditEntry.objects.exists()


def test_the_audit_trail_says_what_was_locked_and_by_whom(acme: Any, noon: datetime) -> None:
    anna = world.customer()
    locks.set(anna, ADMIN, CALLS, note="fraud?", actor=jane, at=noon)
    locks.lift(anna, ADMIN, CALLS, actor=jane, at=noon)
    told = [(each.action, each.actor_name, each.changes, each.note) for each in AuditEntry.objects.order_by("created_at")]
    assert told == [
        ("customer.locked", "Jane Whitfield", {"lock": ["", "Calls: Locked by staff"]}, "fraud?"),
        ("customer.unlocked", "Jane Whitfield", {"lock": ["Calls: Locked by staff", ""]}, ""),
    ]


@pytest.mark.rel(78)
def test_sessions_end_with_the_lock_of_the_sign_in_and_do_not_come_back_with_its_end(acme: Any, noon: datetime) -> None:
    anna, bob = world.customer(), world.customer("Bob Ltd")
    annas, bobs = (client(people.add_primary(customer, actor=jane, at=noon).user) for customer in (anna, bob))
    locks.set(anna, ADMIN, WEB, actor=jane, at=noon)
    locks.lift(anna, ADMIN, WEB, actor=jane, at=noon)

    assert (is_signed_in(annas), is_signed_in(bobs)) == (False, True)


def test_a_lock_of_calls_ends_no_session(acme: Any, noon: datetime) -> None:
    anna = world.customer()
    annas = client(people.add_primary(anna, actor=jane, at=noon).user)
    locks.set(anna, ADMIN, CALLS, actor=jane, at=noon)

    assert is_signed_in(annas)
