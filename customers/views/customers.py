"""The list of customers, and their first page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing_portal.kernel.period import local_date
from billing_portal.web import registry
from billing_portal.web.access import signed_in, staff
from billing_portal.web.listing import Chip, Column, Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.models import Customer
from customers.views.shell import may, state_of

CHIPS = (
    Chip("active", _("Active"), Q(status=Customer.Status.ACTIVE)),
    Chip("low", _("Low balance"), queries.LOW),
    Chip("near", _("Near limit"), queries.NEAR_LIMIT),
    Chip("over", _("Over limit"), queries.OVER_LIMIT),
    Chip("overdue", _("Overdue"), queries.OVERDUE),
    Chip("locked", _("Locked"), queries.LOCKED),
    Chip("inactive", _("Not active"), ~Q(status=Customer.Status.ACTIVE)),
)
SORTS: dict[str, Sequence[Column]] = {
    "name": (Lower("name"),),  # by its index
    "plan": ("plan_name", "name"),
    "balance": ("balance_now", "name"),
    "available": ("available", "name"),
    "last": ("standing__last_call_at", "name"),
}


@staff
@require_safe
def customer_list(request: PortalRequest) -> HttpResponse:
    now = timezone.now()
    rows = queries.customers_to_list(request.viewer, now)
    listing = Listing(request.GET, rows, search=queries.search, chips=CHIPS, sorts=SORTS, default="name", totals=queries.TOTALS)
    today = local_date(now, request.viewer.zone)
    shown = list(listing)
    reasons = queries.lock_reasons(shown)
    drawn = [_row(customer, today, reasons.get(customer.pk, [])) for customer in shown]
    return page(request, "customers/list.html", listing=listing, rows=drawn, totals=listing.totals, **may(request.viewer))


def _row(customer: Customer, today: date, reasons: list[str]) -> dict[str, Any]:
    """One row; beside its state stands why it is locked, and that its automatic top-up is parked."""
    why = [*reasons, *([_("Top-up parked")] if customer.topup_parked else [])]
    pill = state_of(customer, customer.standing, today)
    return {"customer": customer, "standing": customer.standing, "state_pill": pill, "why": ", ".join(str(each) for each in why)}


@staff
@require_safe
def customer(request: PortalRequest, account: str) -> HttpResponse:
    """The customer's address leads to the first of its tabs: the overview, which lives higher up because it shows calls and documents."""
    found = queries.customer_or_404(request.viewer, account)
    first, *_others = registry.customer_tabs.of(request.viewer)
    return redirect(first.url_name, account=found.account_number)


@signed_in
@require_safe
def home(request: PortalRequest) -> HttpResponse:
    """Where somebody comes in: at the first entry of their menu, staff at the customers, a customer's people at their overview."""
    entry = next((items[0].url_name for _group, items in registry.menu.of(request.viewer)), "web:help")
    return redirect(entry)
