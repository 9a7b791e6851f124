"""E1.1: the carrier takes 2.00, the owner 20 % more, the reseller 10 % more; and what is paid in another currency."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import ExchangeRate, Reseller
from customers.models import Customer
from invoicing.domain import calls, rate_origins
from invoicing.models import Call, WaitingCall
from rateplans.domain import plans
from rateplans.models import OwnExchangeRate, RatePlan
from tests.support import tree, world
from tests.support.world import jane

NUMBERS = {"4420": ("London", "2.00")}


@pytest.fixture
def anna(acme: Any, noon: datetime) -> Customer:
    """A customer of Acme on its plan Retail, 10 % above what Acme pays the owner, which is 20 % above the carrier's price."""
    with schema_context("owner"):
        carrier = world.plan("Carrier", "GBP", NUMBERS)
        resellers = plans.create(name="Resellers", inherits="plan", source=carrier, markup_percent=Decimal(20), actor=jane, at=noon)
        world.customer("Acme", on=resellers, kind="reseller", reseller_schema="acme")
    retail = plans.create(name="Retail", inherits="own_plan", markup_percent=Decimal(10), actor=jane, at=noon)
    return world.customer(on=retail)


def told(call: Call) -> list[tuple[str, str]]:
    return [(step.text, step.value) for step in calls.explain(call, rate_origins.of([call]).get(call.pk, ()))]


def test_a_call_shows_how_2_00_became_2_64(anna: Customer, noon: datetime) -> None:
    tree.take([tree.call(anna, seconds=60)], noon)
    call = Call.objects.get()
    assert (call.price, world.balance(anna)) == (Decimal("2.64"), Decimal("-2.64"))
    assert told(call)[:4] == [
        ("Matched rate 4420 London", "4420"),
        ("Rate of “Carrier”", "2.0000"),
        ("Mark-up 20 % of “Resellers”", "2.4000"),
        ("Mark-up 10 % of “Retail”", "2.6400"),
    ]


def test_a_reseller_is_told_the_chain_from_what_it_pays(anna: Customer, noon: datetime) -> None:
    """What the owner pays its carrier, and adds, is the owner's affair (reliability 60)."""
    tree.take([tree.call(anna, seconds=60)], noon)
    call = Call.objects.get()
    below, above = (rate_origins.of([call], seen_from=schema)[call.pk] for schema in ("acme", "owner"))
    assert [(step.text, step.value) for step in below] == [("Your own rate plan at Portal", "2.4000"), ("Mark-up 10 % of “Retail”", "2.6400")]
    assert [step.value for step in above] == ["2.0000", "2.4000", "2.6400"]


def test_a_new_mark_up_leaves_earlier_calls_as_they_were(anna: Customer, noon: datetime) -> None:
    tree.take([tree.call(anna, seconds=60)], noon)
    plans.change(RatePlan.objects.get(), markup_percent=Decimal(50), actor=jane, at=noon)
    assert ("Mark-up 10 % of “Retail”", "2.6400") in told(Call.objects.get())


def test_customers_are_not_told_the_chain(anna: Customer, noon: datetime) -> None:
    tree.take([tree.call(anna, seconds=60)], noon)
    assert [step.label_code for step in calls.explain(Call.objects.get())][:2] == ["matched", "talked"]


@pytest.fixture
def rates(acme: Any) -> None:
    ExchangeRate.objects.create(day=date(2026, 10, 1), currency="GBP", per_euro=Decimal("0.8765"))
    ExchangeRate.objects.create(day=date(2026, 10, 1), currency="USD", per_euro=Decimal("1.1573"))


def paid_in(currency: str, noon: datetime, seconds: int = 61) -> Call:
    customer = world.customer("Carl Ltd", on=world.plan("Pounds", "GBP", {"4420": ("London", "0.0617")}), currency=currency)
    tree.take([tree.call(customer, seconds=seconds)], noon)
    return Call.objects.get()


def test_a_call_is_converted_unrounded_and_rounded_once(rates: None, noon: datetime) -> None:
    call = paid_in("USD", noon)
    assert (call.currency, str(call.exchange_rate), str(call.price)) == ("USD", "1.3203650884", "0.082800")
    assert str(call.net) == "0.062728333333"
    assert told(call)[-2:] == [("Converted at 1.3203650884", "0.082824"), ("Price, rounded once", "0.0828")]


def test_a_resellers_own_rate_wins_for_its_customers(rates: None, noon: datetime) -> None:
    OwnExchangeRate.objects.create(day=date(2026, 9, 28), currency="USD", per_euro=Decimal("1.2"), made_by="Jane")
    assert str(paid_in("USD", noon).exchange_rate) == "1.3690815744"


def test_a_call_without_a_rate_of_its_day_waits(rates: None, noon: datetime) -> None:
    customer = world.customer("Carl Ltd", on=world.plan("Pounds", "GBP"), currency="JPY")
    assert [answer.reason for answer in tree.take([tree.call(customer)], noon)] == ["no_exchange_rate"]
    assert not Call.objects.exists()


def test_a_plan_taken_back_leaves_calls_waiting_with_the_reason(acme: Any, noon: datetime) -> None:
    with schema_context("owner"):
        shared = world.plan("Worldwide", "GBP", NUMBERS)
    pointer = RatePlan.objects.create(name="Worldwide", currency="GBP", inherits="shared", shared_schema="owner", shared_plan_id=shared.pk)
    customer = world.customer(on=pointer)
    tree.take([tree.call(customer)], noon)
    waiting = WaitingCall.objects.get()
    assert (waiting.reason, waiting.detail) == ("no_plan", "“Worldwide” is no longer shared with you.")


def test_three_levels_in_three_currencies_inherit_one_price(globex: Any, noon: datetime) -> None:
    """The carrier takes 2.00 EUR; Acme owes the owner GBP, Globex owes Acme JPY, and Anna pays Globex in USD."""
    below: dict[str, Any] = {"inherits": "own_plan", "actor": jane, "at": noon}
    with schema_context("public"):
        Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))
        for currency, units in (("GBP", "0.8765"), ("USD", "1.1573"), ("JPY", "163.27")):
            ExchangeRate.objects.create(day=date(2026, 10, 2), currency=currency, per_euro=Decimal(units))
    with schema_context("owner"):
        resellers = plans.create(
            name="Resellers", inherits="plan", source=world.plan("Carrier", "EUR", NUMBERS), markup_percent=Decimal(20), actor=jane, at=noon
        )
        world.customer("Acme", on=resellers, kind="reseller", reseller_schema="acme", currency="GBP")
    with schema_context("acme"):
        wholesale = plans.create(name="Wholesale", markup_percent=Decimal(10), precision=2, **below)
        world.customer("Globex", on=wholesale, kind="reseller", reseller_schema="globex", currency="JPY")
    connection.set_tenant(Reseller.objects.get(schema_name="globex"))
    anna = world.customer("Anna Ltd", on=plans.create(name="Retail", markup_percent=Decimal("12.5"), precision=6, **below), currency="USD")

    tree.take([tree.call(anna, seconds=61)], noon)
    tree.work()

    assert tree.prices() == {
        "globex": [("3.494467", "USD", "438.22", "JPY")],
        "acme": [("438.22", "JPY", "2.1387", "GBP")],
        "owner": [("2.1387", "GBP", None, "")],
    }
    assert tree.differences() == []
