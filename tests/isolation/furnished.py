"""A reseller with one of everything, made alike in each schema, so that whatever is asked for by an id of another has something to find."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.test import Client
from django_tenants.utils import schema_context
from PIL import Image

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import keys, links, tickets
from billing_portal.accounts.models import LoginLink, ParentSession, Role, Switch, SwitchTicket, User
from billing_portal.tenancy.models import ExchangeRate, Reseller
from customers.domain import customers, features, locks, reseller_orders
from customers.domain.resellers import NewReseller
from customers.models import Customer, Kind, Lock, Person
from invoicing.domain import calls, invoices, rendering, runs, topups
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch
from rateplans.domain import imports
from rateplans.models import OwnExchangeRate, RateImport, RatePlan, Tax
from tests.support import months, people, world

HOSTS = {"owner": "localhost", "acme": "acme.localhost", "globex": "globex.localhost"}
NUMBERS = {"owner": 200_001, "acme": 300_001, "globex": 400_001}  # of accounts, apart, so that one of another reseller names nothing here
CURRENCY = {"owner": "EUR", "acme": "GBP", "globex": "USD"}
STAFF = {Role.ADMINISTRATOR: "jane", Role.COMMERCE: "carl", Role.SUPPORT: "sam", Role.REPORTS: "rita"}
LOGO = {"owner": "navy", "acme": "teal", "globex": "maroon"}  # its colour
RATES = b"prefix,destination,per minute\n4420,London,0.07\n33,France,0.05\n"


@dataclass
class Furnished:
    """What was made in one schema: who works there, two customers with people, and the secrets that open things there."""

    schema: str
    staff: dict[Role, User] = field(default_factory=dict)
    anna: Customer = field(default_factory=Customer)
    bob: Customer = field(default_factory=Customer)
    people: dict[tuple[str, Role], User] = field(default_factory=dict)
    api_key: str = ""
    links: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return HOSTS[self.schema]

    def reseller(self) -> Reseller:
        with schema_context("public"):
            return Reseller.objects.get(schema_name=self.schema)

    def browser(self, of: User | None = None) -> Client:
        """A browser at this reseller's host; a page that breaks is answered as a visitor would see it."""
        with schema_context(self.schema):
            return people.client(of, host=self.host, raise_request_exception=False)


def furnish(schema: str) -> Furnished:
    """One of everything in this schema, two where a mix-up of two must be refused."""
    connection.set_tenant(Reseller.objects.get(schema_name=schema))
    made = Furnished(schema)
    made.staff = {role: people.user(name, role) for role, name in STAFF.items()}
    _company(schema)
    plan, vat = _terms(CURRENCY[schema])
    made.anna, made.bob = (_customer(made, name, plan, vat) for name in ("Anna", "Bob"))
    _calls_and_documents(made)
    _secrets(made)
    _orders(plan, made.staff[Role.ADMINISTRATOR])
    return made


def _company(schema: str) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), LOGO[schema]).save(picture, "PNG")
    Reseller.objects.filter(schema_name=schema).update(logo=picture.getvalue())
    OwnExchangeRate.objects.create(day=date(2026, 10, 1), currency="CHF", per_euro=Decimal("0.95"), made_by="Jane")
    ExchangeRate.objects.get_or_create(day=date(2026, 10, 1), currency="GBP", defaults={"per_euro": Decimal("0.86")})


def _terms(currency: str) -> tuple[RatePlan, Tax]:
    plan, other = world.plan("Standard", currency), world.plan("Night", currency)
    for each in (plan, other):
        imports.preview(each, "rates.csv", RATES, RateImport.Mode.REPLACE, world.jane, at=now())
    world.vat("5")
    return plan, world.vat("20")


