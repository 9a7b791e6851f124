"""Every call is paid at every level exactly once, whatever breaks on the way (semantics 18 to 26)."""

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Switch
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import new_id
from customers.domain import customers, features
from customers.models import BillingType, Customer, Line, PlanAssignment, Standing, Transfer
from invoicing.domain import calls, climb, invoices, ledger_check, rerating, waiting
from invoicing.domain.rerating import Named
from invoicing.domain.waiting import RatedAgain
from invoicing.models import Call, CallBatch, WaitingCall
from invoicing.queries import movements
from rateplans.domain import imports
from rateplans.models import BillingTerms, RatePlan
from tests.support import tree, world
from tests.support.tree import Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def three(acme: Any) -> Tree:
    return tree.plant()


def test_a_call_is_priced_and_posted_at_each_level_in_its_own_currency(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna)], noon)
    done = tree.work()

    assert done == ["globex calls.climb", "acme calls.climb"]
    assert tree.prices() == {
        "globex": [("0.61", "USD", "0.4067", "GBP")],
        "acme": [("0.4067", "GBP", "0.305", "EUR")],
        "owner": [("0.305", "EUR", None, "")],
    }
    assert tree.balances() == {
        "globex": [("Anna Ltd", "-0.61", "USD")],
        "acme": [("Globex", "-0.4067", "GBP")],
        "owner": [("Acme", "-0.305", "EUR")],
    }
    assert tree.differences() == []


def test_nobody_but_the_climb_sends_calls_of_a_reseller_below(three: Tree, noon: datetime) -> None:
    """Else somebody at the parent could take a call's place before it comes (reliability 20)."""
    tree.take([tree.call(three.anna)], noon)
    tree.work()
    with schema_context("acme"):
        below = Switch.objects.get(name="globex/default")
        with pytest.raises(DomainError, match="“globex/default” is a switch of a reseller below"):
            calls.ingest([tree.call(three.globex, "c2")], switch=below, source="api", actor=jane, at=noon)
        with pytest.raises(DomainError, match="is a switch of a reseller below"):
            keys.make(below, [keys.CALLS_WRITE], actor=jane, at=noon)


def test_a_call_whose_place_at_the_parent_is_taken_stays_in_flight_and_nothing_of_its_batch_is_posted(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        stranger = Switch.objects.create(name="globex/default")
        calls.ingest([tree.call(three.globex, "c2", seconds=30)], switch=stranger, source="api", actor=jane, at=noon)
        Switch.objects.update(child_schema="globex")
    tree.take([tree.call(three.anna), tree.call(three.anna, "c2")], noon)
    job = Job.objects.get(kind="calls.climb")

    running.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error) == ("pending", "DomainError: key_taken: Calls of globex/default were taken in from elsewhere.")
    assert ledger_check.check().in_flight == 2
    with schema_context("acme"):
        assert Call.objects.count() == 1


def test_the_call_at_the_parent_is_the_reseller_s_and_names_nobody_below(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna, line="1001", caller="442079460999", extra={"trunk": "n"})], noon)
    tree.work()

    below = CallBatch.objects.get()
    with schema_context("acme"):
        batch, found = CallBatch.objects.get(), Call.objects.get()
        assert (batch.source, batch.child_schema, batch.child_batch_id, batch.switch.name) == ("climbed", "globex", below.pk, "globex/default")
        assert (found.customer_id, found.line, found.caller, found.number, found.extra) == (three.globex.pk, "", "442079460999", tree.LONDON, {})
        assert Transfer.objects.get().key == f"usage:{batch.pk}:{three.globex.pk}:receivable:2026-10-03"
        assert Standing.objects.get().last_call_at == tree.NINE


def test_usage_is_posted_by_the_reseller_s_own_date(three: Tree, noon: datetime) -> None:
    late = tree.NINE.replace(hour=22, minute=59)
    tree.take([tree.call(three.anna, at=late), tree.call(three.anna, "c2", at=late + timedelta(minutes=1))], noon)
    tree.work()

    assert Transfer.objects.count() == 1
    with schema_context("acme"):
        assert sorted(Transfer.objects.values_list("amount", flat=True)) == [Decimal("0.4067"), Decimal("0.4067")]


