"""Platform » Resellers: those below this one, making a new one, and who of a parent is switched in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tenants.utils import schema_context

from billing_portal.accounts import rights
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import whereabouts
from billing_portal.accounts.models import ParentSession
from billing_portal.accounts.rights import Right
from billing_portal.tenancy.models import Reseller
from billing_portal.web.access import never_from_above, roles
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import hosts, reseller_orders
from customers.domain import switched as switched_list
from customers.forms.resellers import ResellerForm

ADMINISTRATORS = rights.roles(Right.PLATFORM)


@roles(*ADMINISTRATORS)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    below = Reseller.objects.filter(parent=request.tenant).prefetch_related("domains")
    listing = Listing(request.GET, below, search=("name__icontains", "schema_name__icontains"), sorts={"name": ("name",)}, default="name")
    resellers = list(listing)
    return page(request, "customers/resellers.html", listing=listing, rows=_rows(request, resellers), orders=reseller_orders.open_orders())


def _rows(request: PortalRequest, resellers: list[Reseller]) -> list[dict[str, Any]]:
    """Each reseller with its host and its row among our customers."""
    customers = queries.visible_to(request.viewer).filter(reseller_schema__in=[each.schema_name for each in resellers])
    known = {customer.reseller_schema: customer for customer in queries.with_figures(customers).select_related("standing")}
    return [{"reseller": each, "host": _host(each), "customer": known.get(each.schema_name)} for each in resellers]


def _host(reseller: Reseller) -> str:
    return next((domain.domain for domain in reseller.domains.all() if domain.is_primary), "")


@never_from_above
@roles(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Somebody of a parent would leave an administrator of their own behind (`letting_in`)."""
    first = {"currency": request.tenant.currency, "time_zone": request.tenant.time_zone}
    form = ResellerForm(request.POST or None, parent=request.tenant, actor=actor_of(request), initial=first)
    if form.is_valid():
        with form.refusals():
            progress = reseller_orders.place(form.wanted(), actor=actor_of(request))
            return redirect("resellers:order", order=progress.pk)
    return page(request, "customers/resellers_new.html", form=form)


@roles(*ADMINISTRATORS)
@require_safe
def order(request: PortalRequest, order: UUID) -> HttpResponse:
    return page(request, "customers/resellers_order.html", **_shown(request, order))


@roles(*ADMINISTRATORS)
@require_safe
def progress(request: PortalRequest, order: UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the reseller is made or something failed."""
    return page(request, "customers/resellers_progress.html", **_shown(request, order))


def _shown(request: PortalRequest, order: UUID) -> dict[str, Any]:
    found = reseller_orders.order_or_404(order)
    customer = queries.visible_to(request.viewer).filter(reseller_schema=found.wanted["short_name"]).first()
    return {"order": found, "customer": customer}


@roles(*ADMINISTRATORS)
@require_POST
def again(request: PortalRequest, order: UUID) -> HttpResponse:
    reseller_orders.again(reseller_orders.order_or_404(order))
    return redirect("resellers:order", order=order)


@roles(*ADMINISTRATORS)
@require_safe
def switched(request: PortalRequest) -> HttpResponse:
    """Who is switched where now, and since when (reliability 69)."""
    return page(request, "customers/switched.html", stays=switched_list.everybody(at=timezone.now()))


@roles(*ADMINISTRATORS)
@require_POST
def end(request: PortalRequest, session: UUID) -> HttpResponse:
    """Put out somebody of a parent who is in here, or call back one of our own from a reseller below."""
    now = timezone.now()
    where = next((reseller.schema_name for reseller, ours in whereabouts.below(at=now) if session in {each.pk for each in ours}), None)
    with schema_context(where or request.tenant.schema_name):
        found = get_object_or_404(ParentSession.objects.select_related("ticket"), pk=session)
        hosts.end(found, actor=_by(request) if where else actor_of(request), at=now)
    messages.success(request, _("%(name)s is no longer switched in.") % {"name": found.ticket.actor_name})
    return redirect("resellers:switched")


def _by(request: PortalRequest) -> Actor:
    """The actor as the reseller below writes them down."""
    actor = actor_of(request)
    return actor if actor.schema else replace(actor, schema=request.tenant.schema_name)
