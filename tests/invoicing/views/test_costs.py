"""Cost and margin of calls: for those who may see them, in lists, sums, files and the reason of a price."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from billing_portal.tenancy.models import ExchangeRate
from customers.models import Customer, Person, PlanAssignment
from invoicing.domain import margins
from invoicing.models import Call
from invoicing.views.calls import COSTS_HEADER
from rateplans.models import OwnExchangeRate, RatePlan
from tests.support import tree, world
from tests.support.people import client, user
from tests.support.tree import Tree

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
D = Decimal


@pytest.fixture
def three(acme: Any) -> Tree:
    """Two calls sold in pounds at the bottom for 0.61 each, bought for 0.4067; and one for which Acme has no price."""
    made = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    Customer.objects.filter(pk=made.anna.pk).update(currency="GBP")
    made.anna.accounts.update(currency="GBP")
    PlanAssignment.objects.update(plan=world.plan("In pounds", "GBP", tree.RATES))
    tree.take([tree.call(made.anna), tree.call(made.anna, "c2"), tree.call(made.anna, "c3", to=tree.PARIS)], NOON)
    return made


def page(role: Role, address: str = "/calls/") -> Any:
    return client(user(f"gus-{role}", role)).get(address)


def test_the_margin_is_the_price_less_the_buy_price(three: Tree) -> None:
    assert sorted(str(margins.of(call)) for call in Call.objects.all()) == ["0.203300", "0.203300", "None"]
    [earned] = margins.sums(Call.objects.all())
    assert (earned.currency, earned.bought_in, earned.cost, earned.margin) == ("GBP", "GBP", D("0.8134"), D("0.4066"))


def test_an_exchange_rate_written_for_a_day_gone_by_changes_no_margin(acme: Any) -> None:
    made = tree.plant(rates={"44": ("United Kingdom", "2.64")}, at_acme={"44": ("United Kingdom", "2.40")})
    RatePlan.objects.update(currency="GBP")
    Customer.objects.filter(pk=made.anna.pk).update(currency="JPY")
    made.anna.accounts.update(currency="JPY")
    for currency, units in (("JPY", "100"), ("GBP", "1")):
        ExchangeRate.objects.create(day=date(2026, 10, 1), currency=currency, per_euro=D(units))
    tree.take([tree.call(made.anna, seconds=7)], NOON)
    written = client(user("adam", Role.ADMINISTRATOR)).post("/settings/currencies/new/", {"currency": "JPY", "day": "2026-10-02", "per_euro": "200"})
    answer = page(Role.COMMERCE)

    assert (written.status_code, OwnExchangeRate.objects.get().per_euro) == (302, D(200))
    [row], [total] = answer.context["rows"], answer.context["totals"]
    assert (row.call.price, row.call.buy_price, row.margin) == (D("30.8"), D("0.28"), D("0.028"))
    assert [each.margin for each in total["earned"]] == [D("0.028")]


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.COMMERCE, Role.REPORTS])
def test_cost_margin_and_their_sums_stand_in_the_list(three: Tree, role: Role) -> None:
    answer = page(role)
    text = answer.content.decode()

    assert [(row.call.buy_price, row.margin) for row in answer.context["rows"] if row.call.number == tree.LONDON] == [(D("0.4067"), D("0.203300"))] * 2
    for part in ("Cost", "Margin", "0.4067", "0.2033", "Buy price", "waits at the parent"):
        assert part in text
    [total] = answer.context["totals"]
    assert [(each.cost, each.margin) for each in total["earned"]] == [(D("0.8134"), D("0.4066"))]


def test_the_customer_s_tab_has_them_too(three: Tree) -> None:
    assert "0.2033" in page(Role.COMMERCE, f"/customers/{three.anna.account_number}/calls/").content.decode()


def test_support_sees_none_of_it(three: Tree) -> None:
    theirs = client(user("sam", Role.SUPPORT))
    for address in ("/calls/", f"/customers/{three.anna.account_number}/calls/"):
        text = theirs.get(address).content.decode()
        assert "0.6100" in text
        for part in ("Cost", "Margin", "0.4067", "0.2033", "Buy price"):
            assert part not in text


def test_people_see_none_of_it(three: Tree) -> None:
    anna = user("ann", Role.ACCOUNT_ADMIN)
    Person.objects.create(user=anna, customer=three.anna)
    theirs: Any = client(anna)
    text = theirs.get("/my/calls/").content.decode()
    file = b"".join(theirs.get("/my/calls/calls.csv").streaming_content).decode()

    assert "0.6100" in text
    assert not {"Margin", "0.4067", "0.2033"} & set(text.replace("<", " ").replace(">", " ").split())
    assert "0.4067" not in file


def test_the_file_has_them(three: Tree) -> None:
    file = b"".join(page(Role.COMMERCE, "/calls/calls.csv?sort=price").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file)))

    assert rows[0] == list(COSTS_HEADER)
    assert sorted(row[-5:] for row in rows[1:]) == [
        ["0.6100", "GBP", "0.406700", "0.203300", "GBP"],
        ["0.6100", "GBP", "0.406700", "0.203300", "GBP"],
        ["1.2200", "GBP", "", "", "GBP"],
    ]


def test_without_a_parent_and_cost_plan_they_are_empty_and_never_zero(owner: Any) -> None:
    anna = world.customer("Anna Ltd", on=world.plan("Retail", "EUR", tree.RATES), currency="EUR")
    tree.take([tree.call(anna)], NOON)
    answer = page(Role.ADMINISTRATOR)

    assert [(row.call.buy_price, row.margin) for row in answer.context["rows"]] == [(None, None)]
    assert answer.context["totals"][0]["earned"] == []


def test_a_call_tells_its_reseller_no_price_of_a_level_further_up(acme: Any) -> None:
    """Globex pays Acme 2.40 a minute; that Acme pays the owner 2.00 stands on no page of Globex, and on Acme's."""
    made = tree.plant(at_owner={"44": ("United Kingdom", "2.00")})
    with schema_context("acme"):
        plan = RatePlan.objects.create(name="For Globex", currency="EUR", inherits=RatePlan.Inherits.OWN_PLAN, markup_percent=D(20))
        PlanAssignment.objects.update(plan=plan)
        Customer.objects.filter(pk=made.globex.pk).update(currency="EUR")
        made.globex.accounts.update(currency="EUR")
    retail = RatePlan.objects.create(name="Mine", currency="EUR", inherits=RatePlan.Inherits.OWN_PLAN, markup_percent=D(10))
    PlanAssignment.objects.update(plan=retail)
    Customer.objects.filter(pk=made.anna.pk).update(currency="EUR")
    made.anna.accounts.update(currency="EUR")
    tree.take([tree.call(made.anna, seconds=60)], NOON)
    tree.work()

    below = page(Role.ADMINISTRATOR)
    assert [(step.text, step.value) for step in below.context["rows"][0].steps][1:3] == [
        ("Your own rate plan at Acme", "2.4000"),
        ("Mark-up 10 % of “Mine”", "2.6400"),
    ]
    assert not [secret for secret in ("Wholesale", "For Globex", "2.0000") if secret in below.content.decode()]
    with schema_context("acme"):
        above = page(Role.ADMINISTRATOR)
    assert [step.text for step in above.context["rows"][0].steps][1:3] == ["Your own rate plan at Portal", "Mark-up 20 % of “For Globex”"]
    assert "2.0000" in above.content.decode()