def test_a_handler_that_runs_twice_posts_once(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna, f"c{n}") for n in range(5)], noon)
    batch = CallBatch.objects.get()
    for _n in range(3):
        climb.climb(batch.pk, at=noon)
    tree.work()
    with schema_context("acme"):
        climb.climb(CallBatch.objects.get().pk, at=noon)

    assert tree.balances()["owner"] == [("Acme", "-1.525", "EUR")]
    with schema_context("owner"):
        assert (CallBatch.objects.count(), Call.objects.count()) == (1, 5)
    assert tree.differences() == []


def test_what_does_not_climb(three: Tree, noon: datetime) -> None:
    Line.objects.create(customer=three.anna, name="4420")
    Line.objects.create(customer=three.anna, name="Büro Ä")
    records = [
        tree.call(three.anna, "unanswered", answered_at=None, seconds=None),
        tree.call(three.anna, "incoming", direction="in"),
        tree.call(three.anna, "to a line", to="4420"),
        tree.call(three.anna, "to a line, at once", to="4420", seconds=0),
        tree.call(three.anna, "to a line in another writing, at once", to="BÜRO ä", seconds=0),
    ]
    assert {answer.status for answer in tree.take(records, noon)} == {"rated"}

    assert set(Call.objects.values_list("buy_currency", "buy_price")) == {("", None)}
    assert not Job.objects.filter(kind="calls.climb").exists()


def set_aside(schema: str, noon: datetime) -> None:
    with schema_context(schema):
        waiting.set_aside(waiting.waiting_ids(), note="ours", actor=jane, at=noon)


@pytest.mark.parametrize("seconds", [61, 0])
def test_a_call_that_is_set_aside_is_paid_for_above_all_the_same(acme: Any, noon: datetime, seconds: int) -> None:
    """Globex has no rate for it and gives it away; Acme pays its carrier for it (semantics 22, 23)."""
    three = tree.plant(rates={"33": ("France", "1.20")})
    RatePlan.objects.filter(name="Retail").update(charge_connection_at_zero=True)
    [told] = tree.take([tree.call(three.anna, seconds=seconds)], noon)
    assert (told.status, told.reason) == ("queued", "no_rate")

    set_aside("globex", noon)
    tree.work()

    cost = "0.4067" if seconds else "0"
    assert (tree.prices()["globex"], tree.balances()["acme"][0][1].lstrip("-")) == ([("0", "USD", cost, "GBP")], cost)
    assert tree.balances()["globex"] == [("Anna Ltd", "0", "USD")]
    assert [(each.status, each.price) for each in tree.take([tree.call(three.anna, seconds=seconds)], noon)] == [("repeated", "0.0000")]
    PlanAssignment.objects.update(plan=world.plan("With London", "USD", tree.RATES, charge_connection_at_zero=True))
    assert rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=noon).changed == 0
    assert (waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon), tree.differences()) == (RatedAgain(), [])


def cure(reason: str, three: Tree, noon: datetime) -> None:
    if reason in {"no_rate", "no_plan"}:
        PlanAssignment.objects.filter(customer=three.anna).delete()
        PlanAssignment.objects.create(customer=three.anna, plan=world.plan("With London", "USD", tree.RATES))
    Customer.objects.filter(pk=three.anna.pk).update(status=Customer.Status.ACTIVE)


@pytest.mark.parametrize("reason", ["no_rate", "no_plan", "inactive", "closed"])
def test_a_call_that_waits_for_its_price_is_paid_for_above_meanwhile(acme: Any, noon: datetime, reason: str) -> None:
    """Nobody below decides by leaving it there; its price comes later, and what it costs stays (semantics 22, 23)."""
    three = tree.plant(rates={"33": ("France", "1.20")} if reason == "no_rate" else tree.RATES)
    if reason == "no_plan":
        PlanAssignment.objects.filter(customer=three.anna).delete()
    elif reason != "no_rate":
        Customer.objects.filter(pk=three.anna.pk).update(status=reason)
    assert [(each.status, each.reason) for each in tree.take([tree.call(three.anna)], noon)] == [("queued", reason)]

    tree.work()
    assert (tree.prices()["globex"], tree.balances()["acme"]) == ([("0", "USD", "0.4067", "GBP")], [("Globex", "-0.4067", "GBP")])
    assert (tree.balances()["globex"], WaitingCall.objects.get().state, tree.differences()) == ([("Anna Ltd", "0", "USD")], "waiting", [])
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("Put right", "GBP", {"44": ("United Kingdom", "0.80")}))
        rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=noon)
    tree.work()
    assert rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=noon).changed == 0

    cure(reason, three, noon)
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    assert (tree.prices()["globex"], tree.work()) == ([("0.61", "USD", "0.8133", "GBP")], [])
    assert (tree.balances()["globex"], tree.balances()["acme"]) == ([("Anna Ltd", "-0.61", "USD")], [("Globex", "-0.8133", "GBP")])
    assert (Transfer.objects.get().about_id, tree.differences()) == (Call.objects.get().id, [])
    assert [(each.status, each.price) for each in tree.take([tree.call(three.anna)], noon)] == [("repeated", "0.6100")]


