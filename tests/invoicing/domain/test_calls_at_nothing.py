"""Calls that stand at nothing: set aside, to a line, or waiting for their price. They climb, and what was promised never to be billed is not (decision 24)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import new_id
from customers.domain import features
from customers.models import Customer, CustomerTax, Line, PlanAssignment
from invoicing.domain import entries, invoices, rerating, waiting
from invoicing.domain.rerating import Named
from invoicing.models import Call, CallKey, Document, WaitingCall
from rateplans.domain import decks
from rateplans.models import StoredRate
from tests.support import tree, world
from tests.support.months import D
from tests.support.tree import Tree
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acme")]
NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
NOVEMBER, DECEMBER = datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 12, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING_OF_GLOBEX = [("Globex", "0", "GBP")]


def rate_again(at: datetime = NOON) -> int:
    return rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=at).changed


def set_aside() -> None:
    waiting.set_aside(waiting.waiting_ids(), note="ours", actor=jane, at=NOON)


def line_of_acme(three: Tree) -> Line:
    """A line at Acme, in the middle, that is named like a number in London."""
    with schema_context("acme"):
        return Line.objects.create(customer=three.globex, name=tree.LONDON, folded_name=tree.LONDON)


def to_a_line_of_acme(three: Tree) -> Line:
    """Anna's call to a number that a line at Acme is named like."""
    line = line_of_acme(three)
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    return line


@pytest.mark.rel(7)
def test_what_a_level_in_the_middle_set_aside_is_not_billed_there_when_a_level_below_rates_again() -> None:
    three = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    tree.take([tree.call(three.anna, to=tree.PARIS)], NOON)
    tree.work()
    with schema_context("acme"):
        set_aside()
    tree.work()
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("With France", "GBP", {"33": ("France", "0.80")}))
        assert rate_again() == 0
    rate_again()
    tree.work()

    assert (tree.balances()["acme"], tree.differences()) == (NOTHING_OF_GLOBEX, [])


@pytest.mark.rel(7)
def test_a_call_to_a_line_of_the_middle_stays_free_there_when_the_line_is_gone_and_it_is_rated_again() -> None:
    line = to_a_line_of_acme(tree.plant())
    with schema_context("acme"):
        line.delete()
        rate_again()
    assert rate_again() == 0
    tree.work()

    assert tree.balances()["acme"] == NOTHING_OF_GLOBEX


@pytest.mark.rel(7)
@pytest.mark.parametrize("rates_since", [{"44": ("United Kingdom", "0.40")}, {"33": ("France", "0.80")}])
def test_a_call_that_was_billed_in_the_middle_stays_so_when_a_line_there_is_named_like_its_number_and_it_is_rated_again(
    rates_since: dict[str, tuple[str, str]],
) -> None:
    three = tree.plant()
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    line_of_acme(three)
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("Since then", "GBP", rates_since))
    assert rate_again() == 0
    tree.work()

    assert (tree.balances()["acme"], tree.differences()) == ([("Globex", "-0.4067", "GBP")], [])


def test_a_call_to_a_line_of_the_middle_that_is_named_like_a_number_is_owed_above() -> None:
    to_a_line_of_acme(tree.plant())

    assert (tree.balances()["acme"], tree.balances()["owner"]) == (NOTHING_OF_GLOBEX, [("Acme", "-0.305", "EUR")])
    assert tree.differences() == []


def test_a_call_of_nobody_climbs_as_soon_as_it_is_somebody_s_who_has_no_rate_for_it() -> None:
    three = tree.plant(rates={"33": ("France", "1.20")})
    tree.take([tree.call(three.anna, account="", line="77001")], NOON)
    Line.objects.create(customer=three.anna, name="77001", folded_name="77001")
    for _time in range(2):
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)
        tree.work()

    assert (WaitingCall.objects.get().reason, WaitingCall.objects.get().customer_id) == ("no_rate", three.anna.pk)
    assert (tree.balances()["acme"], tree.differences()) == ([("Globex", "-0.4067", "GBP")], [])


@pytest.mark.parametrize("set_it_aside", [True, False])
def test_a_call_that_climbed_while_it_waited_is_told_as_done_when_a_line_is_named_like_its_number(set_it_aside: bool) -> None:
    three = tree.plant(rates={"33": ("France", "1.20")})
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    features.add_line(three.anna, "442079460123", actor=jane, at=NOON)
    if set_it_aside:
        set_aside()
    else:
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)
    tree.work()

    assert [answer.status for answer in tree.take([tree.call(three.anna)], NOON)] == ["repeated"]
    assert tree.differences() == []


def issue(three: Tree, at: datetime) -> Document:
    [document] = invoices.issue([three.anna.pk], date(at.year, at.month, 1), actor=jane, at=at).documents
    return document


@pytest.mark.rel(7)
def test_a_call_that_waited_for_its_price_gives_back_the_tax_of_its_invoice() -> None:
    three = tree.plant(rates={"33": ("France", "1.20")})
    CustomerTax.objects.create(customer=three.anna, tax=world.vat("20"))
    tree.take([tree.call(three.anna, seconds=6000)], NOON)
    PlanAssignment.objects.update(plan=world.plan("With London", "USD", {"44": ("UK", "1.00")}))
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)
    october = issue(three, NOVEMBER)
    CustomerTax.objects.all().delete()
    PlanAssignment.objects.update(plan=world.plan("Half", "USD", {"44": ("UK", "0.50")}))

    assert rate_again(NOVEMBER) == 1
    entries.write(three.anna, "lower", D("500.00"), note="Old books", actor=jane, at=NOVEMBER, key="4")
    november = issue(three, DECEMBER)
    tree.work()

    assert [(each.net, each.tax) for each in (october, november)] == [(D("100.00"), D("20.00")), (D("450.00"), D("-10.00"))]
    assert tree.differences() == []


