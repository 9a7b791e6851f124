"""Levels of the tree that work at the same time: each locks its own rows only, so none waits for another in a ring (reliability 45)."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from customers.domain import customers, standing
from invoicing.domain import buying, climb, rerating
from invoicing.domain.rerating import Named
from invoicing.models import Call, CallBatch
from tests.support import tree
from tests.support.world import jane

pytestmark = [pytest.mark.rel(45), pytest.mark.django_db(transaction=True)]
PATIENCE = 30


def beside(schema: str, work: Callable[[], object], met: list[str]) -> threading.Thread:
    """A thread that does this work in a schema, on a connection of its own; what it waited for in vain is told."""

    def run() -> None:
        connection.set_tenant(Reseller.objects.get(schema_name=schema))
        try:
            work()
        except OperationalError as trouble:
            met.append(f"{schema}: {trouble}")
        finally:
            connection.close()

    thread = threading.Thread(target=run, name=schema)
    thread.start()
    return thread


def test_a_climb_and_rating_again_at_the_level_it_comes_to_do_not_wait_for_each_other_in_a_ring(
    acme: Any, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = tree.plant()
    tree.take([tree.call(three.anna, "old")], noon)
    tree.work()
    with schema_context("acme"):
        named = Named.of(Call.objects.all())
    tree.take([tree.call(three.anna, "new")], noon)
    batch = CallBatch.objects.latest("created_at")
    has_asked, is_about_to, asked = threading.Event(), threading.Event(), buying.of

    def of(rated: Any) -> Any:
        """Both are in the middle of their work, if they can be at once, when they ask what calls cost at the owner: one has asked, the other is about to."""
        if threading.current_thread().name == "acme":
            is_about_to.set()
            has_asked.wait(0.5)
            return asked(rated)
        found = asked(rated)
        has_asked.set()
        is_about_to.wait(0.5)
        return found

    monkeypatch.setattr(buying, "of", of)
    met: list[str] = []
    both = [
        beside("globex", lambda: climb.climb(batch.pk, at=noon), met),
        beside("acme", lambda: rerating.rate_again(named, uuid.uuid4(), actor=jane, at=noon), met),
    ]
    for each in both:
        each.join(PATIENCE)
    monkeypatch.undo()

    assert met == []
    with schema_context("acme"):
        assert Call.objects.count() == 2


def test_calls_are_posted_while_the_parent_holds_the_row_of_their_reseller(acme: Any, noon: datetime) -> None:
    three = tree.plant()
    held, done, met = threading.Event(), threading.Event(), list[str]()

    @transaction.atomic
    def hold() -> None:
        standing.lock(three.globex)
        held.set()
        done.wait(PATIENCE)

    other = beside("acme", hold, met)
    assert held.wait(PATIENCE)
    try:
        answers = tree.take([tree.call(three.anna)], noon)
    finally:
        done.set()
        other.join(PATIENCE)

    assert ([each.status for each in answers], met) == (["rated"], [])
    assert tree.work() == ["globex calls.climb", "acme calls.climb"]
    assert tree.differences() == []


def test_the_currency_a_reseller_buys_in_does_not_change_while_its_first_call_is_posted(acme: Any, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    three = tree.plant()
    asked, refused, others = buying.of, list[str](), list[threading.Thread]()

    def change() -> None:
        try:
            customers.change(three.globex, currency="EUR", actor=jane, at=noon)
        except DomainError as problem:
            refused.append(problem.code)

    def of(rated: Any) -> Any:
        """The call is priced in the old currency and not there yet: the change waits for it."""
        found = asked(rated)
        others.append(beside("acme", change, refused))
        others[0].join(0.3)
        assert others[0].is_alive()
        return found

    monkeypatch.setattr(buying, "of", of)
    [answer] = tree.take([tree.call(three.anna)], noon)
    others[0].join(PATIENCE)
    monkeypatch.undo()

    assert (answer.status, refused) == ("rated", ["currency_fixed"])
    assert tree.work() == ["globex calls.climb", "acme calls.climb"]
    assert tree.differences() == []


def test_a_call_that_comes_while_the_currency_changes_is_bought_in_the_new_one(acme: Any, noon: datetime) -> None:
    three = tree.plant()
    answers: list[Any] = []
    with schema_context("acme"), transaction.atomic():
        customers.change(three.globex, currency="EUR", actor=jane, at=noon)
        call = beside("globex", lambda: answers.extend(tree.take([tree.call(three.anna)], noon)), [])
        call.join(0.3)
        assert call.is_alive()
    call.join(PATIENCE)

    assert [each.status for each in answers] == ["rated"]
    assert tree.prices()["globex"] == [("0.61", "USD", None, "EUR")]  # it waits at Acme for an exchange rate
