"""Who saved a field while somebody else's form stood open: named by who saved that field, not by who saved last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import company, users
from billing_portal.accounts.models import Role
from billing_portal.tenancy.models import Reseller
from customers.domain import customers, features, people
from customers.models import Customer
from rateplans.domain import plans, taxes, terms
from tests.support import world
from tests.support.people import START, client, system, user

BEA, CID = Actor.program("Bea Holt"), Actor.program("Cid Moss")
LATER = START + timedelta(minutes=5)


@dataclass(frozen=True)
class Case:
    """A page, the field that two write into, what the first of them stores in it by which verb, and another field that is saved last."""

    address: str
    field: str
    written: Any
    change: Callable[..., object]
    first: dict[str, Any]
    last: dict[str, Any]


def of_a_customer(anna: Customer, field: str, written: Any, **first: Any) -> Case:
    address = f"/customers/{anna.account_number}/edit/"
    return Case(address, field, written, partial(customers.change, anna), first, {"city": "Leeds"})


def of_a_person(anna: Customer) -> Case:
    ann = people.add(anna, full_name="Ann", email="ann@anna.example", actor=system, at=START)
    address = f"/customers/{anna.account_number}/people/{ann.pk}/"
    return Case(address, "full_name", "Ann M", partial(people.change, ann), {"full_name": "Ann B"}, {"email": "ann@new.example"})


def of_a_line(anna: Customer) -> Case:
    line = features.add_line(anna, "1001", actor=system, at=START)
    ann, bob = (people.add(anna, full_name=name, email=f"{name}@anna.example", actor=system, at=START) for name in ("Ann", "Bob"))
    address = f"/customers/{anna.account_number}/lines/{line.pk}/"
    return Case(address, "person", str(bob.pk), partial(features.change_line, line), {"person": ann}, {"description": "Hall"})


def of_a_plan(anna: Customer) -> Case:
    plan = world.plan("Gold")
    return Case(f"/rate-plans/{plan.pk}/change/", "due_days", "7", partial(plans.change, plan), {"due_days": 9}, {"description": "x"})


def of_a_tax(anna: Customer) -> Case:
    tax = world.vat()
    return Case(f"/taxes/{tax.pk}/", "scopes", ["on_calls"], partial(taxes.change, tax), {"on_products": not tax.on_products}, {"name": "GST"})


def of_the_terms(anna: Customer) -> Case:
    return Case("/settings/invoicing-terms/", "due_days", "7", terms.change, {"due_days": 9}, {"document_prefix": "X-"})


def of_a_cap(anna: Customer) -> Case:
    return Case("/settings/invoicing-terms/", "amount_cap", "7.00", terms.change, {"amount_cap": Decimal(9)}, {"raise_cap": Decimal(9)})


def of_the_company(anna: Customer) -> Case:
    acme = Reseller.objects.get(schema_name="acme")

    def change(*, actor: Actor, at: datetime, **given: str) -> None:
        company.change(acme, given, actor=actor, at=at)

    return Case("/settings/company/", "city", "Hull", change, {"city": "York"}, {"support_phone": "0113"})


CASES: dict[str, Callable[[Customer], Case]] = {
    "customer": lambda anna: of_a_customer(anna, "attention", "Ann", attention="Bob"),
    "customer's limit": lambda anna: of_a_customer(anna, "credit_limit", "7.00", credit_limit=Decimal(9)),
    "customer's top-up": lambda anna: of_a_customer(anna, "topup_amount", "7.00", topup="fixed", topup_amount=Decimal(9), low_balance_threshold=Decimal(5)),
    "person": of_a_person,
    "line": of_a_line,
    "plan": of_a_plan,
    "tax": of_a_tax,
    "terms": of_the_terms,
    "cap": of_a_cap,
    "company": of_the_company,
}


@pytest.mark.parametrize("what", CASES)
def test_who_saved_the_field_meanwhile_is_named_and_not_who_saved_another_one_last(acme: Any, what: str) -> None:
    case = CASES[what](world.customer(on=world.plan()))
    browser = client(user("boss"))
    form = browser.get(case.address).context["form"]
    drawn = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    case.change(**case.first, actor=BEA, at=START)
    case.change(**case.last, actor=CID, at=LATER)
    answer = browser.post(case.address, drawn | {case.field: case.written})

    assert answer.status_code == 422
    [said] = answer.context["form"].errors[case.field]
    assert said.startswith("Bea Holt saved “")
    assert "Cid" not in answer.context["form"].errors.as_text()


def test_who_changed_a_role_of_staff_meanwhile_is_named(acme: Any) -> None:
    joan, browser = user("joan"), client(user("boss"))
    drawn = browser.get(f"/settings/staff/{joan.pk}/").context["form"]["drawn"].value()
    users.change_role(joan, Role.SUPPORT, actor=BEA, at=START)

    answer = browser.post(f"/settings/staff/{joan.pk}/", {"drawn": drawn, "role": "reports"})
    assert answer.context["form"].errors["role"] == ["Bea Holt saved “Support” here since you opened this page. Save again to write yours instead."]


@pytest.mark.rel(62)
def test_people_of_a_customer_are_told_the_names_of_their_own_and_of_all_others_the_reseller_s(acme: Any) -> None:
    """Staff, also while switched into the customer, a program, or somebody who came from a parent."""
    anna = world.customer(on=world.plan())
    boss, ann = (people.add(anna, full_name=name, email=f"{name}@anna.example", role="account_admin", actor=system, at=START) for name in ("Boss", "Ann"))
    browser, path, told = client(boss.user), f"/my/people/{ann.pk}/", []
    orla, cid = Actor("Orla Byrne", user_id=ann.user_id, schema="owner"), Actor.of(user("cid", Role.SUPPORT, name="Cid Moss"))
    actors = [Actor.of(ann.user), BEA, cid, cid.acting_for(anna.pk, anna.name), orla, orla.acting_for(anna.pk, anna.name)]
    for name, actor in zip(("A1", "A2", "A3", "A4", "A5", "A6"), actors, strict=True):
        drawn = browser.get(path).context["form"]["drawn"].value()
        people.change(ann, full_name=name, actor=actor, at=START)
        answer = browser.post(path, {"drawn": drawn, "full_name": "Mine", "email": ann.user.email, "role": "account_admin"})
        told.append(str(answer.context["form"].errors["full_name"][0]).partition(" saved")[0])
        at = client(user(f"staff-{name}"))
        page = f"/customers/{anna.account_number}/people/{ann.pk}/"
        drawn = at.get(page).context["form"]["drawn"].value().replace(name, "Before")
        seen = at.post(page, {"drawn": drawn, "full_name": "Mine", "email": ann.user.email, "role": "account_admin"})
        told.append(str(seen.context["form"].errors["full_name"][0]).partition(" saved")[0])

    assert told[::2] == ["Ann", "Acme", "Acme", "Acme", "Acme", "Acme"]
    assert told[1::2] == ["Ann", "Bea Holt", "Cid Moss", "Cid Moss", "Orla Byrne", "Orla Byrne"]
