"""Money received, written down by staff."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.web.access import roles
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.models import BillingType
from customers.views.shell import customer_page
from invoicing.domain import payments
from invoicing.forms.payments import PaymentForm


@roles(*rights.roles(Right.MOVE_MONEY))
@require_http_methods(["GET", "POST"])
def record(request: PortalRequest, account: str) -> HttpResponse:
    customer = queries.customer_or_404(request.viewer, account)
    wanted = {name: request.GET[name] for name in ("pays", "amount") if name in request.GET}
    form = PaymentForm(request.POST or None, customer=customer, initial=wanted)
    actor = request.viewer.actor
    if form.is_valid() and actor is not None:
        with form.refusals():
            payment = payments.record(customer, **form.cleaned_data, actor=actor, at=timezone.now())
            messages.success(
                request, _("Payment of %(amount)s recorded.") % {"amount": money.text(money.to_minor(payment.gross, customer.currency), customer.currency)}
            )
            return redirect("invoicing:payments", account=account)
    is_prepaid = customer.standing.billing_type == BillingType.PREPAID
    percent = sum((tax.percent for tax in customer.taxes.filter(on_calls=True)), start=payments.HUNDRED) - payments.HUNDRED
    return customer_page(request, "invoicing/payment.html", customer, tab="invoicing:payments", form=form, is_prepaid=is_prepaid, percent=percent)
