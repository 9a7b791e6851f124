"""Whatever is done to a customer's money, in whatever order, and killed in between: after each step the books are exact (semantics 6, reliability 2, 20)."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from itertools import count
from random import SystemRandom
from typing import Any, ClassVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from uuid_utils.compat import uuid7

from billing_portal.kernel.money import divide_half_up
from billing_portal.tenancy.models import records
from invoicing.domain.entries import Entry, Scope
from invoicing.domain.settlements import Way
from tests import sizes
from tests.support import killing
from tests.support.books import Books, Story

STEPS = int(os.environ.get("PORTAL_TORTURE_STEPS") or sizes.size(10_000, 100_000))
SEED = int(os.environ.get("PORTAL_TORTURE_SEED") or SystemRandom().randrange(2**32))
STEPS_OF_AN_EXAMPLE = 100
EXAMPLES_BETWEEN_CHECKS = 25

often = precondition(lambda self: self.steps % 3 == 0)  # what costs many queries is offered at every third step, what costs most at every seventh
billed = precondition(lambda self: self.steps % 3 == 0 and any(known.documents for known in self.story.whose))
seldom = precondition(lambda self: self.steps % 7 == 0)

who = st.integers(0, 1)
amounts = st.integers(1, 20_000).map(lambda pence: Decimal(pence).scaleb(-2))
numbers = st.integers(0, 1_000)
seconds = st.integers(0, 4_000)
STEPS_TO_DIE_AT = (
    "after customers.domain.standing.move",
    "after customers.domain.ledger.post_many",
    "after customers.domain.low_balance.watch",
    "after billing_portal.jobs.outbox.add",
    "before billing_portal.accounts.domain.audit.record",
    "after invoicing.domain.matching.settle_many",
    "after invoicing.domain.numbering.take",
    "after invoicing.domain.call_rows.copy",
)
ANSWERS = ("take back", "credit some", "credit all", "write off", "rate again", "issue", "pay", "debt", "win", "change type")
VERBS_TO_DIE_IN = ("call", "pay", "issue", "enter", "charge back", "credit", "settle", "change type")


@contextmanager
def keys_by_the_clock_of(story: Story) -> Iterator[None]:
    """Keys of rows in time order follow the story's clock, back and ahead, as they follow a server's."""
    made = count()

    def by_its_clock() -> UUID:
        at = story.now + timedelta(milliseconds=next(made))
        return uuid7(nanoseconds=int(at.timestamp() * 1_000) * 1_000_000)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(records, "uuid7", by_its_clock)
        yield


class BooksMachine(RuleBasedStateMachine):
    """A story told by chance; `books` is shared by all of them, so that each is told beside what the others left."""

    books: ClassVar[Books]

    def __init__(self) -> None:
        super().__init__()
        self.all_of_it = transaction.atomic()
        self.all_of_it.__enter__()
        connection.check_constraints()  # from here on, deferred ones are checked at once
        self.story = Story(self.books)
        self.keys = keys_by_the_clock_of(self.story)
        self.keys.__enter__()
        self.steps = 0

    @invariant()
    def the_books_are_exact(self) -> None:
        self.steps += 1
        self.story.check()

    @often
    @rule(who=who, seconds=seconds, ago=st.integers(0, 40 * 24))
    def call(self, who: int, seconds: int, ago: int) -> None:
        self.story.call(who, self.story.record(who, seconds, timedelta(hours=ago)))

    @precondition(lambda self: self.steps % 7 == 0 and self.story.sent)
    @rule(number=numbers)
    def call_again(self, number: int) -> None:
        self.story.send_again(self.story.sent[number % len(self.story.sent)])

    @seldom
    @rule(who=who, seconds=seconds)
    def call_rated_later(self, who: int, seconds: int) -> None:
        self.story.wait_and_rate_again(who, seconds)

    @often
    @rule(who=who, amount=amounts)
    def payment(self, who: int, amount: Decimal) -> None:
        self.story.pay(who, amount, self.story.key())

    @seldom
    @rule(who=who, number=numbers)
    def payment_again(self, who: int, number: int) -> None:
        self.story.pay_again(who, number)

    @often
    @rule(who=who, amount=amounts)
    def fee(self, who: int, amount: Decimal) -> None:
        self.story.fee(who, amount)

    @often
    @rule(who=who, amount=amounts, entry=st.sampled_from(Entry), scope=st.sampled_from(Scope))
    def entry(self, who: int, amount: Decimal, entry: Entry, scope: Scope) -> None:
        self.story.enter(who, entry, scope, amount)

    @often
    @rule(who=who, number=numbers, amount=amounts)
    def refund(self, who: int, number: int, amount: Decimal) -> None:
        self.story.give_back(who, number, amount, is_refund=True)

    @often
    @rule(who=who, number=numbers, amount=amounts)
    def chargeback(self, who: int, number: int, amount: Decimal) -> None:
        self.story.give_back(who, number, amount, is_refund=False)

    @often
    @rule(who=who, way=st.sampled_from(Way), amount=amounts)
    def settlement(self, who: int, way: Way, amount: Decimal) -> None:
        self.story.settle(who, way, amount)

    @seldom
    @rule(who=who)
    def type_change(self, who: int) -> None:
        self.story.change_type(who)

    @seldom
    @rule(who=who)
    def debt_of_a_wallet(self, who: int) -> None:
        self.story.bill_debt(who)

    @seldom
    @rule(who=who)
    def given_back_in_vain(self, who: int) -> None:
        self.story.win(who)

    @often
    @rule(who=who, number=numbers)
    def reversal(self, who: int, number: int) -> None:
        self.story.take_back_of_late(who, number)

    @seldom
    @rule(who=who, amount=amounts)
    def limit_change(self, who: int, amount: Decimal) -> None:
        self.story.limit(who, amount)

    @seldom
    @rule(who=who, plan=st.sampled_from(["Cheap", "Dear"]))
    def plan_change(self, who: int, plan: str) -> None:
        self.story.change_plan(who, plan)

    @seldom
    @rule(who=who, plan=st.sampled_from(["Cheap", "Dear"]))
    def call_rated_again(self, who: int, plan: str) -> None:
        self.story.correct_plan(who, plan)

    @often
    @rule(who=who)
    def issue(self, who: int) -> None:
        self.story.issue(who)

    @billed
    @rule(who=who, number=numbers, picks=st.integers(0, 255))
    def credit_note(self, who: int, number: int, picks: int) -> None:
        self.story.credit(who, number, picks)

    @billed
    @rule(who=who, number=numbers, amount=amounts)
    def write_off(self, who: int, number: int, amount: Decimal) -> None:
        self.story.write_off(who, number, amount)

    @often
    @rule(who=who, amount=amounts, answers=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=6), number=numbers, plan=st.sampled_from(["Cheap", "Dear"]))
    def answers_to_an_invoice(self, who: int, amount: Decimal, answers: list[str], number: int, plan: str) -> None:
        """By chance alone an invoice is seldom answered twice: a charge, a fee and a call are billed, and answered in many ways one after another."""
        story = self.story
        who = next((each for each in (who, 1 - who) if not story.whose[each].is_prepaid), who)
        story.fee(who, divide_half_up(amount, 7, 6) + 1)
        story.enter(who, Entry.CHARGE, Scope.CHARGE, amount)
        story.call(who, story.record(who, 60 + number, timedelta(hours=number % 48)))
        story.now += timedelta(days=1)
        story.issue(who)
        self.answer(who, amount, answers, number, plan)

    def answer(self, who: int, amount: Decimal, answers: list[str], number: int, plan: str) -> None:
        """What was billed last is answered in these ways, one after another."""
        story = self.story
        ways: dict[str, Callable[[], object]] = {
            "take back": lambda: story.take_back_of_late(who, number % 3),
            "credit some": lambda: story.credit(who, -1, 1 + number % 255),
            "credit all": lambda: story.credit(who, -1, 0),
            "write off": lambda: story.write_off(who, -1 - number % 2, divide_half_up(amount, 3, 2) + 1),
            "rate again": lambda: story.correct_plan(who, plan),
            "issue": lambda: story.issue(who),
            "pay": lambda: story.pay(who, amount, story.key()),
            "debt": lambda: story.bill_debt(who),
            "win": lambda: story.win(who),
            "change type": lambda: story.change_type(who),
        }
        for answer in answers:
            ways[answer]()
            story.check()

    @seldom
    @rule(who=who, amount=amounts, answers=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=5), number=numbers, plan=st.sampled_from(["Cheap", "Dear"]))
    def answers_to_a_debt(self, who: int, amount: Decimal, answers: list[str], number: int, plan: str) -> None:
        """The same of what a wallet spent beyond what it had: a charge and a call that its billed debt stands for."""
        story = self.story
        who = next((each for each in (who, 1 - who) if story.whose[each].is_prepaid), who)
        story.pay(who, amount, story.key())
        story.enter(who, Entry.CHARGE, Scope.CHARGE, divide_half_up(amount, 2, 2) + 1)
        story.call(who, story.record(who, 60 + 20 * number, timedelta(hours=number % 48)))
        if number % 3 == 0:
            story.give_back(who, -1, amount, is_refund=False)
        story.bill_debt(who)
        if number % 2:
            story.now += timedelta(days=1)
            story.issue(who)
        self.answer(who, amount, answers, number, plan)

    @seldom
    @rule()
    def climb(self) -> None:
        self.story.climb()

    @rule(minutes=st.integers(1, 600))
    def minutes_pass(self, minutes: int) -> None:
        self.story.now += timedelta(minutes=minutes)

    @rule(hours=st.integers(-30, 40 * 24))
    def clock_step(self, hours: int) -> None:
        self.story.now += timedelta(hours=hours)

    @seldom
    @rule(data=st.data(), who=who, step=st.sampled_from(STEPS_TO_DIE_AT), verb=st.sampled_from(VERBS_TO_DIE_IN), amount=amounts)
    def kill(self, data: Any, who: int, step: str, verb: str, amount: Decimal) -> None:
        """A process dies in the middle of a verb; done again, it is done once."""
        story = self.story
        record, key = story.record(who, data.draw(seconds), timedelta(minutes=5)), story.key()
        verbs: dict[str, Callable[[], object]] = {
            "call": lambda: story.call(who, record),
            "pay": lambda: story.pay(who, amount, key),
            "issue": lambda: story.issue(who),
            "enter": lambda: story.enter(who, Entry.CREDIT, Scope.CALL, amount),
            "charge back": lambda: story.give_back(who, 0, amount, is_refund=False),
            "credit": lambda: story.credit(who, 0, 0),
            "settle": lambda: story.settle(who, Way.INTO, amount),
            "change type": lambda: story.change_type(who),
        }
        work = verbs[verb]
        if killing.abort_at_step(step, work):
            story.check()
            work()

    def teardown(self) -> None:
        try:
            self.books.steps += self.steps
            self.books.examples += 1
            if self.books.examples % EXAMPLES_BETWEEN_CHECKS == 0:
                assert self.books.differences() == []
        finally:
            self.keys.__exit__(None, None, None)
            transaction.set_rollback(True)
            self.all_of_it.__exit__(None, None, None)


def say(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """On the terminal, whatever is captured: the seed is needed when it fails, and to tell a long run again."""
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


@pytest.mark.django_db
@pytest.mark.timeout(max(600, STEPS // 10))
@pytest.mark.rel(2)
@pytest.mark.rel(3)
@pytest.mark.rel(20)
def test_the_books_are_exact_after_each_of_many_steps_in_any_order(acme: Any, capsys: pytest.CaptureFixture[str]) -> None:
    BooksMachine.books = books = Books.open()
    how = settings(
        max_examples=STEPS // STEPS_OF_AN_EXAMPLE,
        stateful_step_count=STEPS_OF_AN_EXAMPLE,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    say(capsys, f"seed {SEED}, {STEPS} steps (PORTAL_TORTURE_SEED, PORTAL_TORTURE_STEPS)")
    began = time.monotonic()

    seeded: Any = seed(SEED)
    run_state_machine_as_test(seeded(BooksMachine), settings=how, _min_steps=STEPS_OF_AN_EXAMPLE - 1)

    say(capsys, f"{books.steps} steps, {books.notes} credit notes, {books.steps / (time.monotonic() - began):.0f} a second")
    assert books.steps >= STEPS
