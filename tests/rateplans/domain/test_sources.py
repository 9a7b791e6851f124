"""Plans across the tree: mark-ups upon mark-ups, rates in their place, plans a parent shares, and what cannot be followed."""

from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from customers.models import Customer, PlanAssignment
from rateplans.domain import decks, quotes
from rateplans.domain.deck import DeckCache, RateDeck
from rateplans.domain.sources import Resolver, chain_of
from rateplans.models import RatePlan
from tests.rateplans.steps import HOUR, NOON, load
from tests.support import world

NUMBER = "442079460991"
LONDON = {"4420": ("London", "2.00")}


def acme_at_owner(plan: RatePlan) -> Customer:
    """Acme as a customer of the owner, on this plan."""
    return world.customer("Acme", on=plan, kind="reseller", reseller_schema="acme", currency=plan.currency)


def heir(name: str, of: RatePlan, markup: str = "0", **given: Any) -> RatePlan:
    return RatePlan.objects.create(name=name, currency=of.currency, inherits="plan", source=of, markup_percent=Decimal(markup), **given)


@pytest.fixture
def retail(acme: Any) -> RatePlan:
    """E1.1: the carrier takes 2.00, the owner adds 20 %, Acme 10 %."""
    with schema_context("owner"):
        carrier = world.plan("Carrier", "GBP", LONDON)
        acme_at_owner(heir("Resellers", carrier, "20"))
    return RatePlan.objects.create(name="Retail", currency="GBP", inherits="own_plan", markup_percent=Decimal(10))


def price(plan: RatePlan, seconds: int = 60, number: str = NUMBER) -> str:
    return str(quotes.quote(plan, number, seconds=seconds, at=NOON).priced.price)


def why_not(plan: RatePlan) -> str:
    with pytest.raises(DomainError) as refused:
        Resolver().chain(plan, NOON)
    return refused.value.code


def test_the_chain_of_mark_ups_is_2_00_then_2_40_then_2_64(retail: RatePlan) -> None:
    steps = quotes.quote(retail, NUMBER, seconds=60, at=NOON).priced.steps
    assert [(step.label_code, step.text, step.value) for step in steps] == [
        ("matched", "Matched rate 4420 London", "4420"),
        ("source", "Rate of “Carrier”", "2.0000"),
        ("markup", "Mark-up 20 % of “Resellers”", "2.4000"),
        ("markup", "Mark-up 10 % of “Retail”", "2.6400"),
        ("talked", "Talked 1 min", "60"),
        ("increments", "Increments 1/1: 60 s billed", "60"),
        ("usage", "60 s at 2.6400 a minute", "2.6400"),
        ("price", "Price, rounded once", "2.6400"),
    ]


def test_nothing_is_rounded_between_the_levels(acme: Any) -> None:
    third = heir("Third", heir("Second", heir("First", world.plan("Base", "GBP", {"4420": ("London", "0.000333")}), "33.33"), "12.34"), "7.77")
    found = decks.deck_of(third, NOON)
    assert found is not None
    assert str(found[1].rates[0].per_minute) == "0.000537532113281202"
    assert price(third, 6000) == "0.0538"


def test_a_rate_of_its_own_replaces_the_inherited_one_and_is_not_marked_up(acme: Any) -> None:
    base = world.plan("Base", "GBP", LONDON | {"44": ("United Kingdom", "1.00"), "33": ("France", "0.50")})
    plan = heir("Heir", base, "50")
    load(plan, b"prefix,destination,per minute\n44,United Kingdom,0.70\n")
    assert [price(plan, number=number) for number in (NUMBER, "441514960123", "33144960123")] == ["3.0000", "0.7000", "0.7500"]
    steps = quotes.quote(plan, "441514960123", seconds=60, at=NOON).priced.steps
    assert [(step.text, step.value) for step in steps[1:3]] == [("Rate of “Heir”", "0.7000"), ("Talked 1 min", "60")]


