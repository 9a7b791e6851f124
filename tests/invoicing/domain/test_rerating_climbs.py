"""A difference goes to every level above, once, at what each pays now; and down, when a level above puts its own prices right (semantics 5, 25)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import Reseller, new_id
from customers.models import Customer, PlanAssignment, Transfer
from invoicing.domain import climb, ledger_check, rerating, rerating_climb, rerating_orders, waiting
from invoicing.domain.rerating import Named, RatedAgain
from invoicing.models import Call, PriceChange, WaitingCall
from rateplans import queries as rateplans
from rateplans.models import RatePlan
from tests.support import killing, tree, world
from tests.support.tree import LEVELS, Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db
D = Decimal
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=3)
RATING = ("after customers.domain.ledger.post_many", "after billing_portal.jobs.outbox.add", "after invoicing.domain.rerating.rate_again")
RECEIVING = (
    "after invoicing.domain.rerating_climb._missing",
    "after customers.domain.ledger.post_many",
    "after invoicing.domain.price_changes.write",
    "after customers.domain.spending.note",
    "after invoicing.domain.rerating.apply",
)
ENDED = ("after invoicing.domain.rerating_climb.up", "before billing_portal.jobs.domain.running._finish")
TELLING = ("before invoicing.domain.rerating_climb.down", "after invoicing.domain.price_changes.write", "after invoicing.domain.rerating_climb.down")
BEFORE = {
    "globex": [("Anna Ltd", "-0.61", "USD")],
    "acme": [("Globex", "-0.4067", "GBP")],
    "owner": [("Acme", "-0.305", "EUR")],
}
AFTER = {
    "globex": [("Anna Ltd", "-1.22", "USD")],
    "acme": [("Globex", "-0.8133", "GBP")],
    "owner": [("Acme", "-0.61", "EUR")],
}


@pytest.fixture
def three(acme: Any) -> Tree:
    return tree.plant()


@pytest.fixture
def lasting(transactional_db: None, acme: Any) -> Tree:
    """The same where other processes see it."""
    return tree.plant()


def send(three: Tree, **given: Any) -> None:
    tree.take([tree.call(three.anna, **given)], NOON)


def double_at(*levels: str) -> None:
    """The plans that were meant at these levels all along cost twice as much."""
    prices = {"globex": ("USD", "1.20"), "acme": ("GBP", "0.80"), "owner": ("EUR", "0.60")}
    for level in levels:
        currency, price = prices[level]
        with schema_context(level):
            PlanAssignment.objects.update(plan=world.plan("As agreed", currency, {"44": ("United Kingdom", price)}))


def again(level: str = "globex", at: datetime = LATER) -> RatedAgain:
    with schema_context(level):
        return rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=at)


def run_one(kind: str) -> None:
    running.run(Job.objects.filter(kind=kind, state="pending").get().pk)


def movements() -> list[int]:
    """How many movements of calls each level has."""
    found = []
    for level in LEVELS:
        with schema_context(level):
            found.append(Transfer.objects.filter(kind="usage").count())
    return found


def assert_after() -> None:
    tree.work()
    assert (tree.balances(), movements(), tree.differences()) == (AFTER, [2, 2, 2], [])


def test_the_difference_is_posted_at_every_level(three: Tree) -> None:
    send(three)
    tree.work()
    assert tree.balances() == BEFORE
    double_at(*LEVELS)

    again()

    assert tree.work() == ["globex calls.difference_climbs", "acme calls.difference_climbs"]
    assert_after()
    assert tree.prices() == {
        "globex": [("1.22", "USD", "0.8133", "GBP")],
        "acme": [("0.8133", "GBP", "0.61", "EUR")],
        "owner": [("0.61", "EUR", None, "")],
    }
    with schema_context("acme"):
        difference = Transfer.objects.get(about_kind="call")
        assert (difference.amount, difference.actor_name, difference.about_id) == (D("0.4066"), "Globex", Call.objects.get().id)


def test_while_it_is_on_its_way_the_check_counts_it_and_finds_no_difference(three: Tree) -> None:
    send(three)
    tree.work()
    double_at(*LEVELS)
    again()

    report = ledger_check.check()
    assert ([str(each) for each in report.differences], report.in_flight) == ([], 1)
    tree.work()
    assert ledger_check.check().in_flight == 0


def test_it_stops_where_nothing_changes(three: Tree) -> None:
    send(three)
    tree.work()
    double_at("globex", "owner")

    again()

    assert tree.work() == []
    assert tree.balances() == BEFORE | {"globex": AFTER["globex"]}
    assert tree.differences() == []


def test_what_is_bought_may_change_alone(three: Tree) -> None:
    send(three)
    tree.work()
    double_at("acme")

    assert again() == RatedAgain(1, 0)
    tree.work()

    assert tree.balances() == BEFORE | {"acme": AFTER["acme"]}
    assert (movements(), tree.differences()) == ([1, 2, 1], [])


def test_credits_climb_too(three: Tree) -> None:
    send(three)
    tree.work()
    for level in ("acme", "owner"):
        with schema_context(level):
            PlanAssignment.objects.update(plan=world.plan("Free", "GBP" if level == "acme" else "EUR", {"44": ("United Kingdom", "0")}))

    again()
    tree.work()

    assert tree.balances() == BEFORE | {"acme": [("Globex", "0", "GBP")], "owner": [("Acme", "0", "EUR")]}
    assert tree.differences() == []


def test_a_level_above_that_puts_its_prices_right_tells_the_one_below(three: Tree) -> None:
    send(three)
    tree.work()
    double_at("acme", "owner")

    again("acme")
    assert sorted(tree.work()) == ["acme calls.difference_below", "acme calls.difference_climbs"]

    assert tree.balances() == AFTER | {"globex": BEFORE["globex"]}
    assert tree.prices()["globex"] == [("0.61", "USD", "0.8133", "GBP")]
    assert tree.differences() == []
    told = PriceChange.objects.get()
    assert (told.transfer, told.buy_before, told.buy_after, told.actor_name) == (None, D("0.4067"), D("0.8133"), "Acme")


@pytest.mark.parametrize("first", ["up", "down"])
def test_both_ends_at_once_come_to_the_same(three: Tree, first: str) -> None:
    send(three)
    tree.work()
    double_at("acme")
    again("globex")
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("In the end", "GBP", {"44": ("United Kingdom", "1.20")}))
    again("acme")

    ways: list[Callable[[], None]] = [lambda: run_one("calls.difference_climbs"), lambda: _in("acme", lambda: run_one("calls.difference_below"))]
    for way in ways if first == "up" else reversed(ways):
        way()
    tree.work()

    assert (tree.prices()["globex"][0][2], tree.prices()["acme"][0][0]) == ("1.22", "1.22")
    assert tree.differences() == []


def _in(level: str, work: Callable[[], None]) -> None:
    with schema_context(level):
        work()


def at_acme(price: str) -> None:
    with schema_context("acme"):
        plan = RatePlan.objects.filter(name=f"At {price}").first() or world.plan(f"At {price}", "GBP", {"44": ("United Kingdom", price)})
        PlanAssignment.objects.update(plan=plan)


@pytest.mark.parametrize(("put_right", "changed", "holds"), [("1.20", 1, "1.22"), ("0.80", 0, "0.8133")])
def test_a_price_that_was_put_right_above_is_not_undone_by_one_on_its_way(three: Tree, put_right: str, changed: int, holds: str) -> None:
    """Acme's plan was wrong for a while and Globex rated again in it: what Acme asks when that comes is what holds, at both ends."""
    send(three)
    tree.work()
    at_acme("0.80")
    again("globex")
    tree.work()
    at_acme("8.00")
    again("globex")
    at_acme(put_right)
    assert again("acme").changed == changed

    tree.work()

    assert (tree.balances()["acme"], tree.prices()["globex"][0][2]) == ([("Globex", f"-{holds}", "GBP")], holds)
    assert tree.differences() == []


