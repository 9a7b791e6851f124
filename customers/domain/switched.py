"""The list of who is switched where: into this reseller, into its customers, and its own people into resellers below (architecture §2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django_tenants.utils import schema_context

from billing_portal.accounts import rights
from billing_portal.accounts.domain import tickets, whereabouts
from billing_portal.accounts.models import OpenSession, ParentSession
from billing_portal.accounts.rights import Right
from billing_portal.tenancy import queries as tenancy
from customers.domain import switching
from customers.models import Customer


@dataclass(frozen=True)
class Stay:
    """Somebody who acts where they have not signed in: in a reseller, and there perhaps in a customer.

    `session` is what can be ended, of somebody who came from another host; `person` is a member of our own staff, in a customer of ours.
    """

    who: str
    home: str
    reseller: str
    customer: str
    since: datetime
    seen: datetime
    session: UUID | None = None
    person: UUID | None = None


def everybody(*, at: datetime) -> list[Stay]:
    """Those of a parent who are here, our staff in our customers, and ours in resellers below."""
    name = tenancy.current().name
    found = [*_guests(whereabouts.here(at=at), name, at), *_own(name, at)]
    for reseller, sessions in whereabouts.below(at=at):
        with schema_context(reseller.schema_name):
            found += _guests(sessions, reseller.name, at)
    return found


def _guests(sessions: list[ParentSession], reseller: str, at: datetime) -> Iterator[Stay]:
    """People of a parent in the reseller whose schema is in force."""
    customers = _customers([each.session_key for each in sessions], at)
    for each in sessions:
        customer = customers[each.session_key][1] if each.session_key in customers else ""
        yield Stay(each.ticket.actor_name, tickets.home_of(each.ticket), reseller, customer, each.began_at, each.seen_at, session=each.pk)


def _own(reseller: str, at: datetime) -> Iterator[Stay]:
    """Our own staff who are switched into a customer of ours."""
    staff = OpenSession.objects.filter(user__is_active=True, user__stands_for_schema="", user__role__in=rights.roles(Right.SWITCH))
    sessions = {each.session_key: each for each in staff.select_related("user")}
    for key, (frame, customer) in _customers(list(sessions), at).items():
        user = sessions[key].user
        yield Stay(str(user), reseller, reseller, customer, frame.entered_at, frame.seen_at, person=user.pk)


def _customers(keys: list[str], at: datetime) -> dict[str, tuple[switching.Frame, str]]:
    """Of the sessions that manage a customer now: the frame and the customer's name."""
    frames = switching.frames(keys, at=at)
    names = dict(Customer.objects.filter(pk__in={frame.customer_id for frame in frames.values()}).values_list("pk", "name"))
    return {key: (frame, names[frame.customer_id]) for key, frame in frames.items() if frame.customer_id in names}
