"""A switch leaves no way back in: every address that takes a form, posted to by somebody of a parent and by staff who manage a customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, transaction

from billing_portal.accounts.models import ApiKey, SignInName, User
from billing_portal.jobs.models import Job
from billing_portal.mail import personal
from billing_portal.mail.models import MailLog
from customers.domain import reseller_orders
from rateplans.models import RatePlan
from tests.isolation.actors import ASKERS, Asker, same_cookies
from tests.isolation.arguments import Belongings
from tests.isolation.filled_in import completed, forms_of
from tests.isolation.furnished import Furnished
from tests.isolation.rights_table import CUSTOMER, filled
from tests.isolation.switch_table import NAMES_NOBODY, NOBODY, OWN_STAFF, TABLE
from tests.isolation.watch import counted
from tests.sizes import FULL
from tests.support import addresses
from tests.support.addresses import Address, takes_forms

pytestmark = [pytest.mark.django_db, pytest.mark.rel(69), pytest.mark.rel(71)]

SHUT = {NOBODY, OWN_STAFF}
THEIRS = {"full_name": "Orla", "username": "sleeper", "email": "orla@home.example", "billing_email": "orla@home.example"}
RESELLER = {"name": "Sleeper", "admin_email": "orla@home.example", "currency": "EUR", "time_zone": "UTC", "credit_unlimited": "on"}


def taking_forms() -> Iterator[Address]:
    """The addresses that somebody signed in may post to, signing out with them."""
    for address in addresses.every():
        if address.name == "account_logout" or (takes_forms(address.view) and address.audience not in {"public", "library"}):
            yield address


def test_the_table_tells_every_address_that_takes_a_form() -> None:
    assert {address.name for address in taking_forms()} == set(TABLE)


@pytest.mark.parametrize("who", ["from the parent", "from the parent into a customer", "switched into a customer"])
def test_every_address_does_what_the_table_says_and_lets_nobody_in(resellers: dict[str, Furnished], who: str) -> None:
    """Whom it is shut to gets a 403 that changes nothing; where it is open, nobody can sign in afterwards who could not before, by no name and no mail."""
    asker = ASKERS[who](resellers)
    of_parent, into = asker.home != "", bool(asker.own)
    wrong = []
    for number, address in enumerate(taking_forms()):
        if not FULL and TABLE[address.name] == NAMES_NOBODY and number % 3:
            continue
        if address.audience == ("staff" if into else "people"):
            continue
        with transaction.atomic(), same_cookies(asker.browser):
            shut = TABLE[address.name] == NOBODY or (of_parent and TABLE[address.name] == OWN_STAFF)
            problem = posted(asker, address, Belongings(resellers["acme"], "Anna"), shut=shut, of_parent=of_parent)
            transaction.set_rollback(True)
        wrong += [f"{address}: {problem}"] if problem else []

    assert not wrong, "\n".join(wrong)


def posted(asker: Asker, address: Address, own: Belongings, *, shut: bool, of_parent: bool) -> str:
    """What is wrong with the answer; empty when it is as the table says."""
    connection.set_tenant(own.of.reseller())
    path, before = own.path(address), ways_in()
    shown: Any = {} if shut else asker.browser.get(path)
    data = {name: value for form in forms_of(shown) for name, value in completed(form).items()} if shown else {}
    known = THEIRS | {"role": "account_admin" if "people" in path else "administrator"} | special(address, own)
    written = counted()
    answer: Any = asker.browser.post(path, {**data, **known, **({"frame": asker.frame} if asker.frame else {})})
    changed = {table for (_schema, table), count in counted().items() if written.get((_schema, table)) != count}
    if shut:
        refused = answer.status_code in {403, 422} and changed <= {"django_session", "accounts_parentsession"}
        return "" if refused else f"shut, yet {answer.status_code}, changed {changed}"
    let_in = ways_in() - before
    if answer.status_code in {403, 500}:
        return f"open, yet {answer.status_code}"
    return f"lets in {let_in}" if of_parent and let_in else ""


def special(address: Address, own: Belongings) -> dict[str, Any]:
    """What is written into forms that the page does not fill in."""
    plan = RatePlan.objects.order_by("pk").values_list("pk", flat=True)[0]
    if address.name == "customers:new":
        return filled(CUSTOMER, own, plan) | {"billing_email": THEIRS["email"]}
    return RESELLER if address.name == "resellers:new" else {}


def ways_in() -> set[tuple[Any, ...]]:
    """By what anybody can come in, now or by a mail that was written: who is active with a password or an address, in which role, by which names."""
    people = {user.pk: user for user in User.objects.filter(is_active=True) if user.email or user.has_usable_password()}
    ways: set[tuple[Any, ...]] = {("role", pk, user.role) for pk, user in people.items()}
    ways |= {("name", pk, name) for pk, user in people.items() for name in (user.username, user.email)}
    ways |= {("password", pk, user.password) for pk, user in people.items() if user.has_usable_password()}
    ways |= {("number", each.user_id, each.value) for each in SignInName.objects.all() if each.user_id in people}
    ways |= {("factor", each.user_id, each.pk) for each in Authenticator.objects.all()}
    ways |= {("key", key.pk) for key in ApiKey.objects.filter(revoked_at=None)}
    ways |= {("order", job.pk) for job in Job.objects.filter(kind=reseller_orders.MAKE)}
    mailed = MailLog.objects.filter(kind__in=personal.KINDS)
    return ways | {("name", mail.about_id, to) for mail in mailed for to in mail.recipients}


def test_a_customer_that_a_parent_adds_waits_for_the_reseller_s_own_staff_to_let_its_first_person_in(resellers: dict[str, Furnished]) -> None:
    asker, acme = ASKERS["from the parent"](resellers), resellers["acme"]
    with transaction.atomic(), same_cookies(asker.browser):
        connection.set_tenant(acme.reseller())
        own = Belongings(acme, "Anna")
        page = asker.browser.get("/customers/new/").content.decode()
        plan = RatePlan.objects.order_by("pk").values_list("pk", flat=True)[0]
        answer: Any = asker.browser.post("/customers/new/", filled(CUSTOMER, own, plan), follow=True)
        said, first = answer.content.decode(), User.objects.get(person__customer__name="Carla Ltd")
        transaction.set_rollback(True)

    assert "a link to set a password goes" not in page
    assert "login details go here" not in page
    assert "Carla Ltd was saved. Nobody can sign in for it yet" in said
    assert (first.email, first.is_active, first.has_usable_password()) == ("", True, False)