def test_a_price_on_its_way_holds_where_none_is_asked_any_more(three: Tree) -> None:
    send(three)
    tree.work()
    at_acme("0.80")
    again("globex")
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("France alone", "GBP", {"33": ("France", "0.80")}))

    tree.work()

    assert (tree.balances()["acme"], tree.differences()) == (AFTER["acme"], [])


def test_a_death_between_two_ratings_keeps_nothing_from_the_level_above_the_parent(three: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first difference came and its job stayed open: repeated it carries the second price, and that is owed further up as well."""
    send(three)
    tree.work()
    double_at("acme", "owner")
    again("globex", NOON + timedelta(hours=1))
    with monkeypatch.context() as dying:
        dying.setattr(running, "_finish", lambda job: None)
        run_one("calls.difference_climbs")
    with schema_context("acme"):
        run_one("calls.difference_climbs")
    for level, currency in (("acme", "GBP"), ("owner", "EUR")):
        with schema_context(level):
            PlanAssignment.objects.update(plan=world.plan("Once more", currency, {"44": ("United Kingdom", "1.20")}))
    again("globex", LATER)

    tree.work()

    assert (tree.balances()["acme"], tree.balances()["owner"]) == ([("Globex", "-1.22", "GBP")], [("Acme", "-1.22", "EUR")])
    assert tree.differences() == []


def test_differences_that_come_in_the_wrong_order_end_at_the_last(three: Tree) -> None:
    send(three)
    tree.work()
    for price in ("0.80", "1.20"):
        at_acme(price)
        again("globex")

    for job in Job.objects.filter(kind="calls.difference_climbs").order_by("-created_at"):
        running.run(job.pk)
    tree.work()

    assert (tree.prices()["acme"][0][0], movements(), tree.differences()) == ("1.22", [1, 2, 1], [])


def test_a_difference_waits_for_no_climb(three: Tree) -> None:
    send(three)
    double_at(*LEVELS)
    again()

    run_one("calls.difference_climbs")

    assert (tree.balances()["acme"], tree.differences()) == (AFTER["acme"], [])
    tree.work()
    assert (tree.balances(), movements(), tree.differences()) == (AFTER, [2, 1, 1], [])


def test_a_call_that_waits_at_the_parent_is_left_to_its_queue(acme: Any) -> None:
    three = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    send(three, to=tree.PARIS)
    tree.work()
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("With France", "GBP", {"33": ("France", "0.80")}))

    assert again() == RatedAgain(0, 1)
    with schema_context("acme"):
        assert WaitingCall.objects.get().state == "waiting"
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=LATER)
    tree.work()
    assert (tree.prices()["globex"], tree.differences()) == ([("1.22", "USD", "0.8133", "GBP")], [])


def test_a_call_rated_again_while_it_waits_at_the_parent_is_priced_there_and_rated_again_once_more(acme: Any) -> None:
    """Its buy price is written back over an empty one; the check knows that and finds nothing at any step."""
    three = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    send(three, to=tree.PARIS)
    tree.work()
    PlanAssignment.objects.update(plan=world.plan("Cheaper", "USD", {"33": ("France", "1.00")}))
    assert (again(), tree.prices()["globex"], tree.differences()) == (RatedAgain(1, 0), [("1.0167", "USD", None, "GBP")], [])

    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("With France", "GBP", {"33": ("France", "0.80")}))
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=LATER)
    tree.work()
    assert (tree.prices()["globex"], tree.differences()) == ([("1.0167", "USD", "0.8133", "GBP")], [])

    PlanAssignment.objects.update(plan=world.plan("Dearer", "USD", {"33": ("France", "1.40")}))
    assert (again(), tree.prices()["globex"], tree.differences()) == (RatedAgain(1, 0), [("1.4233", "USD", "0.8133", "GBP")], [])
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("France for less", "GBP", {"33": ("France", "0.60")}))
    again("acme")
    tree.work()
    assert (tree.prices()["globex"], tree.differences()) == ([("1.4233", "USD", "0.61", "GBP")], [])
    changes = PriceChange.objects.values_list("price_number", "buy_number", "buy_before", "buy_after")
    assert list(changes) == [(2, 0, None, None), (4, 0, D("0.8133"), D("0.8133")), (4, 2, D("0.8133"), D("0.61"))]


def test_a_preview_tells_what_changes_at_the_parent(three: Tree) -> None:
    send(three)
    tree.work()
    double_at(*LEVELS)

    seen = rerating_orders.preview(Call.objects.all())

    assert [(row.currency, row.before, row.after) for row in seen.costs.values()] == [("GBP", D("0.4067"), D("0.8133"))]
    assert (tree.balances(), PriceChange.objects.count()) == (BEFORE, 0)


def test_the_root_follows_its_cost_plan(three: Tree) -> None:
    send(three)
    tree.work()
    with schema_context("owner"):
        terms = rateplans.billing_terms()
        terms.cost_plan = world.plan("Carriers", "EUR", {"44": ("United Kingdom", "0.12")})
        terms.save()
        rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=LATER)
        assert (Call.objects.get().buy_price, Call.objects.get().buy_currency) == (D("0.122"), "EUR")

    assert (tree.work(), tree.balances(), tree.differences()) == ([], BEFORE, [])


def killed_at_each(steps: Sequence[str], kind: str, level: str) -> None:
    """The job of this level dies at one step after the other; each time it is owed anew."""
    with schema_context(level):
        for step in steps:
            assert killing.at_step(step, lambda: run_one(kind), schema=level)
            Job.objects.filter(kind=kind).update(state="pending", attempts=0)


@pytest.mark.rel(19)
def test_killed_at_every_step_on_the_way_up(lasting: Tree) -> None:
    send(lasting)
    tree.work()
    double_at(*LEVELS)
    rerating_orders.order(Call.objects.all(), actor=jane)

    killed_at_each(RATING, "calls.rate_again", "globex")
    assert tree.balances() == BEFORE
    run_one("calls.rate_again")
    for level in ("globex", "acme"):
        killed_at_each((*RECEIVING, *ENDED), "calls.difference_climbs", level)

    assert_after()


@pytest.mark.rel(19)
def test_killed_at_every_step_on_the_way_down(lasting: Tree) -> None:
    send(lasting)
    tree.work()
    double_at("acme", "owner")
    again("acme")

    killed_at_each(TELLING, "calls.difference_below", "acme")

    tree.work()
    assert (tree.balances(), tree.prices()["globex"][0][2], tree.differences()) == (AFTER | {"globex": BEFORE["globex"]}, "0.8133", [])


def test_one_that_came_is_not_taken_again(three: Tree) -> None:
    send(three)
    tree.work()
    double_at(*LEVELS)
    again()
    [attempt] = set(PriceChange.objects.values_list("attempt", flat=True))

    for _time in range(2):
        rerating_climb.up(attempt, at=LATER)
        climb.climb(Call.objects.get().batch_id, at=LATER)

    assert_after()


@pytest.mark.rel(58)
def test_a_former_parent_writes_no_price_into_the_reseller_that_has_the_name_of_its_dropped_one(three: Tree) -> None:
    """Globex was dropped under Acme, and another of that name made under the owner took the same calls in again."""
    send(three)
    tree.work()
    with schema_context("acme"):
        Customer.objects.filter(reseller_schema="globex").update(reseller_schema="", kind=Customer.CustomerKind.NORMAL, status=Customer.Status.CLOSED)
    Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="owner"))
    bought = tree.prices()["globex"]

    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("As agreed", "GBP", {"44": ("United Kingdom", "9")}))
        assert rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=LATER).changed == 1

    assert tree.work() == ["acme calls.difference_below"]
    assert tree.prices()["globex"] == bought
