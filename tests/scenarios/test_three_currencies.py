"""Three levels in three currencies: 2.00 becomes 2.40 becomes 2.64 up to the customer, and each level's money is exact (E1.1, semantics 18 to 26)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import ExchangeRate, Reseller, new_id
from customers.models import Customer, PlanAssignment
from invoicing.domain import margins, rerating, waiting
from invoicing.domain.rerating import Named
from invoicing.models import Call, PriceChange, WaitingCall
from rateplans.models import BillingTerms, OwnExchangeRate, RatePlan
from tests.support import tree, world
from tests.support.tree import Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
THE_DAY_BEFORE = date(2026, 10, 2)
OWN = RatePlan.Inherits.OWN_PLAN
D = Decimal


def at(schema: str) -> None:
    connection.set_tenant(Reseller.objects.get(schema_name=schema))


def row(name: str, schema: str, plan: RatePlan, currency: str) -> Customer:
    return world.customer(name, on=plan, kind=Customer.CustomerKind.RESELLER, reseller_schema=schema, currency=currency, time_zone="UTC")


def rates(**per_euro: str) -> None:
    for currency, units in per_euro.items():
        ExchangeRate.objects.create(day=THE_DAY_BEFORE, currency=currency, per_euro=D(units))


@pytest.fixture
def three(acme: Any) -> Tree:
    """The owner sells for 2.00 EUR a minute; Acme adds 20 % and is owed pounds, Globex adds 10 % to that and is owed dollars."""
    connection.set_schema_to_public()
    Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))
    at("owner")
    acme_row = row("Acme", "acme", world.plan("Wholesale", "EUR", {"44": ("United Kingdom", "2.00")}), "EUR")
    at("acme")
    globex_row = row("Globex", "globex", RatePlan.objects.create(name="For Globex", currency="EUR", inherits=OWN, markup_percent=D(20)), "GBP")
    at("globex")
    retail = RatePlan.objects.create(name="Retail", currency="EUR", inherits=OWN, markup_percent=D(10))
    return Tree(world.customer("Anna Ltd", on=retail, currency="USD", time_zone="America/New_York"), globex_row, acme_row)


def earned(level: str) -> list[str]:
    """The margin of each call of this level."""
    with schema_context(level):
        calls = list(Call.objects.all())
        found = [margins.of(call) for call in calls]
        assert sum((each for each in found if each is not None), D(0)) == sum((each.margin or D(0) for each in margins.sums(Call.objects.all())), D(0))
        return [str(each) for each in found]


def test_every_level_is_exact(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()

    assert tree.prices() == {
        "globex": [("2.9524", "USD", "2.074", "GBP")],  # 61 s at 2.64 EUR, × 1.10
        "acme": [("2.074", "GBP", "2.0333", "EUR")],  # 61 s at 2.40 EUR, × 0.85
        "owner": [("2.0333", "EUR", None, "")],  # 61 s at 2.00 EUR
    }
    assert tree.balances() == {"globex": [("Anna Ltd", "-2.9524", "USD")], "acme": [("Globex", "-2.074", "GBP")], "owner": [("Acme", "-2.0333", "EUR")]}
    assert (earned("globex"), earned("acme"), earned("owner")) == (["0.207400"], ["0.406700"], ["None"])
    assert tree.differences() == []


def test_a_reseller_s_own_rate_wins_for_its_customers_and_for_nobody_else(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    with schema_context("acme"):
        OwnExchangeRate.objects.create(day=THE_DAY_BEFORE, currency="GBP", per_euro=D("0.90"), made_by="Jane")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()

    assert tree.prices()["globex"] == [("2.9524", "USD", "2.196", "GBP")]
    assert earned("globex") == ["0.085400"]
    assert tree.differences() == []


def test_without_a_rate_above_the_call_is_posted_here_and_waits_there(three: Tree) -> None:
    rates(USD="1.10")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()

    assert tree.prices()["globex"] == [("2.9524", "USD", None, "GBP")]
    with schema_context("acme"):
        assert WaitingCall.objects.get().reason == "no_exchange_rate"
    rates(GBP="0.85")
    with schema_context("acme"):
        assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON).rated == 1
    tree.work()

    assert tree.prices()["globex"] == [("2.9524", "USD", "2.074", "GBP")]
    assert tree.prices()["owner"] == [("2.0333", "EUR", None, "")]
    assert (earned("globex"), earned("acme")) == (["0.207400"], ["0.406700"])
    assert tree.differences() == []


def test_the_price_stays_when_the_rate_of_the_day_is_corrected_before_the_climb(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    ExchangeRate.objects.update(per_euro=D("2.00"))
    tree.work()

    assert tree.balances()["acme"] == [("Globex", "-2.074", "GBP")]
    assert tree.differences() == []


def test_a_later_exchange_rate_changes_no_margin(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    before = (earned("globex"), earned("acme"))
    ExchangeRate.objects.update(per_euro=D("2.00"))
    with schema_context("globex"):
        OwnExchangeRate.objects.create(day=THE_DAY_BEFORE, currency="USD", per_euro=D("3.00"), made_by="Jane")

    assert (earned("globex"), earned("acme")) == before == (["0.207400"], ["0.406700"])
    assert tree.prices()["globex"] == [("2.9524", "USD", "2.074", "GBP")]


def again(level: str) -> None:
    """Every call of this level rated again, and all that is owed for it."""
    with schema_context(level):
        rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=NOON)
    tree.work()


def test_rated_again_the_margin_follows_the_rate_that_the_price_follows(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    ExchangeRate.objects.filter(currency="USD").update(per_euro=D("2.20"))
    again("globex")

    assert tree.prices()["globex"] == [("5.9048", "USD", "2.074", "GBP")]
    assert earned("globex") == ["0.207400"]
    with schema_context("globex"):
        assert PriceChange.objects.get().before["margin_rate"] == "0.7727272727"
    assert tree.differences() == []


def test_a_buy_price_from_above_leaves_the_rate_of_the_margin(three: Tree) -> None:
    """Acme corrects its pounds: its price and Globex's buy price follow, but what Globex's price was in pounds does not."""
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    ExchangeRate.objects.filter(currency="GBP").update(per_euro=D("0.80"))
    again("acme")

    assert tree.prices()["globex"] == [("2.9524", "USD", "1.952", "GBP")]
    assert earned("globex") == ["0.329400"]  # 2.9524 USD × 0.7727272727 - 1.952
    assert earned("acme") == ["0.406700"]
    assert tree.differences() == []


def test_a_margin_without_rate_is_empty_until_the_call_is_rated_again(three: Tree) -> None:
    """Globex sells in dollars and Acme in pounds, unconverted; what that is in the currency each buys in is known only when pounds have a rate."""
    rates(USD="1.10")
    for level, currency, price in (("globex", "USD", "3.00"), ("acme", "GBP", "2.00")):
        with schema_context(level):
            PlanAssignment.objects.update(plan=world.plan("Unconverted", currency, {"44": ("United Kingdom", price)}))
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    assert (earned("globex"), earned("acme")) == (["None"], ["None"])
    rates(GBP="0.85")
    assert (earned("globex"), earned("acme")) == (["None"], ["None"])
    again("globex")
    again("acme")

    assert (earned("globex"), earned("acme")) == (["0.323518"], ["0.358818"])
    again("acme")
    assert earned("acme") == ["0.358818"]


def test_calls_posted_before_rates_were_kept_with_them_get_the_one_of_their_day(three: Tree) -> None:
    rates(USD="1.10", GBP="0.85")
    tree.take([tree.call(three.anna)], NOON)
    tree.work()
    fill = import_module("invoicing.migrations.0008_the_rate_of_a_margin").FILL
    for level, expected in (("globex", ["0.207400"]), ("acme", ["0.406700"]), ("owner", ["None"])):
        with schema_context(level), connection.cursor() as cursor:
            Call.objects.update(margin_rate=None)
            cursor.execute(fill)
            assert earned(level) == expected


def test_the_root_s_cost_plan_follows_its_sources(owner: Any) -> None:
    carriers = world.plan("Carriers", "USD", {"44": ("United Kingdom", "1.00")})
    dearer = RatePlan.objects.create(name="Dearer", currency="USD", inherits=RatePlan.Inherits.PLAN, source=carriers, markup_percent=D(50))
    terms = BillingTerms.objects.get_or_create(only=True)[0]
    terms.cost_plan = dearer
    terms.save()
    anna = world.customer("Anna Ltd", on=world.plan("Retail", "EUR", {"44": ("United Kingdom", "2.00")}), currency="EUR")
    rates(USD="1.10")
    tree.take([tree.call(anna)], NOON)

    assert tree.prices()["owner"] == [("2.0333", "EUR", "1.525", "USD")]
    assert earned("owner") == ["0.711630"]