def test_a_call_that_climbed_while_it_waited_is_billed_as_any_other(acme: Any, noon: datetime) -> None:
    three = tree.plant(rates={"33": ("France", "1.20")})
    tree.take([tree.call(three.anna, line="1001"), tree.call(three.anna, "c2", to=tree.PARIS)], noon)
    assert [document.pk for document in invoices.issue([three.anna.pk], date(2026, 11, 1), actor=jane, at=noon).documents] == []  # it holds back the month
    cure("no_rate", three, noon)
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon)

    [invoice] = invoices.issue([three.anna.pk], date(2026, 11, 1), actor=jane, at=noon).documents

    assert [(line.description, line.quantity, line.detail, line.amount) for line in invoice.lines.all()] == [
        ("Calls", Decimal(2), "October 2026, 2 calls, 2:02 minutes", Decimal("1.83"))
    ]
    moved = list(Transfer.objects.filter(kind="usage").values_list("pk", flat=True))
    assert {(call.number, call.billed_seconds, call.price) for call in movements.each_call(moved, 9)} == {
        (tree.PARIS, 61, Decimal("1.22")),
        (tree.LONDON, 61, Decimal("0.61")),
    }
    assert (movements.each_difference(moved, 9), tree.differences()) == ([], [])


def test_a_call_set_aside_in_the_middle_costs_nothing_below_and_is_paid_for_above(without_france: Tree, noon: datetime) -> None:
    tree.take([tree.call(without_france.anna, to=tree.PARIS)], noon)
    tree.work()

    set_aside("acme", noon)
    tree.work()

    assert tree.prices() == {"globex": [("1.22", "USD", "0", "GBP")], "acme": [("0", "GBP", "0.61", "EUR")], "owner": [("0.61", "EUR", None, "")]}
    assert tree.differences() == []


def test_of_what_is_set_aside_nothing_climbs_but_what_was_answered_outside(three: Tree, noon: datetime) -> None:
    Line.objects.create(customer=three.anna, name="1001")
    customers.change(three.anna, status=Customer.Status.INACTIVE, actor=jane, at=noon)
    sent = [
        tree.call(three.anna, "unanswered", answered_at=None, seconds=None),
        tree.call(three.anna, "incoming", direction="in"),
        tree.call(three.anna, "to a line", to="1001"),
        tree.call(three.anna, "no number", to="*98"),
        tree.call(three.anna, "of nobody", account="nobody"),
        tree.call(three.anna, "in the future", at=noon + timedelta(days=9)),
    ]
    assert {answer.status for answer in tree.take(sent, noon)} == {"queued"}

    set_aside("globex", noon)

    assert (Call.objects.count(), WaitingCall.objects.filter(state="set_aside").count(), tree.work(), tree.differences()) == (0, 6, [], [])


def test_a_line_named_like_a_public_number_is_free_here_and_paid_for_above(three: Tree, noon: datetime) -> None:
    features.add_line(three.anna, "+44 20 7946 0123", actor=jane, at=noon)
    tree.take([tree.call(three.anna, to="+44 20 7946 0123"), tree.call(three.anna, "c2", to="+44 20 7946 0123", seconds=0)], noon)
    tree.work()

    assert sorted(tree.prices()["globex"]) == [("0", "USD", "0", "GBP"), ("0", "USD", "0.4067", "GBP")]
    assert (tree.balances()["acme"], tree.differences()) == ([("Globex", "-0.4067", "GBP")], [])
    with schema_context("acme"):
        assert set(Call.objects.values_list("number", flat=True)) == {tree.LONDON}


