"""A reseller with a plan, a customer with a line, and a switch that sends calls. Models are imported late: Django is set up after this file is read."""

from typing import Any

import pytest


@pytest.fixture
def switch(acme: Any) -> Any:
    from billing_portal.accounts.models import Switch

    return Switch.objects.get_or_create(name="default")[0]


@pytest.fixture
def standard(acme: Any) -> Any:
    """0.06 a minute to London, by the second."""
    from tests.support import world

    return world.plan()


@pytest.fixture
def anna(standard: Any) -> Any:
    """Post-paid, switch account code `anna-100`, line 1001."""
    from customers.models import AccountCode, Line
    from tests.support import world

    made = world.customer("Anna Ltd", on=standard)
    AccountCode.objects.create(code="anna-100", customer=made)
    Line.objects.create(customer=made, name="1001", address="192.0.2.7")
    return made