def test_a_deck_is_expected_to_hold_the_rates_of_all_its_sources(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Watched(DeckCache):
        def get(self, key: Hashable, build: Callable[[], RateDeck], *, expected: int = 0) -> RateDeck:
            asked.append(expected)
            return super().get(key, build, expected=expected)

    monkeypatch.setattr(decks, "_decks", Watched())
    base = world.plan("Base", "GBP", LONDON | {"44": ("United Kingdom", "1.00"), "33": ("France", "0.50")})
    plan = heir("Heir", base, "50")
    load(plan, b"prefix,destination,per minute\n34,Spain,0.70\n")
    found = [decks.deck_of(each, NOON) for each in (base, plan)]

    assert asked == [len(each[1]) for each in found if each] == [3, 4]


def test_an_heir_adds_to_connection_and_minimum_and_keeps_the_increments(acme: Any) -> None:
    base = world.plan("Base", "GBP", {})
    load(base, b"prefix,destination,per minute,connection charge,initial increment,increment,minimum\n44,UK,0.10,0.02,60,6,0.15\n")
    found = decks.deck_of(heir("Heir", base, "10"), NOON)
    assert found is not None
    rate = found[1].rates[0]
    assert (str(rate.per_minute), str(rate.connection_charge), str(rate.minimum)) == ("0.110000", "0.022000", "0.165000")
    assert (rate.initial_increment, rate.increment) == (60, 6)


def test_a_new_version_of_a_source_counts_at_once_for_its_heirs(retail: RatePlan) -> None:
    assert price(retail) == "2.6400"
    with schema_context("owner"):
        load(RatePlan.objects.get(name="Carrier"), b"prefix,destination,per minute\n4420,London,3\n", at=NOON - HOUR)
    assert price(retail) == "3.9600"
    then = quotes.quote(retail, NUMBER, seconds=60, at=NOON - 2 * HOUR)
    assert str(then.priced.price) == "2.6400"


def test_another_plan_at_the_parent_counts_from_its_moment(retail: RatePlan) -> None:
    with schema_context("owner"):
        better = heir("Better", RatePlan.objects.get(name="Carrier"), "5")
        PlanAssignment.objects.create(customer=Customer.objects.get(reseller_schema="acme"), plan=better, valid_from=NOON)
    assert price(retail) == "2.3100"
    assert str(quotes.quote(retail, NUMBER, seconds=60, at=NOON - HOUR).priced.price) == "2.6400"


def test_without_a_plan_at_the_parent_nothing_is_priced(acme: Any) -> None:
    assert why_not(RatePlan.objects.create(name="Retail", currency="GBP", inherits="own_plan")) == "no_own_plan"


def test_a_source_in_another_currency_prices_nothing(retail: RatePlan) -> None:
    with schema_context("owner"):
        dollars = world.plan("Dollars", "USD", LONDON)
        PlanAssignment.objects.update(plan=dollars)
    assert why_not(retail) == "source_currency"


@pytest.mark.rel(60)
@pytest.mark.parametrize(("at_fault", "change"), [("source_currency", {"currency": "USD"}), ("not_shared", {"inherits": "shared", "withdrawn": True})])
def test_what_is_wrong_at_the_parent_names_no_plan_of_the_parents(retail: RatePlan, at_fault: str, change: dict[str, Any]) -> None:
    with schema_context("owner"):
        carrier = RatePlan.objects.get(name="Carrier")
        secret = heir("Secret", carrier, "5")
        PlanAssignment.objects.update(plan=secret)
        if at_fault == "source_currency":
            RatePlan.objects.filter(pk=carrier.pk).update(currency="USD")
        else:
            given = {"source": None, "shared_schema": "owner", "shared_plan_id": carrier.pk, "markup_percent": 0}
            RatePlan.objects.filter(pk=secret.pk).update(**change, **given)
        with pytest.raises(DomainError, match="Secret") as at_home:
            Resolver().chain(RatePlan.objects.get(pk=secret.pk), NOON)
    with pytest.raises(DomainError) as below:
        Resolver().chain(retail, NOON)

    assert (at_home.value.code, below.value.code) == (at_fault, at_fault)
    assert below.value.message == "Your parent's rate plan gives no prices just now. Ask your parent."


def test_the_chain_of_a_plan_without_rates_is_none(acme: Any) -> None:
    base = RatePlan.objects.create(name="Base", currency="GBP")
    assert chain_of(base, NOON) is None
    assert why_not(heir("Heir", base, "10")) == "no_rates"


@pytest.fixture
def pointer(acme: Any) -> RatePlan:
    """A plan of the owner that Acme may give to its customers."""
    with schema_context("owner"):
        shared = world.plan("Worldwide", "GBP", LONDON, sharing="resellers", precision=2)
    return RatePlan.objects.create(name="Worldwide", currency="GBP", inherits="shared", shared_schema="owner", shared_plan_id=shared.pk)


def test_a_shared_plan_brings_prices_and_precision_of_its_source(pointer: RatePlan) -> None:
    assert price(pointer, 7) == "0.23"


def test_a_shared_plan_can_be_marked_up_by_a_plan_of_ones_own(pointer: RatePlan) -> None:
    assert price(heir("Dearer", pointer, "25"), 60) == "2.5000"


@pytest.mark.parametrize("taken_back", [{"sharing": "private"}])
def test_a_plan_no_longer_shared_prices_nothing(pointer: RatePlan, taken_back: dict[str, str]) -> None:
    with schema_context("owner"):
        RatePlan.objects.update(**taken_back)
    assert why_not(pointer) == "not_shared"


def test_a_plan_shared_with_resellers_does_not_reach_their_resellers(pointer: RatePlan, globex: Any) -> None:
    from billing_portal.tenancy.models import Reseller

    with schema_context("public"):
        Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))
    own = {"name": "Worldwide", "currency": "GBP", "inherits": "shared", "shared_schema": "owner", "shared_plan_id": pointer.shared_plan_id}
    below = RatePlan.objects.create(**own)
    assert why_not(below) == "not_shared"
    with schema_context("owner"):
        RatePlan.objects.update(sharing="recursive")
    assert price(below) == "2.00"