def test_an_answered_call_of_no_seconds_climbs_at_nothing(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna, seconds=0)], noon)
    tree.work()

    assert tree.prices() == {"globex": [("0", "USD", "0", "GBP")], "acme": [("0", "GBP", "0", "EUR")], "owner": [("0", "EUR", None, "")]}
    assert tree.differences() == []


def test_a_pre_paid_reseller_pays_from_its_wallet(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        Standing.objects.filter(customer=three.globex).update(billing_type=BillingType.PREPAID)
    tree.take([tree.call(three.anna)], noon)
    tree.work()

    with schema_context("acme"):
        assert Standing.objects.get(customer=three.globex).wallet == Decimal("-0.4067")


def test_the_price_that_the_batch_brought_is_posted_although_rates_changed_since(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna)], noon)
    with schema_context("acme"):
        PlanAssignment.objects.filter(customer=three.globex).update(plan=world.plan("Dear", rates={"44": ("UK", "9")}))
    tree.work()

    assert tree.balances()["acme"] == [("Globex", "-0.4067", "GBP")]
    assert tree.differences() == []


@pytest.mark.rel(4)
def test_the_currency_is_fixed_while_calls_bought_in_it_are_on_their_way(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna)], noon)
    with schema_context("acme"), pytest.raises(DomainError, match="currency_fixed"):
        customers.change(three.globex, currency="EUR", actor=jane, at=noon)
    tree.work()

    assert tree.balances()["acme"] == [("Globex", "-0.4067", "GBP")]


@pytest.mark.rel(4)
def test_the_currency_is_fixed_by_calls_that_cost_nothing_below(acme: Any, noon: datetime) -> None:
    three = tree.plant(rates={"44": ("United Kingdom", "0.00")})
    tree.take([tree.call(three.anna)], noon)
    with schema_context("acme"), pytest.raises(DomainError, match="currency_fixed"):
        customers.change(three.globex, currency="EUR", actor=jane, at=noon)
    tree.work()

    assert tree.balances()["acme"] == [("Globex", "-0.4067", "GBP")]


