"""Who looks at a page, and whose pages they are (semantics 33)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import sessions, tickets
from billing_portal.accounts.models import Role, User
from billing_portal.web.access import answers_while_locked, written
from billing_portal.web.viewer import ANONYMOUS, SWITCHERS, PortalRequest, Viewer
from customers.domain import switching
from customers.models import Customer, Person


@dataclass(frozen=True)
class CustomerParty:
    """A customer as the frame of a page knows it; queries start from its id."""

    id: uuid.UUID
    name: str
    account_number: str
    currency: str
    time_zone: str
    language: str

    @classmethod
    def of(cls, customer: Customer) -> CustomerParty:
        return cls(customer.pk, customer.name, customer.account_number, customer.currency, customer.time_zone, settings.LANGUAGE_CODE)


class ViewerMiddleware:
    """Fills `request.viewer`: nobody, staff, staff who switched into a customer, or a person of a customer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        portal = cast(PortalRequest, request)
        managing, came = switching.KEY in portal.session, tickets.HERE in portal.session
        portal.viewer = look(portal, at=timezone.now())
        if came and not portal.viewer.signed_in:
            messages.info(request, _("You are no longer switched into %(name)s.") % {"name": portal.tenant.name})
        if managing and portal.method == "GET" and portal.viewer.is_staff and not portal.viewer.acting:
            messages.info(request, _("You are back at your own pages: the customer you were managing was left."))
            return redirect("customers:list")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """On the host of a reseller that its parent has locked there is one page, which names whom to ask; the parent's staff go on (semantics 30)."""
        portal = cast(PortalRequest, request)
        if not portal.tenant.web_locked or portal.viewer.home or answers_while_locked(view):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": "/"})
        return render(request, "customers/locked_here.html", status=403)


class CustomerFormsMiddleware:
    """Stops a form of one customer at an address that has become another's. It names both, so it comes behind what shuts pages (reliability 77)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        return of_another_customer(cast(PortalRequest, request), kwargs.get("account", ""))


def of_another_customer(request: PortalRequest, account: str) -> HttpResponse | None:
    """A form of one customer that comes to an address which has become another's saves nothing; what was written stays on the page.

    Pages of customers are addressed by account number, which can change hands; the form carries the id of the customer it was drawn for.
    """
    drawn_for = request.POST.get("drawn_for", "") if request.method == "POST" and account and request.viewer.is_staff and not request.viewer.acting else ""
    if not drawn_for:
        return None
    holder = Customer.objects.filter(account_number=account).first()
    if holder is not None and str(holder.pk) == drawn_for:
        return None
    try:
        meant = Customer.objects.filter(pk=uuid.UUID(drawn_for)).first()
    except ValueError:
        meant = None
    if meant is None:
        raise Http404
    way_on = _form_of(request, meant)
    context = {"meant": meant, "holder": holder, "way_on": way_on, "written": written(request)}
    return render(request, "errors/renumbered.html", context, status=409)


def _form_of(request: PortalRequest, meant: Customer) -> str:
    """Where the form that was sent stands now: a form is sent from its own page. Empty for a button on another page, and where it cannot be told."""
    match = request.resolver_match
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    if match is None or (came_from.netloc, came_from.path) != (request.get_host(), request.path):
        return ""
    return reverse(match.view_name, kwargs={**match.kwargs, "account": meant.account_number})


def look(request: PortalRequest, *, at: datetime) -> Viewer:
    """The viewer of this request, read anew each time, so that who is demoted, deactivated or locked out loses everything at once (reliability 69)."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    if user.stands_for_schema:
        return _of_a_parent(request, user, at)
    if request.tenant.web_locked:
        sessions.shut_unless_held(user, at=at)  # as the worker does for who asks for nothing, whom it knows by their sessions
        return _out(request)
    actor = Actor.of(user)
    if not user.is_staff_member:
        person = Person.objects.select_related("customer__standing").filter(user=user).first()
        if person is None:
            return Viewer(user, None, actor)
        if person.customer.standing.web_locked:
            return _out(request)
        return Viewer(user, Role(user.role), actor, CustomerParty.of(person.customer), user.time_zone or person.customer.time_zone)
    if tickets.is_signed_out_below(request.session):
        return _out(request)
    return _staff(request, Viewer(user, Role(user.role), actor, None, user.time_zone or request.tenant.time_zone), at)


def _of_a_parent(request: PortalRequest, user: User, at: datetime) -> Viewer:
    """Somebody of a parent, through its pseudo-user: the real person acts, with the rights their role has at home (architecture §2)."""
    guest = tickets.present(request.session, at=at)
    if guest is None or tickets.is_signed_out_below(request.session):
        return _out(request)
    return _staff(request, Viewer(user, guest.role, guest.actor, None, request.tenant.time_zone, guest.home), at)


def _out(request: PortalRequest) -> Viewer:
    """Nobody, from this request on; a session of our own is listed no more, so what was opened from it is over too."""
    sessions.forget(request.session)
    request.session.flush()
    request.user = AnonymousUser()
    return ANONYMOUS


def _staff(request: PortalRequest, viewer: Viewer, at: datetime) -> Viewer:
    """Staff at their own pages, or at those of the customer they manage."""
    managed = _managed(request, viewer, at)
    if managed is None or viewer.actor is None:
        return viewer
    return replace(viewer, actor=viewer.actor.acting_for(managed.pk, managed.name), party=CustomerParty.of(managed), zone=managed.time_zone)


def _managed(request: PortalRequest, viewer: Viewer, at: datetime) -> Customer | None:
    """The customer this member of staff manages now; the switch ends when the right to it, the customer or the hour is gone."""
    frame = switching.current(request.session)
    if frame is None or viewer.actor is None:
        return None
    customer = Customer.objects.filter(pk=frame.customer_id).first()
    if customer is None or viewer.role not in SWITCHERS:
        switching.leave(request.session, actor=viewer.actor, at=at, note=_("no longer allowed"))
        return None
    if frame.idle(at):
        switching.leave(request.session, actor=viewer.actor, at=at, note=_("60 minutes without a page"))
        return None
    switching.stay(request.session, frame, at=at)
    return customer


def signed_out(request: HttpRequest, **signal: Any) -> None:
    """Somebody signs out: that ends every switch they came by or went on with (semantics 33)."""
    tickets.sign_out(request.session, at=timezone.now())
