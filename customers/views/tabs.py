"""Tabs of a customer's page that only look: its rate plan, its history."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing_portal.accounts import words
from billing_portal.accounts.models import AuditEntry
from billing_portal.web.access import staff
from billing_portal.web.history import Event
from billing_portal.web.listing import Listing
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.views.shell import customer_page
from rateplans.domain.cost_plans import shut_to
from rateplans.domain.decks import deck_of

NOTHING = "–"  # how `words.changes` writes an empty value


@staff
@require_safe
def rate_plan(request: PortalRequest, account: str) -> HttpResponse:
    customer = queries.customer_or_404(request.viewer, account)
    assignments = queries.assignments_of([customer.pk]).get(customer.pk, [])
    now = timezone.now()
    plan = queries.plan_at([customer.pk], now).get(customer.pk)
    version, deck = (plan and deck_of(plan, now)) or (None, None)
    shut = shut_to(request.viewer)
    return customer_page(request, "customers/rate_plan.html", customer, assignments=assignments, version=version, rates=len(deck) if deck else 0, shut=shut)


@staff
@require_safe
def history(request: PortalRequest, account: str) -> HttpResponse:
    customer = queries.customer_or_404(request.viewer, account)
    listing = Listing(request.GET, queries.history_of(customer), sorts={"at": ("at", "created_at")}, default="-at")
    return customer_page(request, "customers/history.html", customer, listing=listing, events=[event(entry, customer.name) for entry in listing])


def event(entry: AuditEntry, whose: str) -> Event:
    """An entry of the audit trail as a line of the customer's history; what is about somebody else names them."""
    if entry.action.endswith(".changed") and entry.changes:
        text = ", ".join(_said(field, old, new) for field, old, new in words.changes(entry))
    else:
        text = words.of(entry)
    about = f"{entry.subject_name}: " if entry.subject_name and entry.subject_kind != "customer" and entry.subject_name != whose else ""
    note = f" ({entry.note})" if entry.note else ""
    return Event(text=f"{about}{text}{note}", by=entry.actor_name, at=entry.at, acted_for=entry.acted_for_name)


def _said(field: str, old: str, new: str) -> str:
    if old == NOTHING:
        return _("%(field)s set to %(new)s") % {"field": field, "new": new}
    return _("%(field)s removed") % {"field": field} if new == NOTHING else f"{field} {old} → {new}"
