"""Who works at Acme, and a customer with a month behind it. Models are imported late: this file is read before Django is set up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest


def signed_in(username: str, role: str) -> Any:
    from billing_portal.accounts.models import Role
    from tests.support.people import client, user

    return client(user(username, Role(role)))


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
def first() -> datetime:
    """Six in the morning of the first of November, when October is invoiced."""
    return datetime(2026, 11, 1, 6, tzinfo=UTC)


@pytest.fixture
def anna(acme: Any) -> Any:
    """Anna Ltd, post-paid with VAT 20 %, and two calls of October for 10.00 together."""
    from tests.support import months

    return months.anna()


@pytest.fixture
def october(anna: Any, first: datetime) -> Any:
    """Anna's invoice of October over 12.00."""
    from tests.support import months

    [document] = months.issue("2026-11-01", first)
    return document


@pytest.fixture
def person(anna: Any) -> Any:
    """Makes somebody of Anna Ltd and signs them in: `person("account_admin")`."""
    from billing_portal.accounts.models import Role
    from customers.models import Person
    from tests.support.people import client, user

    def make(role: str, of: Any = anna) -> Any:
        made = user(f"{role}-{of.account_number}", Role(role))
        Person.objects.create(user=made, customer=of)
        return client(made)

    return make
