"""Who may do what: the matrix of rights as code. Roles are code, not data, so this table is the only place that says it."""

from enum import StrEnum

from billing_portal.accounts.models import Role


class Right(StrEnum):
    """A row of the matrix."""

    SEE_CUSTOMERS = "see customers, lines, calls, documents"
    SEE_MARGINS = "costs and margins"
    CHANGE_CUSTOMERS = "create and change customers, people, lines, numbers"
    MOVE_MONEY = "payments, credits, raises, vouchers, requests"
    TERMS = "plans, taxes, invoice runs"
    LOCK = "lock, resend login details"
    SWITCH = "switch into a customer"
    PLATFORM = "staff, settings, switches, keys, resellers, audit"


class Extent(StrEnum):
    """How far a right goes."""

    ALL = "all"
    WITHIN_CAPS = "within the caps of the settings"
    PEOPLE_AND_LINES = "people, lines"
    SEE = "see"
    OWN_CUSTOMER = "own customer"
    OWN_LINE = "own line and calls"
    WITHIN_PLAN = "people, lines within the plan"
    OWN_PREFERENCES = "own preferences"
    OWN_MONEY = "top up, pay, redeem"
    OWN_PEOPLE = "own people"
    OWN_KEYS = "own keys, own history"


_STAFF = (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT, Role.REPORTS)

MATRIX: dict[Right, dict[Role, Extent]] = {
    Right.SEE_CUSTOMERS: {**dict.fromkeys(_STAFF, Extent.ALL), Role.ACCOUNT_ADMIN: Extent.OWN_CUSTOMER, Role.ACCOUNT_USER: Extent.OWN_LINE},
    Right.SEE_MARGINS: dict.fromkeys((Role.ADMINISTRATOR, Role.COMMERCE, Role.REPORTS), Extent.ALL),
    Right.CHANGE_CUSTOMERS: {
        Role.ADMINISTRATOR: Extent.ALL,
        Role.COMMERCE: Extent.ALL,
        Role.SUPPORT: Extent.PEOPLE_AND_LINES,
        Role.ACCOUNT_ADMIN: Extent.WITHIN_PLAN,
        Role.ACCOUNT_USER: Extent.OWN_PREFERENCES,
    },
    Right.MOVE_MONEY: {Role.ADMINISTRATOR: Extent.ALL, Role.COMMERCE: Extent.WITHIN_CAPS, Role.ACCOUNT_ADMIN: Extent.OWN_MONEY},
    Right.TERMS: {Role.ADMINISTRATOR: Extent.ALL, Role.COMMERCE: Extent.ALL, Role.SUPPORT: Extent.SEE, Role.REPORTS: Extent.SEE},
    Right.LOCK: {**dict.fromkeys((Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT), Extent.ALL), Role.ACCOUNT_ADMIN: Extent.OWN_PEOPLE},
    Right.SWITCH: dict.fromkeys((Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT), Extent.ALL),
    Right.PLATFORM: {Role.ADMINISTRATOR: Extent.ALL, Role.ACCOUNT_ADMIN: Extent.OWN_KEYS},
}


def extent(role: Role | str | None, right: Right) -> Extent | None:
    """How far this role has the right; None when it has not."""
    return MATRIX[right].get(Role(role)) if role else None


def roles(right: Right, *extents: Extent) -> tuple[Role, ...]:
    """The roles that have the right to one of these extents; without one, the staff roles that may use it fully or within caps.

    For `web.access.roles`: `@roles(*rights.roles(Right.TERMS))` changes plans, `@roles(*rights.roles(Right.TERMS, Extent.ALL, Extent.SEE))` reads them.
    """
    wanted = extents or (Extent.ALL, Extent.WITHIN_CAPS)  # how far caps go is asked by the verbs, `customers.domain.caps`
    return tuple(role for role in Role if MATRIX[right].get(role) in wanted)
