"""A customer's own pages over money: for its account administrators, and for staff who switched into it."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing_portal.accounts.models import Role
from billing_portal.web.access import SWITCHERS, people
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from invoicing.queries import documents as queries
from invoicing.views import documents, statement
from invoicing.views.overview import figures

OWN = (Role.ACCOUNT_ADMIN, *SWITCHERS)


@people(*OWN, Role.ACCOUNT_USER)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    """The customer's account at a glance; an account user, who may not see it, is led to the calls of their own lines."""
    if request.viewer.role == Role.ACCOUNT_USER:
        return redirect("invoicing:my-calls")
    customer = customers.own_customer(request.viewer)
    have = {"people": customer.people.count(), "lines": customer.lines.count()}
    plan = customers.plan_at([customer.pk], timezone.now()).get(customer.pk)
    return page(request, "invoicing/my_overview.html", customer=customer, have=have, plan=plan, **figures(request.viewer, customer))


@people(*OWN)
@require_safe
def my_documents(request: PortalRequest) -> HttpResponse:
    listing = documents.listing_of(request, queries.visible_to(request.viewer), "number__icontains")
    return page(request, "invoicing/my_documents.html", customer=customers.own_customer(request.viewer), **documents.shown(request, listing))


@people(*OWN)
@require_safe
def document(request: PortalRequest, number: str) -> HttpResponse:
    found = queries.document_or_404(request.viewer, number)
    return page(request, "invoicing/my_document.html", **documents.of_document(request, found, for_buyer=True))


@people(*OWN)
@require_safe
def pdf(request: PortalRequest, number: str) -> HttpResponse:
    return documents.pdf_answer(queries.document_or_404(request.viewer, number))


@people(*OWN)
@require_safe
def sheet(request: PortalRequest, number: str) -> HttpResponse:
    return documents.sheet_answer(queries.document_or_404(request.viewer, number))


@people(*OWN)
@require_safe
def my_statement(request: PortalRequest) -> HttpResponseBase:
    customer = customers.own_customer(request.viewer)
    file = statement.csv(request, customer)
    return file or page(request, "invoicing/my_statement.html", customer=customer, **statement.context(request, customer))