def charge_connections(*prefixes: str, of: str = "Anna Ltd", currency: str = "USD") -> None:
    """A customer's plan charges 0.25 for the connection to these prefixes from the beginning, also of a call without a second."""
    plan = world.plan(f"At {prefixes}", currency, dict.fromkeys(prefixes, ("Anywhere", "0.60")), charge_connection_at_zero=True)
    StoredRate.objects.filter(version__plan=plan).update(connection_charge=D("0.25"))
    PlanAssignment.objects.all().delete()
    PlanAssignment.objects.create(customer=Customer.objects.get(name=of), plan=plan)


@pytest.mark.rel(7)
def test_a_connection_that_was_billed_in_the_middle_stays_so_when_a_line_there_is_named_like_its_number_and_it_is_rated_again() -> None:
    three = tree.plant()
    with schema_context("acme"):
        charge_connections("44", of="Globex", currency="GBP")
    tree.take([tree.call(three.anna, seconds=0)], NOON)
    tree.work()
    line_of_acme(three)
    with schema_context("acme"):
        charge_connections("33", of="Globex", currency="GBP")
    assert rate_again() == 0
    tree.work()

    assert (tree.balances()["acme"], tree.differences()) == ([("Globex", "-0.25", "GBP")], [])


def of_nobody_until_now(three: Tree) -> None:
    """A call without a second that came in as nobody's, and is Anna's once it is rated again."""
    tree.take([tree.call(three.anna, account="", line="77001", seconds=0)], NOON)
    Line.objects.create(customer=three.anna, name="77001", folded_name="77001")
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)


@pytest.mark.rel(3)
@pytest.mark.parametrize("later", [0, 1])
def test_a_call_of_nobody_that_was_posted_at_nothing_keeps_that_answer_when_a_version_is_dated_back(later: int) -> None:
    three = tree.plant()
    PlanAssignment.objects.all().delete()
    of_nobody_until_now(three)
    charge_connections("44")
    assert rate_again(NOON + later * DAY) == 1
    tree.work()

    assert (Call.objects.get().price, CallKey.objects.get().answer["price"]) == (D("0.25"), "0.0000")
    assert (WaitingCall.objects.get().state, WaitingCall.objects.get().reason) == ("rated", "unknown_customer")
    assert tree.differences() == []


@pytest.mark.rel(3)
@pytest.mark.parametrize("later", [0, 1])
def test_a_call_of_nobody_that_climbed_without_a_price_is_answered_with_its_first_one(later: int) -> None:
    three = tree.plant()
    charge_connections("33")
    of_nobody_until_now(three)
    assert WaitingCall.objects.get().reason == "no_rate"
    charge_connections("44")
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON + later * DAY)
    StoredRate.objects.update(connection_charge=D("0.30"))
    decks._decks.clear()
    assert rate_again(NOON + later * DAY) == 1
    tree.work()

    assert (Call.objects.get().price, CallKey.objects.get().answer["price"]) == (D("0.30"), "0.2500")
    assert tree.differences() == []
    CallKey.objects.update(answer={**CallKey.objects.get().answer, "price": "0"})
    assert len(tree.differences()) == 1


@pytest.mark.rel(2)
@pytest.mark.parametrize("why", ["by a clock that was ahead", "by a line nobody had yet"])
def test_what_waited_as_nobodys_is_paid_for_above_once_it_is_known_whose_it_is_also_when_it_is_set_aside(why: str) -> None:
    three = tree.plant()
    ahead = why == "by a clock that was ahead"
    record = tree.call(three.anna, at=NOON) if ahead else tree.call(three.anna, account="", line="desk")
    assert [answer.reason for answer in tree.take([record], tree.NINE)] == ["bad_record" if ahead else "unknown_customer"]
    if not ahead:
        Line.objects.create(customer=three.anna, name="desk", folded_name="desk")

    waiting.set_aside(waiting.waiting_ids(), note="ours", actor=jane, at=NOON + DAY)
    tree.work()

    assert tree.balances() == {
        "globex": [("Anna Ltd", "0", "USD")],
        "acme": [("Globex", "-0.4067", "GBP")],
        "owner": [("Acme", "-0.305", "EUR")],
    }
    assert (WaitingCall.objects.get().customer, WaitingCall.objects.get().state) == (three.anna, WaitingCall.State.SET_ASIDE)
    assert tree.differences() == []


def test_what_is_still_nobodys_is_set_aside_and_paid_for_by_nobody() -> None:
    three = tree.plant()
    tree.take([tree.call(three.anna, account="", line="desk")], tree.NINE)

    waiting.set_aside(waiting.waiting_ids(), note="ours", actor=jane, at=NOON)

    assert (tree.work(), Call.objects.count(), WaitingCall.objects.get().customer) == ([], 0, None)