def test_before_the_first_call_a_reseller_s_currency_can_change(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        customers.change(three.globex, currency="EUR", actor=jane, at=noon)
    tree.take([tree.call(three.anna)], noon)
    with schema_context("acme"):
        assert WaitingCall.objects.count() == 0
    assert Call.objects.get().buy_currency == "EUR"


@pytest.mark.rel(22)
@pytest.mark.django_db(transaction=True)
def test_a_call_that_comes_while_the_parent_changes_its_reseller_s_plan_is_bought_on_the_plan_of_its_moment(three: Tree, noon: datetime) -> None:
    """The new plan holds from `noon`, and is not there to be read yet when a call of that moment is rated below: its buy price waits for it."""
    with schema_context("acme"):
        dear = world.plan("Dear", rates={"44": ("United Kingdom", "9.00")})
    changed, taken = threading.Event(), threading.Event()

    def change() -> None:
        with schema_context("acme"), transaction.atomic():
            customers.change(three.globex, plan=dear, actor=jane, at=noon)
            changed.set()
            taken.wait(0.5)
        connection.close()

    parent = threading.Thread(target=change)
    parent.start()
    assert changed.wait(20)
    tree.take([tree.call(three.anna, at=noon)], noon)
    taken.set()
    parent.join(20)
    tree.work()

    assert (tree.prices()["globex"], tree.balances()["acme"]) == ([("0.61", "USD", "9.15", "GBP")], [("Globex", "-9.15", "GBP")])
    assert tree.differences() == []


@pytest.mark.rel(4)
def test_a_price_is_never_posted_in_another_currency_than_it_was_computed_in(three: Tree, noon: datetime) -> None:
    """However it came about: nothing is posted, the job says why, and with the currency back the calls climb."""
    tree.take([tree.call(three.anna)], noon)
    batch = CallBatch.objects.get()
    with schema_context("acme"):
        Customer.objects.filter(pk=three.globex.pk).update(currency="EUR")
    with pytest.raises(DomainError, match="currency_differs"):
        climb.climb(batch.pk, at=noon)
    with schema_context("acme"):
        assert not Transfer.objects.exists()
        Customer.objects.filter(pk=three.globex.pk).update(currency="GBP")
    tree.work()

    assert tree.balances()["owner"] == [("Acme", "-0.305", "EUR")]
    assert tree.differences() == []


def test_a_reseller_that_is_no_customer_of_its_parent_has_no_cost(acme: Any, noon: datetime) -> None:
    anna = world.customer("Anna Ltd", on=world.plan(rates=tree.RATES))
    tree.take([tree.call(anna)], noon)

    assert Call.objects.get().buy_currency == ""


def test_the_root_s_cost_is_that_of_its_cost_plan_and_else_empty(owner: Any, noon: datetime) -> None:
    anna = world.customer("Anna Ltd", on=world.plan("Retail", "EUR", tree.RATES), currency="EUR")
    tree.take([tree.call(anna)], noon)
    terms = BillingTerms.objects.get_or_create(only=True)[0]
    terms.cost_plan = world.plan("Carriers", "USD", {"44": ("UK", "0.10")})
    terms.save()
    tree.take([tree.call(anna, "c2"), tree.call(anna, "c3", to=tree.PARIS)], noon)

    assert set(Call.objects.values_list("number", "buy_price", "buy_currency")) == {
        (tree.LONDON, None, ""),
        (tree.LONDON, Decimal("0.1017"), "USD"),
        (tree.PARIS, None, ""),
    }
    assert not Job.objects.filter(kind="calls.climb").exists()


def add_france(schema: str, price: str) -> None:
    """A new plan for the reseller of this schema's parent, as if it had always been so."""
    rates = {"44": ("United Kingdom", "9"), "33": ("France", price)}
    with schema_context(schema):
        plan = world.plan("With France", "EUR" if schema == "owner" else "GBP", rates)
        PlanAssignment.objects.filter(customer__kind=Customer.CustomerKind.RESELLER).update(plan=plan)


@pytest.fixture
def without_france(acme: Any) -> Tree:
    return tree.plant(at_acme={"44": ("United Kingdom", "0.40")})


def test_a_call_the_parent_has_no_price_for_waits_there_and_is_posted_below(without_france: Tree, noon: datetime) -> None:
    tree.take([tree.call(without_france.anna), tree.call(without_france.anna, "c2", to=tree.PARIS)], noon)
    tree.work()

    assert tree.prices()["globex"] == [("0.61", "USD", "0.4067", "GBP"), ("1.22", "USD", None, "GBP")]
    with schema_context("acme"):
        row = WaitingCall.objects.get()
        assert (row.reason, row.customer_id, row.at, row.key.call_id) == ("no_rate", without_france.globex.pk, tree.NINE, "c2")
    assert tree.differences() == []


def test_rating_it_there_posts_it_climbs_on_and_writes_the_buy_price_back(without_france: Tree, noon: datetime) -> None:
    tree.take([tree.call(without_france.anna, "c2", to=tree.PARIS)], noon)
    tree.work()
    add_france("acme", "0.90")
    with schema_context("acme"):
        assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon).rated == 1

    assert sorted(tree.work()) == ["acme calls.buy_price", "acme calls.climb"]
    assert tree.prices() == {
        "globex": [("1.22", "USD", "0.915", "GBP")],
        "acme": [("0.915", "GBP", "0.61", "EUR")],
        "owner": [("0.61", "EUR", None, "")],
    }
    assert tree.balances() == {"globex": [("Anna Ltd", "-1.22", "USD")], "acme": [("Globex", "-0.915", "GBP")], "owner": [("Acme", "-0.61", "EUR")]}
    assert tree.differences() == []


def test_a_rate_that_the_parent_dates_back_rates_what_waits_and_leaves_what_is_rated(without_france: Tree, noon: datetime) -> None:
    """Nothing else has to be given up: the parent is paid for the call, and every level follows."""
    tree.take([tree.call(without_france.anna), tree.call(without_france.anna, "c2", to=tree.PARIS)], noon)
    tree.work()
    content = b"prefix,destination,per minute\n33,France,0.90\n44,United Kingdom,0.50\n"
    with schema_context("acme"):
        plan = RatePlan.objects.get()
        for since, rated in ((None, 0), (tree.NINE, 1)):
            seen = imports.preview(plan, "rates.csv", content, "add", jane, at=noon)
            assert seen.rate_import is not None
            imports.apply(seen.rate_import, actor=jane, at=noon, in_force_from=since)
            assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon).rated == rated
    tree.work()

    assert tree.prices()["globex"] == [("0.61", "USD", "0.4067", "GBP"), ("1.22", "USD", "0.915", "GBP")]
    assert tree.balances()["acme"] == [("Globex", "-1.3217", "GBP")]
    assert tree.balances()["owner"] == [("Acme", "-0.915", "EUR")]
    assert tree.differences() == []


