"""A parent that has credited calls on its reseller's invoice does not give them back once more when the reseller rates them again (semantics 13)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import new_id
from customers.domain import customers
from customers.models import Customer, PlanAssignment, Standing
from invoicing.domain import credit_notes, invoices, rerating, rerating_orders, wallet_debts
from invoicing.domain.rerating import Named, RatedAgain
from invoicing.models import Call, Document
from tests.support import tree, world
from tests.support.tree import LEVELS, Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST = datetime(2026, 12, 1, 6, tzinfo=UTC)


@pytest.fixture
def three(acme: Any) -> Tree:
    planted = tree.plant()
    tree.take([tree.call(planted.anna), tree.call(planted.anna, "c2")], NOON)
    tree.work()
    return planted


def invoice(schema: str, *, is_credited: bool) -> None:
    """November's invoice of this level to the one below, credited in full."""
    with schema_context(schema):
        invoices.issue_all(date(2026, 12, 1), actor=jane, at=FIRST)
        [document] = Document.objects.filter(kind="invoice")
        if is_credited:
            credit_notes.issue(document, reason="wrong", actor=jane, at=FIRST, key="n")


def all_levels_are_dearer() -> tuple[RatedAgain, list[tuple[str, int]]]:
    """Every plan was the wrong one: each level costs twice as much, and Globex rates its calls again; what changed, and what the preview said stays."""
    told = globex_rates_again("1.22")
    tree.work()
    return told


def globex_rates_again(price: str) -> tuple[RatedAgain, list[tuple[str, int]]]:
    """The same at this price, before the news goes up."""
    for schema in LEVELS:
        with schema_context(schema):
            for assignment in PlanAssignment.objects.select_related("plan"):
                dear = world.plan(f"{price} {assignment.plan.name}"[:60], assignment.plan.currency, {"44": ("United Kingdom", price)})
                PlanAssignment.objects.filter(pk=assignment.pk).update(plan=dear)
    with schema_context("globex"):
        seen = rerating_orders.preview(Call.objects.all())
        done = rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=FIRST)
    return done, seen.reasons


def owed(schema: str, whom: str) -> Decimal:
    return sum((Decimal(amount) for name, amount, _currency in tree.balances()[schema] if name == whom), Decimal(0))


@pytest.mark.rel(7)
def test_calls_credited_at_the_parent_cost_what_they_cost(three: Tree) -> None:
    invoice("acme", is_credited=True)
    assert owed("acme", "Globex") == 0
    before = tree.prices()

    done, stays = all_levels_are_dearer()
    assert (done.changed, stays) == (2, [("Credited or written off on your parent's invoice, or billed there with a wallet's debt: what they cost stays", 2)])
    assert (owed("acme", "Globex"), owed("owner", "Acme")) == (Decimal(0), Decimal("-0.61"))
    assert tree.prices()["acme"] == before["acme"]
    assert tree.differences() == []


@pytest.mark.rel(7)
@pytest.mark.parametrize("is_credited", [True, False])
def test_calls_that_a_billed_debt_of_the_reseller_stands_for_at_its_parent_cost_what_they_cost(acme: Any, is_credited: bool) -> None:
    planted = tree.plant()
    with schema_context("acme"):
        globex = Customer.objects.get(name="Globex")
        customers.change(globex, billing_type="prepaid", actor=jane, at=NOON)
    tree.take([tree.call(planted.anna), tree.call(planted.anna, "c2")], NOON)
    tree.work()
    with schema_context("acme"):
        owes = -Standing.objects.get(customer=globex).wallet
        assert owes > 0
        wallet_debts.bill(globex, owes, actor=jane, at=NOON, key="b")
    if is_credited:
        invoice("acme", is_credited=True)
    before = owed("acme", "Globex")

    done, stays = all_levels_are_dearer()
    assert (done.changed, stays) == (2, [("Credited or written off on your parent's invoice, or billed there with a wallet's debt: what they cost stays", 2)])
    assert owed("acme", "Globex") == before
    assert tree.differences() == []


@pytest.mark.rel(7)
def test_calls_on_an_invoice_that_stands_follow(three: Tree) -> None:
    invoice("acme", is_credited=False)
    billed = owed("acme", "Globex")

    assert all_levels_are_dearer() == (RatedAgain(2, 0), [])
    assert owed("acme", "Globex") < billed
    assert tree.differences() == []


@pytest.mark.rel(7)
def test_a_difference_stops_below_the_level_that_has_credited_the_calls(three: Tree) -> None:
    invoice("owner", is_credited=True)
    before = tree.prices()

    all_levels_are_dearer()
    assert tree.prices()["acme"] != before["acme"]
    assert (owed("owner", "Acme"), tree.prices()["owner"]) == (Decimal(0), before["owner"])
    assert tree.differences() == []


@pytest.mark.rel(7)
def test_calls_that_a_parent_credits_before_the_difference_comes_up_cost_below_what_they_cost(three: Tree) -> None:
    """The news is on its way while the parent writes its note: it is answered by the price that stays."""
    before = tree.prices()
    invoice("acme", is_credited=False)
    assert globex_rates_again("1.22")[0].changed == 2
    with schema_context("acme"):
        [document] = Document.objects.filter(kind="invoice")
        credit_notes.issue(document, reason="wrong", actor=jane, at=FIRST, key="n")

    done = tree.work()
    assert "acme calls.difference_below" in done
    assert owed("acme", "Globex") == 0
    assert [row[:2] for row in tree.prices()["acme"]] == [row[:2] for row in before["acme"]]
    assert [row[2:] for row in tree.prices()["globex"]] == [row[2:] for row in before["globex"]]
    assert [row[0] for row in tree.prices()["globex"]] != [row[0] for row in before["globex"]]
    assert tree.differences() == []

    globex_rates_again("2.44")
    tree.work()
    assert (owed("acme", "Globex"), tree.differences()) == (Decimal(0), [])


@pytest.mark.rel(7)
def test_of_calls_on_the_way_up_those_that_were_not_credited_follow(three: Tree) -> None:
    with schema_context("globex"):
        tree.take([tree.call(three.anna, "c3", at=NOON)], NOON)
    tree.work()
    with schema_context("acme"):
        invoices.issue_all(date(2026, 11, 1), actor=jane, at=FIRST)
    globex_rates_again("1.22")
    with schema_context("acme"):
        credit_notes.issue(Document.objects.get(kind="invoice"), reason="wrong", actor=jane, at=FIRST, key="n")

    tree.work()
    assert [row[0] for row in tree.prices()["acme"]] == ["0.4067", "0.4067", "1.2403"]
    assert [row[2] for row in tree.prices()["globex"]] == ["0.4067", "0.4067", "1.2403"]
    assert tree.differences() == []
