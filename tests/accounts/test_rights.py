"""The matrix of rights, cell by cell."""

import pytest

from billing_portal.accounts import rights
from billing_portal.accounts.models import Role
from billing_portal.accounts.rights import Extent, Right

ORDER = (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT, Role.REPORTS, Role.ACCOUNT_ADMIN, Role.ACCOUNT_USER)
YES, NO = Extent.ALL, None
TABLE: dict[Right, tuple[Extent | None, ...]] = {
    Right.SEE_CUSTOMERS: (YES, YES, YES, YES, Extent.OWN_CUSTOMER, Extent.OWN_LINE),
    Right.SEE_MARGINS: (YES, YES, NO, YES, NO, NO),
    Right.CHANGE_CUSTOMERS: (YES, YES, Extent.PEOPLE_AND_LINES, NO, Extent.WITHIN_PLAN, Extent.OWN_PREFERENCES),
    Right.MOVE_MONEY: (YES, Extent.WITHIN_CAPS, NO, NO, Extent.OWN_MONEY, NO),
    Right.TERMS: (YES, YES, Extent.SEE, Extent.SEE, NO, NO),
    Right.LOCK: (YES, YES, YES, NO, Extent.OWN_PEOPLE, NO),
    Right.SWITCH: (YES, YES, YES, NO, NO, NO),
    Right.PLATFORM: (YES, NO, NO, NO, Extent.OWN_KEYS, NO),
}
CELLS = [(right, role, extent) for right, row in TABLE.items() for role, extent in zip(ORDER, row, strict=True)]


@pytest.mark.parametrize(("right", "role", "extent"), CELLS)
def test_each_cell_of_the_matrix(right: Right, role: Role, extent: Extent | None) -> None:
    assert rights.extent(role, right) == extent


def test_the_table_has_every_right_and_every_role() -> None:
    assert set(TABLE) == set(Right)
    assert set(ORDER) == set(Role)


def test_nobody_without_a_role_may_anything() -> None:
    assert [rights.extent(None, right) for right in Right] == [None] * len(Right)


def test_pages_that_change_are_open_to_those_who_may_fully_or_within_caps() -> None:
    assert rights.roles(Right.MOVE_MONEY) == (Role.ADMINISTRATOR, Role.COMMERCE)
    assert rights.roles(Right.PLATFORM) == (Role.ADMINISTRATOR,)


def test_pages_that_read_are_opened_by_naming_the_extent() -> None:
    assert rights.roles(Right.TERMS, Extent.ALL, Extent.SEE) == (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT, Role.REPORTS)
