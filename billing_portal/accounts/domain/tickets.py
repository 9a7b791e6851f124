"""Tickets into a reseller below: issued by the parent, spent once by the child, and the sessions they open (architecture §2)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import login, logout
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts import rights
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import OpenSession, ParentSession, Role, SwitchTicket, User
from billing_portal.accounts.rights import Right
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy import fingerprints
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Domain, Reseller

LIFETIME = timedelta(seconds=60)
IDLE = timedelta(minutes=60)
NOTED = timedelta(minutes=1)  # how often being there is written down
TOKEN_BYTES = 32
HERE = "from_parent"  # in the child's session: the ParentSession it is
BELOW = "below"  # in the parent's session: [schema, ticket] of what was opened from it
MOST_BELOW = 40  # open at once from one session; none is forgotten, so that signing out ends them all


@dataclass(frozen=True)
class Guest:
    """Somebody of a parent who acts in this reseller: who they are, what their role at home allows now, and the name of their reseller."""

    session: ParentSession
    actor: Actor
    role: Role
    home: str


def fingerprint(token: str) -> str:
    """What is stored of a token."""
    return fingerprints.of(token)


def issue(child: Reseller, session: SessionBase, *, actor: Actor, role: Role, at: datetime, home_session: UUID | None = None) -> str:
    """Write a ticket of 60 seconds into the child's schema for the real actor; its token of 256 bits is known to nobody after this call returns it.

    `home_session` is the listed session of one of our own; somebody who came from further up goes on under the one they began in.
    Raises `not_below` when the child is no reseller of this one, or is not made yet, and `too_many_below`.
    """
    parent = tenancy.current()
    below = child.parent_id == parent.pk and child.state == Reseller.State.READY
    above = came_by(session) if actor.schema else None
    if not below or actor.user_id is None or (actor.schema and above is None):
        raise DomainError("not_below", _("%(name)s is no reseller of yours that can be entered.") % {"name": child.name})
    opened = [[schema, ticket] for schema, ticket in session.get(BELOW, []) if _state_of(schema, ticket, at)[0]]
    require(len(opened) < MOST_BELOW, "too_many_below", _("You are switched into too many resellers at once. Return from one first."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with schema_context(child.schema_name):
        ticket = SwitchTicket.objects.create(
            token_hash=fingerprint(token),
            parent_schema=parent.schema_name,
            actor_schema=actor.schema or parent.schema_name,
            actor_id=actor.user_id,
            actor_name=actor.name,
            role=role,
            parent_session=above.pk if above else None,
            home_session=above.ticket.home_session if above else home_session,
            expires_at=at + LIFETIME,
            created_at=at,
        )
    session[BELOW] = [*opened, [child.schema_name, str(ticket.pk)]]
    return token


def spend(token: str, *, from_host: str, at: datetime) -> SwitchTicket:
    """Use a ticket up, once: one conditional UPDATE decides between those who show it at the same moment (reliability 67).

    `from_host` is the host the form was on, which must be one of the parent's. Raises `ticket_refused`, whatever is wrong with it.
    """
    refused = DomainError("ticket_refused", _("This way in is used up or too old. Go back and switch again."))
    ticket = SwitchTicket.objects.filter(token_hash=fingerprint(token)).first()
    parent = tenancy.current().parent
    if ticket is None or parent is None or ticket.parent_schema != parent.schema_name:
        raise refused
    if not Domain.objects.filter(tenant=parent, domain=from_host).exists() or role_of(ticket) is None:
        raise refused
    if not SwitchTicket.objects.filter(pk=ticket.pk, used_at=None, expires_at__gt=at).update(used_at=at):
        raise refused
    return ticket


def begin(request: HttpRequest, ticket: SwitchTicket, *, at: datetime) -> ParentSession:
    """Open a session as the parent's pseudo-user in place of whatever session the browser had here; one of our own who was in it signs out (reliability 69)."""
    if isinstance(request.user, User) and not request.user.stands_for_schema:
        logout(request)
    request.session.flush()
    login(request, stand_in(ticket.parent_schema))
    opened = ParentSession.objects.create(ticket=ticket, session_key=request.session.session_key or "", began_at=at, seen_at=at, created_at=at)
    request.session[HERE] = str(opened.pk)
    return opened


def former(session: SessionBase, ticket: SwitchTicket) -> list[ParentSession]:
    """The open sessions here that this ticket takes the place of: the one this browser shows, and those that began in the same session at home.

    A form that comes from another site brings no cookie, so the browser alone would not tell.
    """
    theirs = Q(pk=session.get(HERE))
    if ticket.home_session is not None:
        theirs |= Q(ticket__home_session=ticket.home_session)
    return list(ParentSession.objects.select_related("ticket").filter(theirs, ended_at=None))


def came_by(session: SessionBase) -> ParentSession | None:
    """The open session from a parent that this browser session is, if it is one."""
    return _open(session.get(HERE))


def stand_in(parent_schema: str) -> User:
    """The pseudo-user "[Parent name]", one row for each parent: it has no password, and its username is none that can be given to a person."""
    name = f"[{Reseller.objects.get(schema_name=parent_schema).name}]"
    given = {"full_name": name, "role": Role.ADMINISTRATOR, "stands_for_schema": parent_schema, "password": make_password(None)}
    user, _made = User.objects.get_or_create(username=f"[{parent_schema}]", defaults=given)
    if user.full_name != name:
        user.full_name = name
        user.save(update_fields=["full_name"])
    return user


