"""Who asks: nobody, each role of a reseller's staff, each role of a customer's people, staff switched into a customer, and those who come from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie

from django.conf import settings
from django.test import Client
from django.urls import reverse
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from customers.models import Customer
from tests.isolation.furnished import HOSTS, Furnished

Resellers = dict[str, Furnished]


@dataclass
class Asker:
    """A browser at a reseller's host. `own` is whose pages it may open there, a customer's name or "" for all customers'.

    `schemas` are the resellers that it has nothing to do in; `home` the one it came from, whose word it carries in its own name.
    """

    browser: Client
    at: str = "acme"
    own: str = ""
    schemas: tuple[str, ...] = ("globex", "owner")
    signed_in: bool = True
    frame: str = ""
    home: str = ""


def nobody(all_: Resellers) -> Asker:
    return Asker(all_["acme"].browser(), signed_in=False)


def staff(role: Role) -> Callable[[Resellers], Asker]:
    return lambda all_: Asker(all_["acme"].browser(all_["acme"].staff[role]))


def person(role: Role, of: str = "Anna") -> Callable[[Resellers], Asker]:
    return lambda all_: Asker(all_["acme"].browser(all_["acme"].people[of, role]), own=of)


def switched(role: Role) -> Callable[[Resellers], Asker]:
    """Staff of Acme who manage Anna."""

    def come(all_: Resellers) -> Asker:
        asker = staff(role)(all_)
        return _into_anna(asker, all_["acme"])

    return come


def from_the_parent(all_: Resellers) -> Asker:
    """An administrator of the owner who switched into Acme."""
    acme, browser = all_["acme"], all_["owner"].browser(all_["owner"].staff[Role.ADMINISTRATOR])
    with schema_context("owner"):
        number = Customer.objects.get(reseller_schema="acme").account_number
    page = browser.post("/customers/switch/", {"account": number}).content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found is not None
    here = acme.browser()
    assert here.post(reverse("resellers:arrive"), {"token": found[1]}, headers={"origin": f"http://{HOSTS['owner']}"}).status_code == 302
    return Asker(here, schemas=("globex",), home="owner")


def from_the_parent_into_a_customer(all_: Resellers) -> Asker:
    """The same, managing Anna."""
    return _into_anna(from_the_parent(all_), all_["acme"])


def of_another_reseller(all_: Resellers) -> Asker:
    """An administrator of Globex at Globex's own host."""
    return Asker(all_["globex"].browser(all_["globex"].staff[Role.ADMINISTRATOR]), at="globex", schemas=("acme", "owner"))


def of_the_parent(all_: Resellers) -> Asker:
    """An administrator of the owner at the owner's host, who is in no reseller below."""
    return Asker(all_["owner"].browser(all_["owner"].staff[Role.ADMINISTRATOR]), at="owner", schemas=("acme", "globex"))


def with_the_session_of_another_reseller(all_: Resellers) -> Asker:
    """The session of Globex's administrator at Acme's host (reliability 46)."""
    theirs, here = of_another_reseller(all_).browser, all_["acme"].browser()
    here.cookies[settings.SESSION_COOKIE_NAME] = theirs.cookies[settings.SESSION_COOKIE_NAME].value
    return Asker(here, signed_in=False)


def _into_anna(asker: Asker, acme: Furnished) -> Asker:
    assert asker.browser.post("/customers/switch/", {"account": acme.anna.account_number}).status_code == 302
    page = asker.browser.get("/help/").content.decode()
    asker.own = "Anna"
    asker.frame = (re.search(r'name="frame" value="([^"]+)"', page) or [""])[1]
    assert asker.frame
    return asker


ASKERS: dict[str, Callable[[Resellers], Asker]] = {
    "nobody": nobody,
    **{role.value: staff(role) for role in (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT, Role.REPORTS)},
    "account_admin": person(Role.ACCOUNT_ADMIN),
    "account_user": person(Role.ACCOUNT_USER),
    "person of another customer": person(Role.ACCOUNT_ADMIN, "Bob"),
    "switched into a customer": switched(Role.COMMERCE),
    "from the parent": from_the_parent,
    "from the parent into a customer": from_the_parent_into_a_customer,
    "of another reseller": of_another_reseller,
    "of the parent": of_the_parent,
    "session of another reseller": with_the_session_of_another_reseller,
}


@contextmanager
def same_cookies(browser: Client) -> Iterator[None]:
    """What is rolled back here is not forgotten there: a browser that was signed out is signed in again."""
    kept = {name: morsel.value for name, morsel in browser.cookies.items()}
    yield
    browser.cookies = SimpleCookie(kept)
