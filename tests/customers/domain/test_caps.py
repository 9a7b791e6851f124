"""How much commerce may raise a credit limit by at once, and whom caps bind (contracts, Rights); amounts by hand: `tests/invoicing/domain/test_caps.py`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import users
from billing_portal.accounts.models import Role, User
from billing_portal.kernel.errors import DomainError
from customers.domain import caps, customers
from customers.models import Customer
from rateplans.models import BillingTerms, OwnExchangeRate
from tests.support import world
from tests.support.people import system, user

D = Decimal
MOST = "Commerce may raise a credit limit by at most 500.00 GBP at once"


@pytest.fixture
def carl(acme: Any) -> Actor:
    """Of commerce, where a credit limit is raised by 500.00 GBP at most and 200.00 GBP are entered at most."""
    BillingTerms.objects.create(raise_cap=D("500.00"), amount_cap=D("200.00"))
    return Actor.of(user("carl", Role.COMMERCE))


@pytest.fixture
def boss(acme: Any) -> Actor:
    return Actor.of(user("boss"))


def refused(verb: Callable[[], object]) -> tuple[str, str, str | None]:
    with pytest.raises(DomainError) as refusal:
        verb()
    return refusal.value.code, refusal.value.message, refusal.value.field


def give(of: Customer, who: Actor, at: datetime, **given: Any) -> Customer:
    return customers.change(of, actor=who, at=at, **given)


def limit(of: Customer) -> tuple[Any, bool]:
    stored = Customer.objects.get(pk=of.pk)
    return stored.credit_limit, stored.credit_unlimited


def test_commerce_raises_a_limit_by_the_cap_and_no_more_and_an_administrator_by_any(carl: Actor, boss: Actor, noon: datetime) -> None:
    anna = world.customer(limit="100.00")

    assert refused(lambda: give(anna, carl, noon, credit_limit=D("600.01"))) == ("over_cap", f"{MOST}; ask an administrator.", "credit_limit")
    assert limit(anna) == (100, False)
    give(anna, carl, noon, credit_limit=D("600.00"))
    assert limit(anna) == (600, False)
    give(anna, boss, noon, credit_limit=D("9000.00"))
    assert limit(anna) == (9000, False)


def test_a_new_customer_begins_at_nothing(carl: Actor, boss: Actor, noon: datetime) -> None:
    plan = world.plan()

    def make(name: str, who: Actor, **credit: Any) -> Customer:
        return customers.create(name, plan=plan, billing_email="a@b.example", actor=who, at=noon, **credit)

    assert refused(lambda: make("Anna", carl, credit_limit=D("500.01")))[::2] == ("over_cap", "credit_limit")
    assert refused(lambda: make("Anna", carl, credit_unlimited=True))[::2] == ("over_cap", "credit_unlimited")
    assert not Customer.objects.exists()
    assert limit(make("Anna", carl, credit_limit=D("500.00"))) == (500, False)
    assert limit(make("Bob", boss, credit_limit=D("500.01"), credit_unlimited=True)) == (D("500.01"), True)


def test_no_limit_at_all_is_more_than_any_cap(carl: Actor, boss: Actor, noon: datetime) -> None:
    anna = world.customer(limit="100.00")

    assert refused(lambda: give(anna, carl, noon, credit_unlimited=True)) == ("over_cap", f"{MOST}; ask an administrator.", "credit_unlimited")
    give(anna, boss, noon, credit_unlimited=True)
    give(anna, carl, noon, city="Leeds")
    give(anna, carl, noon, credit_unlimited=False, credit_limit=D("9000.00"))
    assert limit(anna) == (9000, False)


def test_what_raises_nothing_is_free_whatever_the_limit_is(carl: Actor, noon: datetime) -> None:
    anna = world.customer(limit="9000.00")

    give(anna, carl, noon, city="Leeds", credit_limit=D("9000.00"))
    give(anna, carl, noon, credit_limit=D("8000.00"))
    assert limit(anna) == (8000, False)


def test_a_limit_in_another_currency_counts_at_the_rate_of_the_day(carl: Actor, noon: datetime) -> None:
    anna = world.customer(currency="EUR")
    Customer.objects.filter(pk=anna.pk).update(credit_limit=D("500.00"))
    give(anna, carl, noon, credit_limit=D("0.00"))  # less is less at any rate
    unknown = f"{MOST}, and no exchange rate says what EUR are in GBP today; ask an administrator."
    assert refused(lambda: give(anna, carl, noon, credit_limit=D("1.00"))) == ("no_exchange_rate", unknown, "credit_limit")

    OwnExchangeRate.objects.create(day=date(2026, 11, 20), currency="GBP", per_euro=D("0.8"))
    too_much = f"{MOST}, and this is 500.01 GBP today; ask an administrator."
    assert refused(lambda: give(anna, carl, noon, credit_limit=D("625.01"))) == ("over_cap", too_much, "credit_limit")
    give(anna, carl, noon, credit_limit=D("625.00"))
    assert limit(anna) == (625, False)


def test_the_same_figure_in_a_dearer_currency_is_a_raise(carl: Actor, boss: Actor, noon: datetime) -> None:
    for code, per_euro in (("GBP", "0.8"), ("JPY", "160")):
        OwnExchangeRate.objects.create(day=date(2026, 11, 20), currency=code, per_euro=D(per_euro))
    anna = world.customer(currency="JPY", limit="50000")

    assert refused(lambda: give(anna, carl, noon, currency="GBP"))[::2] == ("over_cap", "credit_limit")
    give(anna, carl, noon, currency="GBP", credit_limit=D("750.00"))
    assert Customer.objects.get().currency == "GBP"


def test_without_a_cap_commerce_is_free(carl: Actor, noon: datetime) -> None:
    BillingTerms.objects.update(raise_cap=None)
    anna = world.customer(currency="EUR")

    give(anna, carl, noon, credit_limit=D("1000000.00"), credit_unlimited=True)
    assert limit(anna) == (1000000, True)


def test_a_cap_of_nothing_lets_nothing_be_raised_or_entered(carl: Actor, noon: datetime) -> None:
    BillingTerms.objects.update(raise_cap=0, amount_cap=0)
    anna = world.customer(limit="1.00")

    assert refused(lambda: give(anna, carl, noon, credit_limit=D("1.01")))[0] == "over_cap"
    assert refused(lambda: caps.require_amount(carl, D("0.01"), "GBP", at=noon))[0] == "over_cap"
    give(anna, carl, noon, city="Leeds")


@pytest.mark.rel(53)
def test_the_role_where_somebody_works_counts_and_not_whom_they_act_for(carl: Actor, boss: Actor, noon: datetime) -> None:
    """Also of who came from a parent, where an id of theirs may be anybody's here."""
    with schema_context("owner"):
        cora, orla = (Actor.of(user(name, role)) for name, role in (("cora", Role.COMMERCE), ("orla", Role.ADMINISTRATOR)))
    bound = [carl, carl.acting_for(world.customer().pk, "Anna Ltd"), replace(cora, schema="owner")]
    free = [boss, system, replace(orla, schema="owner"), Actor.of(user("ann", Role.ACCOUNT_ADMIN)), replace(carl, schema="owner")]

    for who in bound:
        assert refused(lambda who=who: caps.require_amount(who, D("200.01"), "GBP", at=noon))[::2] == ("over_cap", "amount")  # type: ignore[misc]
        caps.require_amount(who, D("200.00"), "GBP", at=noon)
    for who in free:
        caps.require_amount(who, D("200.01"), "GBP", at=noon)


def test_who_was_made_an_administrator_is_bound_no_more_and_the_other_way_round(carl: Actor, boss: Actor, noon: datetime) -> None:
    users.change_role(User.objects.get(username="carl"), Role.ADMINISTRATOR, actor=boss, at=noon)
    caps.require_amount(carl, D("200.01"), "GBP", at=noon)
    users.change_role(User.objects.get(username="carl"), Role.COMMERCE, actor=boss, at=noon)
    with pytest.raises(DomainError, match="over_cap"):
        caps.require_amount(carl, D("200.01"), "GBP", at=noon)
