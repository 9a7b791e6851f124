"""What the people of a customer read of the audit trail: what they may know of what was done to, by and for them (contracts, Rights: own history).

Nothing is told of an action, a field or a note that is not named here or by a higher app: notes of locks and descriptions are for the staff alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import words
from billing_portal.accounts.models import AuditEntry
from billing_portal.accounts.queries import with_by_people
from customers import queries
from customers.models import Customer


@dataclass(frozen=True)
class Told:
    """Of an action: these of its fields, its note where the customer is meant to read it, and other words where those for staff would be odd.

    A change of one field is named after the field.
    """

    fields: tuple[str, ...] = ()
    note: bool = False
    text: str | Promise = ""


OF_CUSTOMERS = (
    *("name", "account_number", "status", "plan", "currency", "time_zone", "billing_type", "call_detail", "taxes", "tax_reference"),
    *("billing_email", "attention", "street", "city", "postcode", "country", "credit_limit", "daily_limit"),
    *("low_balance_threshold", "low_balance_email", "low_balance_repeat_days", "topup", "topup_threshold"),
)

TOLD: dict[str, Told] = {
    "customer.created": Told(text=_("Account opened")),
    "customer.changed": Told(OF_CUSTOMERS, text=_("Account changed")),
    "customer.locked": Told(("lock",), text=_("Locked")),
    "customer.unlocked": Told(("lock",), text=_("Unlocked")),
    "customer.entered": Told(text=_("Switched into your account")),
    "customer.left": Told(text=_("Returned from your account")),
    "line.added": Told(("used_by",)),
    "line.changed": Told(("description", "used_by")),
    "line.removed": Told(),
    "person.changed": Told(("full_name", "email", "role")),
    "user.created": Told(("role",)),
    "user.activated": Told(),
    "user.deactivated": Told(),
    "user.login_details_sent": Told(("to",)),
    "user.link_copied": Told(),
    "user.second_factor_reset": Told(),
    "user.sessions_ended": Told(),
}


def tell(actions: Mapping[str, Told]) -> None:
    """Higher apps say at start-up what is told of their actions."""
    TOLD.update(actions)


def entries(customer: Customer) -> QuerySet[AuditEntry]:
    """The entries of which something is told, the latest first, each with `by_people`. A change of nothing that is told is none."""
    changed = {action: told for action, told in TOLD.items() if action.endswith(".changed")}
    where = Q(action__in=TOLD.keys() - changed.keys())
    for action, told in changed.items():
        where |= Q(action=action, changes__has_any_keys=list(told.fields))
    return with_by_people(queries.history_of(customer).filter(where))


def text_of(entry: AuditEntry) -> str:
    """What happened, in words."""
    told = TOLD[entry.action]
    fields = [name for name in entry.changes if name in told.fields]
    is_of_one_field = entry.action.endswith(".changed") and len(fields) == 1
    return str(told.text) if told.text and not is_of_one_field else words.action(entry.action, fields)


def changes_of(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """The fields that are told, each with what it was and what it is."""
    return words.changes(entry, only=TOLD[entry.action].fields)


def note_of(entry: AuditEntry) -> str:
    """The note, where it was written for the customer; else empty."""
    return entry.note if TOLD[entry.action].note else ""
