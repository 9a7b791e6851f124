"""Switch to a customer and return; both only by POST (reliability 66)."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing_portal.web.access import SWITCHERS, any_frame, roles, signed_in
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import switching


@roles(*SWITCHERS)
@require_POST
def enter(request: PortalRequest) -> HttpResponse:
    account = request.POST.get("account", "")
    if not account:
        return redirect("customers:list")
    customer = queries.customer_or_404(request.viewer, account)
    switching.enter(request.session, customer, actor=actor_of(request), at=timezone.now())
    return redirect("customers:home")


@any_frame
@signed_in
@require_POST
def leave(request: PortalRequest) -> HttpResponse:
    party = request.viewer.party
    left = switching.leave(request.session, actor=actor_of(request), at=timezone.now())
    return redirect("customers:customer", account=party.account_number) if left and party else redirect("customers:home")
