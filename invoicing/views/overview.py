"""The first page of a customer: balance, spend, invoices, calls, history."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing_portal.kernel.period import local_date
from billing_portal.web.access import staff
from billing_portal.web.viewer import PortalRequest, Viewer
from customers import queries as customers
from customers.models import BillingType, Customer
from customers.views.shell import customer_page
from customers.views.tabs import event
from invoicing.domain import invoices
from invoicing.queries import documents as queries
from invoicing.queries import movements, spending
from invoicing.views import calls, charts, states
from invoicing.views.documents import may

DAYS = 30
CALLS, INVOICES, EVENTS = 6, 4, 5


@staff
@require_safe
def overview(request: PortalRequest, account: str) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    history = [event(entry, customer.name) for entry in customers.history_of(customer)[:EVENTS]]
    return customer_page(request, "invoicing/overview.html", customer, **{**figures(request.viewer, customer), **may(request.viewer), "events": history})


def figures(viewer: Viewer, customer: Customer) -> dict[str, Any]:
    """What both the staff's and the customer's own overview show; days are the customer's."""
    now = timezone.now()
    today = local_date(now, customer.time_zone)
    days = spending.per_day(customer, min(today - timedelta(days=DAYS - 1), today.replace(day=1)), today)
    documents = list(queries.of_customer(viewer, customer)[:INVOICES])
    late = queries.of_customer(viewer, customer).filter(queries.overdue(today)).order_by("due_on").first()
    return {
        "today": today,
        "standing": customer.standing,
        "locks": list(customers.locks_of(customer).filter(lifted_at=None)),
        "spent_today": customer.standing.spent_today if customer.standing.day == today else Decimal(0),
        "month": sum((day.amount for day in days if day.day >= today.replace(day=1)), Decimal(0)),
        "chart": charts.spend(days[-DAYS:], customer.currency),
        "documents": states.shown(documents, today),
        "late": late,
        "late_days": (today - late.due_on).days if late else 0,
        "calls": calls.shown(spending.latest_calls(customer, CALLS), named=False),
        "next": _next(customer, today),
        "used": max(-customer.standing.balance, Decimal(0)),
    }


def _next(customer: Customer, today: date) -> dict[str, Any] | None:
    """When the next invoice is made and what it would come to now, tax included; None for who pays in advance.

    Who was invoiced ahead of time gets it a month later. `held` says that calls without a price keep it from being made (semantics 22).
    """
    if customer.billing_type == BillingType.PREPAID:
        return None
    billed = movements.billed_until([customer.pk]).get(customer.pk, today)
    first = (max(today, billed).replace(day=1) + timedelta(days=32)).replace(day=1)
    found = invoices.preview(first, customer_ids=[customer.pk])
    held = any(skipped.reason == "waiting_calls" for skipped in found.skipped)
    return {"day": first, "total": sum((draft.total for draft in found.drafts), Decimal(0)), "held": held}
