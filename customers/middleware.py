"""Who looks at a page, and whose pages they are (semantics 33)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Role, User
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
        managing = switching.KEY in portal.session
        portal.viewer = look(portal, at=timezone.now())
        if managing and portal.method == "GET" and portal.viewer.is_staff and not portal.viewer.acting:
            messages.info(request, _("You are back at your own pages: the customer you were managing was left."))
            return redirect("customers:list")
        return self.get_response(request)


def look(request: PortalRequest, *, at: datetime) -> Viewer:
    """The viewer of this request, read anew each time, so that who is demoted, deactivated or locked out loses everything at once (reliability 69)."""
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    actor = Actor.of(user)
    if not user.is_staff_member:
        person = Person.objects.select_related("customer__standing").filter(user=user).first()
        if person is None:
            return Viewer(user, None, actor)
        if person.customer.standing.web_locked:
            request.session.flush()
            request.user = AnonymousUser()
            return ANONYMOUS
        return Viewer(user, Role(user.role), actor, CustomerParty.of(person.customer), user.time_zone or person.customer.time_zone)
    managed = _managed(request, user, actor, at)
    if managed is None:
        return Viewer(user, Role(user.role), actor, None, user.time_zone or request.tenant.time_zone)
    return Viewer(user, Role(user.role), actor.acting_for(managed.pk, managed.name), CustomerParty.of(managed), managed.time_zone)


def _managed(request: PortalRequest, user: User, actor: Actor, at: datetime) -> Customer | None:
    """The customer this member of staff manages now; the switch ends when the right to it, the customer or the hour is gone."""
    frame = switching.current(request.session)
    if frame is None:
        return None
    customer = Customer.objects.filter(pk=frame.customer_id).first()
    if customer is None or user.role not in SWITCHERS:
        switching.leave(request.session, actor=actor, at=at, note=_("no longer allowed"))
        return None
    if frame.idle(at):
        switching.leave(request.session, actor=actor, at=at, note=_("60 minutes without a page"))
        return None
    switching.stay(request.session, frame, at=at)
    return customer
