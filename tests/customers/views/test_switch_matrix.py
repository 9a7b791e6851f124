"""Who may switch where, for every role at every level and every place: only into what is directly below, or an own customer (reliability 68)."""

from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role, SwitchTicket
from billing_portal.web.viewer import PEOPLE, SWITCHERS
from customers.domain import switching
from customers.models import Customer, Person
from tests.support import walks, world
from tests.support.people import client, user
from tests.support.walks import HOSTS

LEVELS = tuple(HOSTS)
BELOW = {("owner", "acme"), ("acme", "globex")}


@pytest.fixture
def accounts(owner: Any) -> dict[tuple[str, str], str]:
    """Account numbers by level and what they name: a company of that level, and at every level a row that claims to be each of the other resellers."""
    walks.plant()
    found = {}
    for level in LEVELS:
        with schema_context(level):
            found[level, "company"] = world.customer(f"Company of {level}").account_number
            for other in LEVELS:
                if other != level:
                    row = Customer.objects.filter(reseller_schema=other).first() or world.customer(other, kind="reseller", reseller_schema=other)
                    found[level, other] = row.account_number
    return found


def window(role: Role, level: str) -> Any:
    with schema_context(level):
        made = user(f"{role}-{level}".replace("_", "-"), role)
        if role in PEOPLE:
            Person.objects.create(user=made, customer=Customer.objects.get(kind=Customer.CustomerKind.NORMAL))
        return client(made)


def expected(role: Role, level: str, at: str, named: str) -> int:
    """Forbidden to a colleague without the right, nothing there for people; then: own company, reseller below, and for the rest no."""
    if role not in SWITCHERS:
        return 404 if role in PEOPLE else 403
    if at != level:
        return 404
    if named == "company":
        return 302
    return 200 if (level, named) in BELOW else 422


@pytest.mark.rel(68)
@pytest.mark.parametrize("role", list(Role))
def test_every_role_at_every_level_to_every_place(accounts: dict[tuple[str, str], str], role: Role) -> None:
    for level in LEVELS:
        browser = window(role, level)
        for (at, named), number in accounts.items():
            with schema_context(level):
                answer = browser.post("/customers/switch/", {"account": number})
                assert answer.status_code == expected(role, level, at, named), (level, at, named)
                entered = switching.KEY in browser.session
                assert entered == (answer.status_code == 302), (level, at, named)
                if entered:
                    browser.post("/customers/return/")
    tickets = {level: _tickets(level) for level in LEVELS}
    may = role in SWITCHERS
    assert tickets == {"owner": [], "acme": ["owner"] * may, "globex": ["acme"] * may}


def _tickets(level: str) -> list[str]:
    with schema_context(level):
        return list(SwitchTicket.objects.values_list("parent_schema", flat=True))
