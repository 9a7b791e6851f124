"""Two people save the same thing in the same moment: what each of them changed is there afterwards."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from billing_portal.accounts.models import Role, User
from billing_portal.tenancy.models import Reseller
from customers.domain import people
from customers.models import Customer, Line, Standing
from rateplans.models import BillingTerms, RatePlan, Tax
from tests.support import world
from tests.support.people import START, client, system, user

LOCKS = re.compile("FOR (NO KEY )?UPDATE")


def just_before(model: type[Model], work: Callable[[], object]) -> AbstractContextManager[None]:
    """Somebody else's `work` is done when a page has read its form and is about to lock a row of `model`: once."""
    left = [work]

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        if left and LOCKS.search(sql) and f'FROM "{model._meta.db_table}"' in sql:
            left.pop()()
        return execute(sql, *rest)

    return connection.execute_wrapper(watch)


def save(address: str, model: type[Model], work: Callable[[], object], **written: Any) -> None:
    """A page is opened, written into and saved, with somebody else's work in the middle of it."""
    browser = client(user("boss"))
    form = browser.get(address).context["form"]
    drawn = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    done: list[object] = []
    with just_before(model, lambda: done.append(work())):
        answer = browser.post(address, drawn | written)
    assert (answer.status_code, len(done)) == (302, 1)


@pytest.fixture
def anna(acme: Reseller) -> Customer:
    return world.customer(on=world.plan())


def test_of_a_person(anna: Customer) -> None:
    ann = people.add(anna, full_name="Ann", email="ann@anna.example", actor=system, at=START)
    others = User.objects.filter(pk=ann.user_id)
    save(
        f"/customers/{anna.account_number}/people/{ann.pk}/",
        User,
        lambda: others.update(role=Role.ACCOUNT_ADMIN, email="ann@new.example"),
        full_name="Ann Miller",
    )

    assert list(others.values_list("full_name", "email", "role")) == [("Ann Miller", "ann@new.example", "account_admin")]


def test_of_a_line(anna: Customer) -> None:
    ann = people.add(anna, full_name="Ann", email="ann@anna.example", actor=system, at=START)
    others = Line.objects.filter(pk=Line.objects.create(customer=anna, name="1001", description="Hall").pk)
    address = f"/customers/{anna.account_number}/lines/{others.get().pk}/"
    save(address, Line, lambda: others.update(person=ann), description="Lobby")
    assert list(others.values_list("description", "person")) == [("Lobby", ann.pk)]

    User.objects.filter(username="boss").delete()
    save(address, Line, lambda: others.update(description="Lift"), person="")
    assert (others.get().description, others.get().person) == ("Lift", None)


def test_of_the_company(acme: Reseller) -> None:
    others = Reseller.objects.filter(pk=acme.pk)
    save("/settings/company/", Reseller, lambda: others.update(company_number="0123", name="Acme Calls"), support_phone="0113")

    assert list(others.values_list("company_number", "name", "support_phone")) == [("0123", "Acme Calls", "0113")]


@pytest.mark.parametrize("saved_before", [True, False])
def test_of_the_terms(owner: Reseller, saved_before: bool) -> None:
    if saved_before:
        BillingTerms.objects.create()
    plan = world.plan("Carriers")

    def work() -> None:
        BillingTerms.objects.update_or_create(only=True, defaults={"document_prefix": "HV-", "cost_plan": plan})

    save("/settings/invoicing-terms/", BillingTerms, work, due_days="9")

    assert list(BillingTerms.objects.values_list("document_prefix", "cost_plan", "due_days")) == [("HV-", plan.pk, 9)]


def test_of_a_tax_kind_by_kind(acme: Reseller) -> None:
    others = Tax.objects.filter(pk=world.vat().pk)
    written = ["on_account_fees", "on_features", "on_products", "on_charges"]
    save(f"/taxes/{others.get().pk}/", Tax, lambda: others.update(on_products=False, percent=Decimal(21)), scopes=written)

    assert list(others.values_list("on_calls", "on_products", "on_charges", "percent")) == [(False, False, True, Decimal(21))]


def test_of_a_rate_plan(acme: Reseller) -> None:
    others = RatePlan.objects.filter(pk=world.plan().pk)
    save(f"/rate-plans/{others.get().pk}/change/", RatePlan, lambda: others.update(description="For all"), name="Dear")

    assert list(others.values_list("name", "description")) == [("Dear", "For all")]


def test_of_a_customer(anna: Customer) -> None:
    others = Customer.objects.filter(pk=anna.pk)
    save(f"/customers/{anna.account_number}/edit/", Standing, lambda: others.update(city="Leeds"), description="called today")

    assert list(others.values_list("city", "description")) == [("Leeds", "called today")]


def test_of_a_role(acme: Reseller) -> None:
    others = User.objects.filter(pk=user("sam", Role.SUPPORT).pk)
    save(f"/settings/staff/{others.get().pk}/", User, lambda: others.update(role=Role.REPORTS))

    assert others.get().role == Role.REPORTS
