"""Calls without a price fix nothing at their own level: a wrong currency is put right, and they get their price in the right one (semantics 22, 23)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from customers.domain import customers
from customers.models import Customer, Line
from invoicing.domain import waiting
from invoicing.domain.waiting import RatedAgain
from invoicing.models import Call, WaitingCall
from rateplans.domain import exchange
from tests.support import tree
from tests.support.tree import Tree
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def wrong(acme: Any, noon: datetime) -> Tree:
    """Anna was entered in yen, into which her plan's dollars cannot be converted; her call waits for that, and has climbed."""
    three = tree.plant()
    Customer.objects.filter(pk=three.anna.pk).update(currency="JPY")
    three.anna.refresh_from_db()
    three.anna.accounts.update(currency="JPY")
    assert [(each.status, each.reason) for each in tree.take([tree.call(three.anna)], noon)] == [("queued", "no_exchange_rate")]
    tree.work()
    assert tree.balances()["acme"] == [("Globex", "-0.4067", "GBP")]
    return three


def put_right(three: Tree, noon: datetime) -> None:
    customers.change(three.anna, currency="USD", actor=jane, at=noon)


def quote(noon: datetime, **per_euro: str) -> None:
    for currency, rate in per_euro.items():
        exchange.put(currency, date(2026, 10, 2), Decimal(rate), actor=jane, at=noon)


def test_a_wrong_currency_is_put_right_while_calls_only_wait_and_they_are_billed_in_the_right_one(wrong: Tree, noon: datetime) -> None:
    quote(noon, USD="1.25", GBP="0.75")
    put_right(wrong, noon)
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)

    assert (tree.prices()["globex"], tree.balances()["globex"]) == ([("0.61", "USD", "0.4067", "GBP")], [("Anna Ltd", "-0.61", "USD")])
    assert (tree.work(), tree.balances()["acme"], tree.differences()) == ([], [("Globex", "-0.4067", "GBP")], [])
    assert Call.objects.get().margin_rate == Decimal("0.6")
    with pytest.raises(DomainError, match="currency_fixed"):
        customers.change(wrong.anna, currency="EUR", actor=jane, at=noon)


def test_set_aside_it_stays_at_nothing_and_fixes_no_currency_either(wrong: Tree, noon: datetime) -> None:
    waiting.set_aside(waiting.waiting_ids(), note="ours", actor=jane, at=noon)
    put_right(wrong, noon)

    assert (tree.prices()["globex"], tree.differences()) == ([("0", "USD", "0.4067", "GBP")], [])


def test_a_call_that_is_free_fixes_it_though_others_wait(wrong: Tree, noon: datetime) -> None:
    Line.objects.create(customer=wrong.anna, name="1001")
    tree.take([tree.call(wrong.anna, "free", to="1001")], noon)

    with pytest.raises(DomainError, match="currency_fixed"):
        put_right(wrong, noon)
    assert set(Call.objects.values_list("currency", flat=True)) == {"JPY"}


@pytest.mark.rel(4)
def test_what_the_reseller_owes_above_for_it_fixes_the_reseller_s_own_currency(wrong: Tree, noon: datetime) -> None:
    with schema_context("acme"), pytest.raises(DomainError, match="currency_fixed"):
        customers.change(wrong.globex, currency="EUR", actor=jane, at=noon)


def test_a_call_that_waited_for_an_exchange_rate_has_a_margin_once_there_is_one(wrong: Tree, noon: datetime) -> None:
    quote(noon, USD="1.25", GBP="0.75", JPY="150")
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)

    assert (Call.objects.get().margin_rate, WaitingCall.objects.get().state) == (Decimal("0.005"), "rated")
    assert (tree.prices()["globex"], tree.differences()) == ([("73.2", "JPY", "0.4067", "GBP")], [])
