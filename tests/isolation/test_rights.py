"""The rights of the contracts, cell by cell, each both ways, by real requests (contracts, Rights; reliability 61)."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from billing_portal.accounts.models import Role
from billing_portal.accounts.rights import MATRIX, Right
from rateplans.models import RatePlan
from tests.isolation.actors import person, same_cookies, staff
from tests.isolation.arguments import Belongings
from tests.isolation.filled_in import errors, forms_of, written
from tests.isolation.furnished import Furnished
from tests.isolation.rights_effects import EFFECTS
from tests.isolation.rights_table import ROLES, TABLE, Cell, filled
from tests.isolation.watch import counted

TURNED_AWAY = ("/my/calls/", "/sign-in/")

pytestmark = [pytest.mark.django_db, pytest.mark.rel(53), pytest.mark.rel(61), pytest.mark.rel(62)]


def browser_of(role: str, resellers: dict[str, Furnished]) -> Client:
    come = person(Role(role)) if role.startswith("account") else staff(Role(role))
    return come(resellers).browser


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_what_it_may_and_nothing_else(resellers: dict[str, Furnished], role: str) -> None:
    browser, own = browser_of(role, resellers), Belongings(resellers["acme"], "Anna")
    wrong = []
    for cell in TABLE:
        may = cell.may[ROLES.index(role)] == "y"
        with transaction.atomic(), same_cookies(browser):
            problem = asked(browser, cell, own, may=may)
            transaction.set_rollback(True)
        wrong += [f"{cell}: {problem}"] if problem else []

    assert not wrong, "\n".join(wrong)


def asked(browser: Client, cell: Cell, own: Belongings, *, may: bool) -> str:
    """What is wrong with the answer; empty when it is as the table says."""
    connection.set_tenant(own.of.reseller())
    path, effect = cell.path(own), EFFECTS.get(cell.url)
    if effect is not None:
        effect.before(own)
    drawn = shown_at(browser, path) if may and cell.post else {}
    data = None if cell.post is None else {**drawn, **filled(cell.post, own, RatePlan.objects.order_by("pk").values_list("pk", flat=True)[0])}
    before = counted()
    answer: Any = browser.get(path) if data is None else browser.post(path, data)
    changed = {table for (_schema, table), count in counted().items() if before.get((_schema, table)) != count}
    shown = not cell.shows or cell.shows in _text(answer)
    done = effect.done(own) if effect is not None else cell.changes in changed
    if not may:
        refused = answer.status_code in {403, 404} or (answer.status_code == 302 and answer.headers["Location"].startswith(TURNED_AWAY)) or not shown
        return "" if refused and changed <= {"django_session"} and not (effect and done) else f"may not, yet {answer.status_code}, changed {changed}"
    if cell.post is not None:
        return "" if done and answer.status_code in {200, 302} else f"may, yet {answer.status_code}, changed {changed} {errors(answer)}"
    return "" if answer.status_code == 200 and shown else f"may, yet {answer.status_code}"


def shown_at(browser: Client, path: str) -> dict[str, Any]:
    """The form at this address as it stands there, so that the table names only what matters."""
    return {name: value for form in forms_of(browser.get(path)) for name, value in written(form).items()}


def _text(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode("utf-8", "replace"))


def test_whatever_is_posted_is_known_by_its_effect() -> None:
    assert {cell.url for cell in TABLE if cell.post is not None and not cell.changes} == set(EFFECTS)


def test_the_table_speaks_of_every_cell_of_the_contracts() -> None:
    """Each right that a role has is used in the table, each that it has not is refused there."""
    used = {(cell.right, role) for cell in TABLE for role, letter in zip(ROLES, cell.may, strict=True) if letter == "y"}
    given = {(right, role.value) for right in Right for role in MATRIX[right]}

    assert given - used == set()
    assert used - given == {(Right.CHANGE_CUSTOMERS, "reports")}  # their own time zone, which everybody chooses
