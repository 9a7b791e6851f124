"""Somebody with a browser for each host, who switches into resellers below and returns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.models import User
from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from tests.support import world
from tests.support.people import client, user

HOSTS = {"owner": "localhost", "acme": "acme.localhost", "globex": "globex.localhost"}


@dataclass
class Walk:
    """One person with a browser for each host, as one browser has a cookie for each."""

    who: User
    windows: dict[str, Client]

    def ticket(self, parent: str, child: str) -> str:
        """Switch at the parent: the token on the page that hands over."""
        with schema_context(parent):
            number = Customer.objects.get(reseller_schema=child).account_number
            answer = self.windows[parent].post("/customers/switch/", {"account": number})
        assert answer.status_code == 200, answer.content
        page = answer.content.decode()
        assert f'action="http://{HOSTS[child]}:8000/switch/arrive/"' in page
        return re.search(r'name="token" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]

    def arrive(self, child: str, token: str, origin: str | None) -> Any:
        with schema_context(child):
            headers = {} if origin is None else {"origin": origin}
            return self.windows[child].post("/switch/arrive/", {"token": token}, headers=headers)

    def go(self, parent: str, child: str) -> None:
        assert self.arrive(child, self.ticket(parent, child), f"http://{HOSTS[parent]}").status_code == 302

    def viewer(self, at: str) -> Any:
        with schema_context(at):
            return cast(Any, self.windows[at].get("/help/").wsgi_request).viewer

    def post(self, at: str, path: str, data: dict[str, str] | None = None) -> Any:
        with schema_context(at):
            return self.windows[at].post(path, data or {})


def below(parent: str, name: str, **given: Any) -> None:
    with schema_context(parent):
        world.customer(name, kind=Customer.CustomerKind.RESELLER, reseller_schema=name.lower(), **given)


def plant() -> None:
    """Globex below Acme below the owner."""
    Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))
    below("owner", "Acme")
    below("acme", "Globex")


def walk_of(home: str, who: User) -> Walk:
    """Their browser is signed in at home and nowhere else."""
    with schema_context(home):
        windows = {home: client(who)}
    return Walk(who, {schema: windows.get(schema) or Client(headers={"host": host}) for schema, host in HOSTS.items()})


def number_of(parent: str, child: str) -> str:
    """The account number of a reseller at its parent."""
    with schema_context(parent):
        return Customer.objects.get(reseller_schema=child).account_number


def from_the_owner() -> Walk:
    """Orla, administrator of the owner, with Acme below it and Globex below Acme."""
    plant()
    with schema_context("owner"):
        orla = user("orla", name="Orla Byrne")
    return walk_of("owner", orla)