def test_writing_back_twice_changes_nothing(without_france: Tree, noon: datetime) -> None:
    tree.take([tree.call(without_france.anna, "c2", to=tree.PARIS)], noon)
    tree.work()
    add_france("acme", "0.90")
    with schema_context("acme"):
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon)
        batch = CallBatch.objects.get(source="rated_again")
        climb.write_back(batch.pk)
        climb.write_back(batch.pk)

    assert Call.objects.get().buy_price == Decimal("0.915")


def test_a_climb_repeated_after_its_waiting_call_was_rated_changes_nothing(without_france: Tree, noon: datetime) -> None:
    tree.take([tree.call(without_france.anna, "c2", to=tree.PARIS)], noon)
    tree.work()
    add_france("acme", "0.90")
    with schema_context("acme"):
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon)
    tree.work()
    climb.climb(CallBatch.objects.get().pk, at=noon)

    assert tree.balances()["acme"] == [("Globex", "-0.915", "GBP")]
    assert tree.differences() == []


def test_a_call_that_waits_below_has_climbed_with_its_batch(acme: Any, noon: datetime) -> None:
    three = tree.plant(rates={"44": ("United Kingdom", "0.60")})
    tree.take([tree.call(three.anna), tree.call(three.anna, "c2", to=tree.PARIS)], noon)
    tree.work()
    PlanAssignment.objects.update(plan=world.plan("With France", "USD", tree.RATES))
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon)
    tree.work()

    assert tree.prices()["owner"] == [("0.305", "EUR", None, ""), ("0.61", "EUR", None, "")]
    with schema_context("acme"):
        assert CallBatch.objects.filter(source="climbed").count() == 1
    assert tree.differences() == []


@pytest.mark.parametrize("given_on", [True, False])
def test_a_call_that_waits_at_the_parent_stays_the_reseller_s_under_a_new_account_number(without_france: Tree, noon: datetime, given_on: bool) -> None:
    tree.take([tree.call(without_france.anna, to=tree.PARIS)], noon)
    tree.work()
    with schema_context("acme"):
        old = without_france.globex.account_number
        customers.change(without_france.globex, account_number="990001", actor=jane, at=noon)
        if given_on:
            plan = RatePlan.objects.get(name="Wholesale")
            customers.create("Bob Ltd", plan=plan, account_number=old, billing_email="b@bob.example", actor=jane, at=noon)
    add_france("acme", "0.90")
    with schema_context("acme"):
        assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    tree.work()

    assert tree.balances()["acme"] == [("Bob Ltd", "0", "GBP"), ("Globex", "-0.915", "GBP")][not given_on :]
    assert tree.differences() == []


def test_a_stopped_reseller_s_calls_wait_at_the_parent_with_that_reason(three: Tree, noon: datetime) -> None:
    with schema_context("acme"):
        Customer.objects.filter(pk=three.globex.pk).update(status=Customer.Status.INACTIVE)
    tree.take([tree.call(three.anna)], noon)
    tree.work()

    with schema_context("acme"):
        assert WaitingCall.objects.get().reason == "inactive"
        assert not Transfer.objects.exists()


@pytest.mark.parametrize(("schema", "switch"), [("globex", "s" * 60), ("a" * 41, "default" * 8)])
def test_long_names_of_switches_stay_apart(schema: str, switch: str) -> None:
    one, two = climb.switch_name(schema, switch + "1"), climb.switch_name(schema, switch + "2")

    assert one != two
    assert (len(one), one[:6]) == (60, schema[:6])


def test_two_switches_of_a_reseller_stay_two(three: Tree, noon: datetime) -> None:
    tree.take([tree.call(three.anna)], noon)
    calls.ingest([tree.call(three.anna)], switch=Switch.objects.create(name="Frankfurt"), source="api", actor=jane, at=noon)
    tree.work()

    with schema_context("owner"):
        assert sorted(Switch.objects.values_list("name", flat=True)) == ["acme/globex/Frankfurt", "acme/globex/default"]
