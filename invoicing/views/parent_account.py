"""Commerce » My account: what a reseller owes its parent, its statement, documents and top-ups, on the reseller's own host."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel.period import local_date
from billing_portal.web.access import roles
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from invoicing import parent_account
from invoicing.domain import decisions
from invoicing.forms.topups import AskForm
from invoicing.parent_account import ParentAccount
from invoicing.views import charts, documents, statement, states, topups

DAYS = 30
MAY_SEE = rights.roles(Right.SEE_MARGINS)
MAY_ASK = rights.roles(Right.MOVE_MONEY)


@roles(*MAY_SEE)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    account = parent_account.account_or_404()
    may_ask = request.viewer.role in MAY_ASK
    return page(request, "invoicing/parent_account.html", account=account, customer=account.customer, may_ask=may_ask, **_figures(account))


def _figures(account: ParentAccount) -> dict[str, Any]:
    """Balance, spending and documents; days are those of the reseller's zone at the parent."""
    customer = account.customer
    today = local_date(timezone.now(), customer.time_zone)
    first = today.replace(day=1)
    days = account.days(min(today - timedelta(days=DAYS - 1), first), today)
    found = account.documents()
    return {
        "standing": customer.standing,
        "used": max(-customer.standing.balance, Decimal(0)),
        "spent_today": customer.standing.spent_today if customer.standing.day == today else Decimal(0),
        "month": sum((day.amount for day in days if day.day >= first), Decimal(0)),
        "next": None,
        "chart": charts.spend(days[-DAYS:], customer.currency),
        "documents": states.shown(found, today),
    }


@roles(*MAY_SEE)
@require_safe
def account_statement(request: PortalRequest) -> HttpResponseBase:
    account = parent_account.account_or_404()
    file = account.ask(lambda customer: statement.csv(request, customer))
    if file is not None:
        return file
    shown = account.ask(lambda customer: statement.context(request, customer))
    return page(request, "invoicing/parent_statement.html", account=account, customer=account.customer, **shown)


@roles(*MAY_SEE)
@require_safe
def document(request: PortalRequest, number: str) -> HttpResponse:
    account = parent_account.account_or_404()
    shown = account.document(number, lambda found: documents.of_document(request, found, for_buyer=True))
    return page(request, "invoicing/parent_document.html", account=account, **shown)


@roles(*MAY_SEE)
@require_safe
def pdf(request: PortalRequest, number: str) -> HttpResponse:
    return parent_account.account_or_404().document(number, documents.pdf_answer)


@roles(*MAY_SEE)
@require_safe
def sheet(request: PortalRequest, number: str) -> HttpResponse:
    return parent_account.account_or_404().document(number, documents.sheet_answer)


@roles(*MAY_ASK)
@require_http_methods(["GET", "POST"])
def account_topups(request: PortalRequest) -> HttpResponse:
    """Ask the parent for a top-up, and see those that were asked for."""
    account = parent_account.account_or_404()
    form = AskForm(request.POST or None, customer=account.customer)
    if form.is_valid():
        with form.refusals():
            asked = account.ask_for_topup(form.cleaned_data["amount"], actor=actor_of(request), at=timezone.now())
            said = {"parent": account.parent, "amount": decisions.amount_of(asked)}
            messages.success(request, _("You asked %(parent)s for a top-up of %(amount)s. You get a mail when it is answered.") % said)
            return redirect("invoicing:parent-topups")
    shown = account.ask(lambda customer: topups.own_topups(request, customer, parent_account.topups_of(customer)))
    return page(request, "invoicing/parent_topups.html", account=account, form=form, **shown)
