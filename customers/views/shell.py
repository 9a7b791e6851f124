"""The frame of a customer's page: header, state, facts, actions and tabs; tabs of higher apps stand in it too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel.period import local_date
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest, Viewer, viewer_of
from customers import queries
from customers.models import Customer, Lock, Standing


@dataclass(frozen=True)
class State:
    """What state a customer is in, as a pill shows it."""

    kind: str
    label: str | Promise


@dataclass(frozen=True)
class Place:
    """Where a page over a customer's people or lines stands: in the staff's customer page, or among the customer's own pages."""

    customer: Customer
    own: bool

    def url(self, name: str, **kwargs: Any) -> str:
        return (
            reverse(f"customers:my-{name}", kwargs=kwargs)
            if self.own
            else reverse(f"customers:{name}", kwargs={"account": self.customer.account_number, **kwargs})
        )

    def show(self, request: HttpRequest, template: str, tab: str, **context: Any) -> HttpResponse:
        """Answer with the template inside this place; `tab` is the name of the page it belongs to."""
        if self.own:
            return page(request, template, base="customers/own_part.html", place=self, customer=self.customer, **context)
        return customer_page(request, template, self.customer, tab=f"customers:{tab}", base="customers/customer_part.html", place=self, **context)

    def form(self, request: HttpRequest, form: BaseForm, heading: str, back: str) -> HttpResponse:
        """Answer with a small form; `back` is the page it belongs to."""
        base = "customers/own_part.html" if self.own else "customers/form_part.html"
        return page(request, "customers/small_form.html", base=base, customer=self.customer, form=form, heading=heading, back=back)


def place_of(request: PortalRequest, account: str) -> Place:
    """The place of this address; 404 for strangers."""
    if account:
        return Place(queries.customer_or_404(request.viewer, account), own=False)
    return Place(queries.own_customer(request.viewer), own=True)


def customer_page(request: HttpRequest, template: str, customer: Customer, *, tab: str = "", status: int | None = None, **context: Any) -> HttpResponse:
    """Answer with a page of one customer: its template extends `customers/customer_base.html` and fills the block `tab`.

    `tab` is the url name of the current tab, by default that of this page. The customer comes with its standing (`queries.customer_or_404`).
    """
    viewer = viewer_of(request)
    now = timezone.now()
    locks = list(queries.locks_of(customer).filter(lifted_at=None))
    shell = {
        "customer": customer,
        "standing": customer.standing,
        "state_pill": state_of(customer, customer.standing, local_date(now, viewer.zone)),
        "plan": queries.plan_at([customer.pk], now).get(customer.pk),
        "locks": locks,
        "may_unlock": any(lock.reason == Lock.Reason.ADMIN and (lock.scope == Lock.Scope.CALLS or may_shut(viewer, customer)) for lock in locks),
        "parked": queries.parked_because(customer),
        "tab": tab or (request.resolver_match.view_name if request.resolver_match else ""),
        **may(viewer),
    }
    return page(request, template, status=status, **{**shell, **context})


def may(viewer: Viewer) -> dict[str, bool]:
    """What the viewer's role allows on pages of customers (contracts, Rights)."""
    return {
        "may_edit": viewer.role in rights.roles(Right.CHANGE_CUSTOMERS),
        "may_switch": viewer.role in rights.roles(Right.SWITCH) and not viewer.acting,
        "may_lock": viewer.role in rights.roles(Right.LOCK) and not viewer.acting,
        "may_pay": viewer.role in rights.roles(Right.MOVE_MONEY) and not viewer.acting,
    }


def may_shut(viewer: Viewer, customer: Customer) -> bool:
    """Whether the viewer may lock the sign-in: a reseller's is that of its whole host, which is for whoever has the right to resellers."""
    return customer.kind != Customer.CustomerKind.RESELLER or viewer.role in rights.roles(Right.PLATFORM)


def state_of(customer: Customer, standing: Standing, today: date) -> State:
    """The one thing about a customer that needs somebody first: locked, overdue, over the limit, low, near it; else the status, which is quiet."""
    available = standing.available
    if standing.calls_locked or standing.web_locked:
        return State("off", _("Locked"))
    if standing.overdue_since is not None:
        return State("bad", _overdue((today - standing.overdue_since).days))
    if available is not None and available < 0:
        return State("bad", _("Over limit"))
    if customer.status != Customer.Status.ACTIVE:
        return State("plain", customer.get_status_display())
    if standing.low_since is not None:
        return State("warn", _("Low balance"))
    if available is not None and available < standing.credit_limit * queries.NEAR:
        return State("warn", _("Near limit"))
    return State("good", customer.get_status_display())


def _overdue(days: int) -> str | Promise:
    return ngettext("Overdue %(days)d day", "Overdue %(days)d days", days) % {"days": days} if days > 0 else _("Overdue")
