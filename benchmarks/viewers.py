"""Everybody who may see pages of a reseller: one of each role of its staff, and of its customers' people by how they pay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from benchmarks import ground, visiting


@dataclass
class Seen:
    """A page as somebody sees it: how many questions it asked, and how long each visit took in ms."""

    who: Viewer
    path: str
    asked: int
    took: list[float] = field(default_factory=list)

    def visit(self, repeats: int) -> list[float]:
        """Look at it so many times more, in the schema of its reseller."""
        new = [took * 1000 for _path, took in visiting.times(self.who.browser, [self.path], repeats, warm=False)]
        self.took += new
        return new


@dataclass(frozen=True)
class Viewer:
    """Somebody signed in at a reseller's host."""

    name: str
    schema: str
    browser: Client

    def pages(self, of_each: int, most: int | None) -> list[Seen]:
        """What they are shown, at most so many pages of a kind and in all; the schema of their reseller is in force."""
        return [Seen(self, path, asked) for path, asked in visiting.pages(self.browser, of_each, most).items()]


def of(schema: str, host: str) -> Iterator[Viewer]:
    """One viewer of each kind; its schema is in force. Kinds that nobody is of are made before."""
    from billing_portal.accounts.models import Role
    from billing_portal.accounts.models.users import STAFF_ROLES
    from customers.models import BillingType

    _complete()
    for role in STAFF_ROLES:
        yield Viewer(f"{role.value} of {schema}", schema, visiting.client(_somebody(role=role), host))
    for billing_type in BillingType:
        admin = _somebody(role=Role.ACCOUNT_ADMIN, person__customer__billing_type=billing_type)
        if admin is not None:
            yield Viewer(f"{billing_type.label.lower()} customer of {schema}", schema, visiting.client(admin, host))
    yield Viewer(f"user of a line at {schema}", schema, visiting.client(_somebody(role=Role.ACCOUNT_USER), host))


def _somebody(**wanted: Any) -> Any:
    """Somebody active of this kind; of customers' people one of the customer with the most movements."""
    from django.db.models import Count

    from billing_portal.accounts.models import User

    own = User.objects.filter(stands_for_schema="", is_active=True, **wanted)
    return own.annotate(moved=Count("person__customer__transfers")).order_by("-moved", "created_at").first()


def _complete() -> None:
    """Let somebody be there in each role: the sample world has not all of them everywhere."""
    from billing_portal.accounts.domain import users
    from billing_portal.accounts.models import Role
    from billing_portal.accounts.models.users import STAFF_ROLES
    from billing_portal.tenancy.queries import current
    from customers.domain import customers, features, people

    made: dict[str, Any] = {"actor": ground.actor(), "at": ground.MONTH}
    for role in STAFF_ROLES:
        if _somebody(role=role) is None:
            users.create(f"bench-{role.value}", f"Bench {role.value}", f"{role.value}@bench.example", role, **made)
    if _somebody(role=Role.ACCOUNT_ADMIN) is None:
        plan = ground.plan("Of the bench", ground.prefixes(10))
        customers.create("Bench Ltd", plan=plan, currency=current().currency, time_zone="UTC", billing_email="bench@bench.example", **made)
    if _somebody(role=Role.ACCOUNT_USER) is None:
        customer = _somebody(role=Role.ACCOUNT_ADMIN).person.customer
        person = people.add(customer, full_name="Bench User", email="user@bench.example", **made)
        line = customer.lines.first() or features.add_line(customer, "bench-1", **made)
        features.change_line(line, person=person, **made)