def _customer(made: Furnished, name: str, plan: RatePlan, vat: Tax) -> Customer:
    email = f"{name.lower()}@{name.lower()}.example"
    whole: dict[str, Any] = {"plan": plan, "taxes": [vat], "time_zone": "Europe/London", "billing_since": date(2026, 9, 1), "credit_limit": Decimal(500)}
    whole["account_number"] = str(NUMBERS[made.schema] + (name == "Bob"))
    customer = customers.create(f"{name} of {made.schema}", billing_email=email, actor=people.system, at=now(), **whole)
    made.people[name, Role.ACCOUNT_ADMIN] = customer.people.get().user
    user = people.user(f"{name.lower()}-user", Role.ACCOUNT_USER)
    made.people[name, Role.ACCOUNT_USER] = user
    person = Person.objects.create(user=user, customer=customer)
    line = features.add_line(customer, f"{name}-1", description="Reception", address="10.0.0.1", person=person, shared=True, actor=people.system, at=now())
    line.by_customer = True  # as if the customer had chosen it, so that its administrator may do everything to it
    line.save()
    return customer


def _calls_and_documents(made: Furnished) -> None:
    """September is invoiced and paid in part, October waits in two runs; a call waits for a rate, a top-up for an answer."""
    switch = Switch.objects.get_or_create(name="default")[0]
    for customer in (made.anna, made.bob):
        for number, (day, to) in enumerate((("2026-09-03", "442079460123"), ("2026-10-03", "442079460123"), ("2026-11-03", "4930123456"))):
            at = months.local(f"{day} 09:00")
            record = CallRecord(f"{customer.account_number}-{number}", to, at, account=customer.account_number, line="", answered_at=at, seconds=600)
            calls.ingest([record], switch=switch, source=CallBatch.Source.API, actor=world.jane, at=at + timedelta(hours=1))
        [document] = invoices.issue_all(date(2026, 10, 1), actor=world.jane, at=datetime(2026, 10, 1, 6, tzinfo=UTC), customer_ids=[customer.pk]).documents
        if customer == made.anna and made.schema != "owner":
            rendering.mail(document, key=f"mail:{document.number}")
        months.moved(Kind.PAYMENT, customer, "0.30", "2026-10-20 09:00", note="BACS 17")
        topups.ask(customer, Decimal("25.00"), actor=people.system, at=now())
        locks.set(customer, Lock.Reason.ADMIN, Lock.Scope.CALLS, note="Asked for it", actor=people.system, at=now())
    for key in ("first", "second"):
        runs.start(date(2026, 11, 1), key=key, actor=world.jane, at=datetime(2026, 11, 1, 6, tzinfo=UTC))


def _secrets(made: Furnished) -> None:
    """A key, links to set passwords, and somebody who came in through the parent from further up."""
    _key, made.api_key = keys.make(Switch.objects.get(name="default"), keys.SCOPES, actor=people.system, at=now())
    for name in ("Anna", "Bob"):
        made.links[name] = links.make(made.people[name, Role.ACCOUNT_USER], LoginLink.Purpose.WELCOME, at=now())
    ticket = SwitchTicket.objects.create(
        token_hash=tickets.fingerprint(made.schema), parent_schema="owner", actor_schema="above", actor_id=made.anna.pk, actor_name="Orla", role=Role.SUPPORT,
        expires_at=now(), used_at=now(),
    )  # fmt: skip
    ParentSession.objects.create(ticket=ticket, session_key=f"session-{made.schema}", began_at=now(), seen_at=now())


def _orders(plan: RatePlan, by: User) -> None:
    here = Reseller.objects.get(schema_name=connection.schema_name)
    ordered = NewReseller(f"child{here.schema_name}", "Child", f"{here.schema_name}-child.localhost", here, "EUR", "UTC", "c@c.example", plan)
    reseller_orders.place(ordered, actor=Actor.of(by))


def now() -> datetime:
    return datetime.now(UTC)


def join_the_tree(root: Furnished, *below: Furnished) -> None:
    """The rows that these resellers are among the root's customers, on a plan that is shared with them by being theirs alone."""
    with schema_context(root.schema):
        wholesale = world.plan("Wholesale", "EUR")
        for each in below:
            world.customer(each.schema.title(), on=wholesale, kind=Customer.CustomerKind.RESELLER, reseller_schema=each.schema, currency="EUR")
