"""Commerce » My account: what a reseller owes its parent, its statement and its documents, on the reseller's own host."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel.period import local_date
from billing_portal.web.access import roles
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest
from invoicing import parent_account
from invoicing.parent_account import ParentAccount
from invoicing.views import charts, documents, statement, states

DAYS = 30
MAY_SEE = rights.roles(Right.SEE_MARGINS)


@roles(*MAY_SEE)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    account = parent_account.account_or_404()
    return page(request, "invoicing/parent_account.html", account=account, customer=account.customer, **_figures(account))


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
    form, made = account.ask(lambda customer: statement.asked(request, customer))
    if request.GET.get("format") == "csv" and made is not None:
        return statement.csv(made)
    return page(request, "invoicing/parent_statement.html", account=account, customer=account.customer, **statement.context(form, made))


@roles(*MAY_SEE)
@require_safe
def document(request: PortalRequest, number: str) -> HttpResponse:
    account = parent_account.account_or_404()
    shown = account.document(number, lambda found: documents.of_document(request, found))
    return page(request, "invoicing/parent_document.html", account=account, **shown)


@roles(*MAY_SEE)
@require_safe
def pdf(request: PortalRequest, number: str) -> HttpResponse:
    return parent_account.account_or_404().document(number, documents.pdf_answer)


@roles(*MAY_SEE)
@require_safe
def sheet(request: PortalRequest, number: str) -> HttpResponse:
    return parent_account.account_or_404().document(number, documents.sheet_answer)
