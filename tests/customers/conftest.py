"""Who works at Acme and who belongs to its customers. Models are imported late: this file is read before Django is set up."""

from typing import Any

import pytest


@pytest.fixture
def commerce(acme: Any) -> Any:
    """Jane of Commerce, signed in at Acme's host."""
    return signed_in("jane", "commerce")


@pytest.fixture
def support(acme: Any) -> Any:
    """Sam of Support, signed in."""
    return signed_in("sam", "support")


@pytest.fixture
def reports(acme: Any) -> Any:
    """Rita of Reports, signed in."""
    return signed_in("rita", "reports")


@pytest.fixture
def anna(acme: Any, noon: Any) -> Any:
    """The customer Anna Ltd with its first person, made by the verb."""
    return made("Anna Ltd")


@pytest.fixture
def bob(acme: Any, noon: Any) -> Any:
    """The customer Bob Ltd with its first person."""
    return made("Bob Ltd")


@pytest.fixture
def annas(anna: Any) -> Any:
    """The account administrator of Anna Ltd, signed in."""
    from tests.support.people import client

    return client(anna.people.get(is_primary=True).user)


def signed_in(username: str, role: str) -> Any:
    from billing_portal.accounts.models import Role
    from tests.support.people import client, user

    return client(user(username, Role(role)))


def made(name: str) -> Any:
    """A post-paid customer in pounds, whose billing email is that of its first person."""
    from customers.domain import customers
    from rateplans.models import RatePlan
    from tests.support import people, world

    plan = RatePlan.objects.filter(name="Standard").first() or world.plan()
    short = name.split()[0].lower()
    return customers.create(name, plan=plan, billing_email=f"{short}@{short}.example", actor=people.system, at=people.START)
