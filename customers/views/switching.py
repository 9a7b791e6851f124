"""Switch to a customer or a reseller and return; all only by POST (reliability 66)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from billing_portal.accounts.domain import tickets
from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import SWITCHERS, any_frame, public, roles, signed_in, while_locked
from billing_portal.web.headers import policy
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import hosts, switching
from customers.models import Customer


@roles(*SWITCHERS)
@require_POST
def enter(request: PortalRequest) -> HttpResponse:
    account = request.POST.get("account", "")
    if not account:
        return redirect("customers:list")
    customer = queries.customer_or_404(request.viewer, account)
    if customer.kind == Customer.CustomerKind.RESELLER:
        return _hand_over(request, customer)
    switching.enter(request.session, customer, actor=actor_of(request), at=timezone.now())
    return redirect("customers:home")


def _hand_over(request: PortalRequest, customer: Customer) -> HttpResponse:
    """The page whose only form posts the token to the reseller's own host; no other page may post there, and none else tells where it stands."""
    assert request.viewer.role is not None
    way = hosts.hand_over(request.session, customer, actor=actor_of(request), role=request.viewer.role, at=timezone.now())
    answer = page(request, "customers/hand_over.html", way=way, customer=customer)
    answer.headers["Content-Security-Policy"] = policy(form_action=way.origin)
    answer.headers["Referrer-Policy"] = "strict-origin"  # with "same-origin" the browser would send no Origin with the form
    return answer


@while_locked
@any_frame
@public
@csrf_exempt
@sensitive_post_parameters("token")
@require_POST
def arrive(request: PortalRequest) -> HttpResponse:
    """A form of the parent's, so without a token of ours: the ticket and the header Origin stand in its place (reliability 67)."""
    try:
        hosts.arrive(request, request.POST.get("token", ""), at=timezone.now())
    except DomainError as refusal:
        return render(request, "customers/refused_here.html", {"message": refusal.message}, status=403)
    return redirect("customers:home")


@any_frame
@signed_in
@require_POST
def leave(request: PortalRequest) -> HttpResponse:
    """One step back: from the customer managed to the reseller's pages, from the reseller to its parent's host."""
    now, party = timezone.now(), request.viewer.party
    if not request.viewer.acting and request.viewer.home:
        return _go_back(request)
    left = switching.leave(request.session, actor=actor_of(request), at=now)
    return redirect("customers:customer", account=party.account_number) if left and party else redirect("customers:home")


def _go_back(request: PortalRequest) -> HttpResponse:
    """A form may not lead to another host, so the answer is a page that goes there by itself."""
    guest = tickets.present(request.session, at=timezone.now())
    url = hosts.leave(guest, at=timezone.now()) if guest else hosts.way_back()
    request.session.flush()
    return render(request, "customers/go_back.html", {"url": url})
