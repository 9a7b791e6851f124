"""Commerce » Requests: top-ups that customers and low balances ask for, and the customer's own page to ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.models import Role
from billing_portal.accounts.rights import Right
from billing_portal.tenancy import queries as tenancy
from billing_portal.web.access import people, roles
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.domain import low_balance
from customers.models import Customer
from customers.views.shell import State
from invoicing.domain import decisions, topup_rules, topups
from invoicing.forms.topups import AskForm, DecisionForm
from invoicing.models import TopUpRequest
from invoicing.queries import topups as queries

DECIDERS = rights.roles(Right.MOVE_MONEY)
OWN = (Role.ACCOUNT_ADMIN, *DECIDERS)
CHIPS = (
    Chip("waiting", _("Waiting"), queries.WAITING),
    Chip("approved", _("Approved"), Q(state=queries.State.APPROVED)),
    Chip("rejected", _("Rejected"), Q(state=queries.State.REJECTED)),
)
SORTS = {"asked": ("asked_at",), "customer": ("customer__name", "asked_at"), "amount": ("currency", "amount", "asked_at")}
SEARCH = ("customer__name__icontains", "customer__account_number__startswith")
MOST_PARKED = 20
PILLS = {queries.State.PENDING: "now", queries.State.PROCESSING: "now", queries.State.APPROVED: "good", queries.State.REJECTED: "bad"}


@roles(*DECIDERS)
@require_safe
def requests(request: PortalRequest) -> HttpResponse:
    listing = Listing(request.GET, queries.visible_to(request.viewer), search=SEARCH, chips=CHIPS, sorts=SORTS, default="-asked")
    parked = [(customer, customers.parked_because(customer)) for customer in queries.parked(request.viewer)[:MOST_PARKED]]
    return page(request, "invoicing/requests.html", listing=listing, rows=[_row(each) for each in listing], parked=parked)


@roles(*DECIDERS)
@require_http_methods(["GET", "POST"])
def topup_request(request: PortalRequest, topup: UUID) -> HttpResponse:
    """One request; its two buttons approve and reject with the comment written above them."""
    found = queries.request_or_404(request.viewer, topup)
    form = DecisionForm(request.POST or None)
    if form.is_valid() and request.POST.get("decision") in DECISIONS:
        with form.refusals():
            decide, said = DECISIONS[request.POST["decision"]]
            decide(found, comment=form.cleaned_data["comment"], actor=actor_of(request), at=timezone.now())
            messages.success(request, said % {"name": found.customer.name, "amount": decisions.amount_of(found)})
            return redirect("invoicing:requests")
    tax = topup_rules.tax_percent(found.customer)
    return page(request, "invoicing/request.html", form=form, tax=tax, **_row(found))


DECISIONS: dict[str, tuple[Any, Any]] = {
    "approve": (decisions.approve, _("The top-up of %(amount)s for %(name)s was approved.")),
    "reject": (decisions.reject, _("The top-up of %(amount)s for %(name)s was rejected.")),
}


@roles(*DECIDERS)
@require_POST
def release(request: PortalRequest, account: str) -> HttpResponse:
    """Let a parked automatic top-up go on."""
    customer = customers.customer_or_404(request.viewer, account)
    topups.release(customer, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%(name)s is topped up automatically again.") % {"name": customer.name})
    return redirect("customers:customer", account=account)


@people(*OWN)
@require_http_methods(["GET", "POST"])
def my_topups(request: PortalRequest) -> HttpResponse:
    customer = customers.own_customer(request.viewer)
    form = AskForm(request.POST or None, customer=customer)
    if form.is_valid():
        with form.refusals():
            asked = topups.ask(customer, form.cleaned_data["amount"], actor=actor_of(request), at=timezone.now())
            messages.success(request, _("You asked for a top-up of %(amount)s. You get a mail when it is answered.") % {"amount": decisions.amount_of(asked)})
            return redirect("invoicing:my-topups")
    return page(request, "invoicing/my_topups.html", form=form, **own_topups(request, customer, queries.of_customer(request.viewer, customer)))


def own_topups(request: PortalRequest, customer: Customer, rows: QuerySet[TopUpRequest]) -> dict[str, Any]:
    """What the page of a customer's own top-ups shows, read whole."""
    listing = Listing(request.GET, rows, sorts=SORTS, default="-asked")
    return {
        "customer": customer,
        "seller": tenancy.current().name,
        "listing": listing,
        "rows": [_row(each) for each in listing],
        "is_waiting": rows.filter(queries.WAITING).exists(),
        "left": low_balance.left_to_spend(customer.standing),
        "tax": topup_rules.tax_percent(customer),
        "tops_up": topup_rules.is_on(customer),
        "tops_up_below": topup_rules.threshold(customer),
    }


def _row(each: TopUpRequest) -> dict[str, Any]:
    pill = State(PILLS[queries.State(each.state)], each.get_state_display())
    left = low_balance.left_to_spend(each.customer.standing)
    return {"topup": each, "customer": each.customer, "left": left, "pill": pill, "receipt": queries.receipt_of(each)}
