"""Switch into a reseller below, which lives on another host, and return: each step stands in the audit trail of both sides (semantics 33)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit, sessions, tickets
from billing_portal.accounts.domain.tickets import Guest
from billing_portal.accounts.models import ParentSession, Role
from billing_portal.kernel.errors import require
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from customers.models import Customer


@dataclass(frozen=True)
class Way:
    """Where the token is posted to: the address on the child's host, and the origin that the page must be allowed to post to."""

    url: str
    token: str

    @property
    def origin(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def reseller_of(customer: Customer) -> Reseller:
    """The reseller that this customer is."""
    return Reseller.objects.get(schema_name=customer.reseller_schema)


def hand_over(session: SessionBase, customer: Customer, *, actor: Actor, role: Role, at: datetime) -> Way:
    """Issue the ticket into the reseller that this customer of ours is. Raises `not_below`."""
    require(actor.acted_for_id is None, "switched_already", _("Return from the customer you are managing first."))
    child = reseller_of(customer)
    token = tickets.issue(child, session, actor=actor, role=role, at=at, home_session=sessions.row_of(session))
    audit.record(actor, "reseller.entered", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, at=at)
    return Way(tenancy.address_of(child, reverse("resellers:arrive")), token)


def arrive(request: HttpRequest, token: str, *, at: datetime) -> ParentSession:
    """Spend the ticket that was posted here from a page of the parent's, and be somebody of the parent from now on. Raises `ticket_refused`.

    Whoever of a parent this browser was here before is no longer, nor anywhere they went on to from here. It is the same browser when it shows the
    session, or when both ways began in one session at home: with a form from another site it may show no cookie.
    """
    ticket = tickets.spend(token, from_host=sender(request), at=at)
    for former in tickets.former(request.session, ticket):
        end(former, actor=tickets.actor_of(former.ticket), at=at)
        sessions.drop(former.session_key)
    opened = tickets.begin(request, ticket, at=at)
    here = tenancy.current()
    audit.record(tickets.actor_of(ticket), "parent.entered", subject=("reseller", here.pk, here.name), note=tickets.home_of(ticket), at=at)
    return opened


def sender(request: HttpRequest) -> str:
    """The host that sent the form, by the header Origin; empty when there is none, or another scheme or port than ours (reliability 67)."""
    here = urlsplit(f"{request.scheme}://{request.get_host()}")
    try:
        origin = urlsplit(request.headers.get("Origin", ""))
        same = (origin.scheme, origin.port) == (here.scheme, here.port)
    except ValueError:
        return ""
    return (origin.hostname or "").lower().rstrip(".") if same else ""


def leave(guest: Guest, *, at: datetime) -> str:
    """End the session and answer with the address to go back to: this reseller's page at its parent."""
    end(guest.session, actor=guest.actor, at=at)
    return way_back()


def end(found: ParentSession, *, actor: Actor, at: datetime) -> None:
    """End a session from a parent, by the person themselves or by an administrator; both sides write it down once."""
    if not tickets.end(found, at=at):
        return
    here, parent, who = tenancy.current(), found.ticket.parent_schema, tickets.actor_of(found.ticket)
    by_another = "" if actor.user_id == who.user_id else actor.name
    audit.record(actor, "parent.left", subject=("reseller", here.pk, here.name), note=who.name if by_another else tickets.home_of(found.ticket), at=at)
    with schema_context(parent):
        customer = Customer.objects.filter(reseller_schema=here.schema_name).first()
        if customer is not None:
            theirs = who if who.schema != parent else Actor(name=who.name, user_id=who.user_id)
            audit.record(theirs, "reseller.left", subject=("customer", customer.pk, customer.name), customer_id=customer.pk, note=by_another, at=at)


def way_back() -> str:
    """This reseller's page at its parent, on the parent's host."""
    here = tenancy.current()
    assert here.parent is not None, "the root has no parent to return to"
    with schema_context(here.parent.schema_name):
        number = Customer.objects.filter(reseller_schema=here.schema_name).values_list("account_number", flat=True).first()
    path = reverse("customers:customer", args=[number]) if number else reverse("customers:list")
    return tenancy.address_of(here.parent, path)