def role_of(ticket: SwitchTicket) -> Role | None:
    """The role the real person has at home now; None once they or their reseller's sign-in are locked or they are
    demoted there, or any session on the way has ended, the one at home too; tickets of a former release do not name that (reliability 69)."""
    with schema_context(ticket.parent_schema):
        if ticket.parent_session is None:
            if Reseller.objects.filter(schema_name=ticket.parent_schema, web_locked=True).exists():
                return None
            found = User.objects.filter(pk=ticket.actor_id, is_active=True, stands_for_schema="", role__in=rights.roles(Right.SWITCH))
            if ticket.home_session is not None:
                found = found.filter(open_sessions=ticket.home_session)
            role = found.values_list("role", flat=True).first()
            return Role(role) if role else None
        above = _open(ticket.parent_session)
        return role_of(above.ticket) if above else None


def present(session: SessionBase, *, at: datetime) -> Guest | None:
    """Who of a parent acts in this session, asked anew at each request; None when nobody may any more, and then it is over for good."""
    found = _open(session.get(HERE))
    if found is None:
        return None
    role = role_of(found.ticket)
    over = why_over(found, role, at=at)
    if role is None or over:
        lapse(found, over, at=at)
        return None
    if at - found.seen_at >= NOTED or found.session_key != session.session_key:
        _stay(found, session.session_key or found.session_key, at)
    return Guest(found, actor_of(found.ticket), role, home_of(found.ticket))


def actor_of(ticket: SwitchTicket) -> Actor:
    """The real person, never the pseudo-user."""
    return Actor(name=ticket.actor_name, user_id=ticket.actor_id, schema=ticket.actor_schema)


def home_of(ticket: SwitchTicket) -> str:
    """The name of the reseller the real person works for."""
    found = tenancy.named(ticket.actor_schema)
    return found.name if found else ticket.actor_schema


def end(found: ParentSession, *, at: datetime, signed_out: bool = False) -> bool:
    """Close a session from a parent in this schema; whoever holds it is nobody at the next request. False when it was closed before."""
    return bool(ParentSession.objects.filter(pk=found.pk, ended_at=None).update(ended_at=at, signed_out=signed_out))


def why_over(found: ParentSession, role: Role | None, *, at: datetime) -> str:
    """Why whoever came by this session, with this role at home, is nobody at their next request though its row is open; empty while they may act."""
    if role is None:
        return _("no longer allowed")
    return _("60 minutes without a page") if at - found.seen_at >= IDLE else ""


def lapse(found: ParentSession, note: str, *, at: datetime) -> None:
    """End a session that nobody ended, and write down why; the schema in force is the child's."""
    if end(found, at=at):
        here = tenancy.current()
        audit.record(actor_of(found.ticket), "parent.left", subject=("reseller", here.pk, here.name), note=note, at=at)


def sign_out(session: SessionBase, *, at: datetime) -> None:
    """Signing out anywhere ends everything: what was opened from this session or still can be, and what this session was opened from (semantics 33)."""
    for schema, ticket in session.get(BELOW, []):
        if tenancy.named(schema) is None:
            continue
        with schema_context(schema):
            SwitchTicket.objects.filter(pk=ticket, used_at=None).update(used_at=at)
            ParentSession.objects.filter(ticket_id=ticket, ended_at=None).update(ended_at=at, signed_out=True)
    found = _open(session.get(HERE))
    if found is not None:
        end(found, at=at, signed_out=True)
        _sign_out_above(found.ticket, at)


def is_signed_out_below(session: SessionBase) -> bool:
    """Whether the person signed out in a reseller below that was entered from this session; forgets those that have ended otherwise."""
    opened: list[list[str]] = session.get(BELOW, [])
    if not opened:
        return False
    states = [_state_of(schema, ticket, timezone.now()) for schema, ticket in opened]
    kept = [each for each, (is_open, _signed_out) in zip(opened, states, strict=True) if is_open]
    if len(kept) != len(opened):
        session[BELOW] = kept
    return any(signed_out for _is_open, signed_out in states)


def _state_of(schema: str, ticket: str, at: datetime) -> tuple[bool, bool]:
    """Whether the ticket's session is or may still come to be open, and whether it was ended by signing out; neither once the reseller is dropped."""
    if tenancy.named(schema) is None:
        return (False, False)
    with schema_context(schema):
        found = SwitchTicket.objects.filter(pk=ticket).select_related("parentsession").first()
    if found is None:
        return (False, False)
    session = getattr(found, "parentsession", None)
    return (session.ended_at is None, session.signed_out) if session else (found.expires_at > at, False)


def _sign_out_above(ticket: SwitchTicket, at: datetime) -> None:
    """Up to the session at home, which is listed no more: whatever else was opened from it is over with it."""
    with schema_context(ticket.parent_schema):
        if ticket.parent_session is None and ticket.home_session is not None:
            OpenSession.objects.filter(pk=ticket.home_session).delete()
        above = _open(ticket.parent_session)
        if above is not None:
            end(above, at=at, signed_out=True)
            _sign_out_above(above.ticket, at)


def _stay(found: ParentSession, session_key: str, at: datetime) -> None:
    """Note that the person is still here, and so not idle in the resellers they came through."""
    ParentSession.objects.filter(pk=found.pk).update(seen_at=at, session_key=session_key)
    ticket = found.ticket
    while ticket.parent_session is not None:
        with schema_context(ticket.parent_schema):
            ParentSession.objects.filter(pk=ticket.parent_session).update(seen_at=at)
            ticket = SwitchTicket.objects.get(parentsession=ticket.parent_session)


def _open(id_: str | UUID | None) -> ParentSession | None:
    """The open session from a parent with this id, with its ticket."""
    return ParentSession.objects.select_related("ticket").filter(pk=id_, ended_at=None).first() if id_ else None
