"""Lock a customer's calls or sign-in, and lift what staff have locked (E13)."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.web.access import roles
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import locks
from customers.forms.locks import LockForm
from customers.models import Lock
from customers.views.shell import customer_page, may_shut

LOCKERS = rights.roles(Right.LOCK)


@roles(*LOCKERS)
@require_http_methods(["GET", "POST"])
def lock(request: PortalRequest, account: str) -> HttpResponse:
    """The customer's locks with their reasons, those that were too, and a form for one more."""
    customer = queries.customer_or_404(request.viewer, account)
    can_shut = may_shut(request.viewer, customer)
    form = LockForm(request.POST or None, scopes=_scopes(can_shut))
    if form.is_valid():
        with form.refusals(), transaction.atomic():
            for scope in form.cleaned_data["scopes"]:
                locks.set(customer, Lock.Reason.ADMIN, scope, note=form.cleaned_data["note"], actor=actor_of(request), at=timezone.now())
            messages.success(request, _("%(name)s was locked.") % {"name": customer.name})
            return redirect("customers:customer", account=account)
    return customer_page(request, "customers/locks.html", customer, form=form, history=queries.locks_of(customer), may_shut=can_shut)


@roles(*LOCKERS)
@require_POST
def unlock(request: PortalRequest, account: str) -> HttpResponse:
    """Lift what staff have locked; locks of other reasons are lifted by their own cause."""
    customer = queries.customer_or_404(request.viewer, account)
    with transaction.atomic():
        for scope in _scopes(may_shut(request.viewer, customer)):
            locks.lift(customer, Lock.Reason.ADMIN, scope, actor=actor_of(request), at=timezone.now())
    left = queries.locks_of(customer).filter(lifted_at=None).first()
    if left is None:
        messages.success(request, _("%(name)s was unlocked.") % {"name": customer.name})
    else:
        words = {"name": customer.name, "reason": left.get_reason_display()}
        messages.warning(request, _("%(name)s stays locked: %(reason)s.") % words)
    return redirect("customers:customer", account=account)


def _scopes(can_shut: bool) -> list[str]:
    return [scope for scope in Lock.Scope.values if can_shut or scope != Lock.Scope.WEB]
