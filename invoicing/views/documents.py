"""Invoices: the list, a customer's, one of them, its PDF, and sending it again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.kernel.period import local_date
from billing_portal.tenancy.models import new_id
from billing_portal.web.access import public, roles, staff
from billing_portal.web.downloads import inline
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest, Viewer
from customers import queries as customers
from customers.views.shell import customer_page
from invoicing.documents import html
from invoicing.domain import rendering
from invoicing.models import Document
from invoicing.queries import documents as queries
from invoicing.views import states, timeline

SENDERS = tuple(dict.fromkeys((*rights.roles(Right.TERMS), *rights.roles(Right.LOCK))))
SORTS = {
    "issued": ("issued_at", "sequence"),
    "number": ("number",),
    "customer": ("customer__name", "sequence"),
    "due": ("due_on", "sequence"),
    "total": ("currency", "total", "sequence"),
    "left": ("currency", "left", "sequence"),
}


def listing_of(request: PortalRequest, rows: Any, *search: str) -> Listing:
    """Documents as lists show them: chips open, overdue, paid, and credit notes and receipts where there are any; newest first."""
    today = local_date(timezone.now(), request.viewer.zone)
    chips = [Chip("open", _("Open"), queries.OPEN), Chip("overdue", _("Overdue"), queries.overdue(today)), Chip("paid", _("Paid"), queries.PAID)]
    kinds = set(rows.order_by().values_list("kind", flat=True).distinct())
    if Document.DocumentKind.CREDIT_NOTE in kinds:
        chips += [Chip("cancelled", _("Cancelled"), queries.CANCELLED), Chip("credit-notes", _("Credit notes"), queries.NOTES)]
    if Document.DocumentKind.RECEIPT in kinds:
        chips.append(Chip("receipts", _("Receipts"), queries.RECEIPTS))
    return Listing(request.GET, rows, search=search, chips=chips, sorts=SORTS, default="-issued")


def shown(request: PortalRequest, listing: Listing) -> dict[str, Any]:
    """What a list of documents needs."""
    today = local_date(timezone.now(), request.viewer.zone)
    return {"listing": listing, "rows": states.shown(listing, today), "totals": queries.totals(listing.selected)}


def may(viewer: Viewer) -> dict[str, bool]:
    """What the viewer's role allows on pages of documents (contracts, Rights)."""
    return {
        "may_run": viewer.role in rights.roles(Right.TERMS) and not viewer.acting,
        "may_pay": viewer.role in rights.roles(Right.MOVE_MONEY) and not viewer.acting,
        "may_send": viewer.role in SENDERS and not viewer.acting,
    }


@staff
@require_safe
def documents(request: PortalRequest) -> HttpResponse:
    listing = listing_of(request, queries.visible_to(request.viewer), "number__icontains", "customer__name__icontains", "customer__account_number__startswith")
    return page(request, "invoicing/documents.html", **shown(request, listing), **may(request.viewer))


@staff
@require_safe
def customer_documents(request: PortalRequest, account: str) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    listing = listing_of(request, queries.of_customer(request.viewer, customer), "number__icontains")
    return customer_page(request, "invoicing/documents_customer.html", customer, **{**shown(request, listing), **may(request.viewer)})


@staff
@require_safe
def document(request: PortalRequest, number: str) -> HttpResponse:
    found = queries.document_or_404(request.viewer, number)
    return page(request, "invoicing/document.html", send_key=new_id(), **of_document(request, found), **may(request.viewer))


def of_document(request: PortalRequest, found: Document, *, for_buyer: bool = False) -> dict[str, Any]:
    """A document's page: the content of its PDF, its state, and what happened to it; its buyer does not read who works for the seller."""
    today = local_date(timezone.now(), request.viewer.zone)
    content = html.context(rendering.value_of(found))
    due: Decimal = found.left  # type: ignore[attr-defined]  # annotated
    facts: dict[str, Any] = {"document": found, "value": content["document"], "content": content, "customer": found.customer}
    facts["may_credit"] = found.kind == Document.DocumentKind.INVOICE and found.credited < found.total  # type: ignore[attr-defined]  # annotated
    facts["credits"], facts["notes"] = found.credits and found.credits.number, list(found.credit_notes.order_by("issued_at").values_list("number", flat=True))
    facts["asked"] = money.plain(money.to_minor(due, found.currency))
    issuer = rendering.value_of(found).seller.name if for_buyer else ""
    return {**facts, "pill": states.of_document(found, today), "events": timeline.of(found, issuer=issuer)}


@staff
@require_safe
def pdf(request: PortalRequest, number: str) -> HttpResponse:
    return pdf_answer(queries.document_or_404(request.viewer, number))


def pdf_answer(found: Document) -> HttpResponse:
    return inline(rendering.pdf_content(found), rendering.file_name(found), rendering.PDF_TYPE)


@staff
@require_safe
def sheet(request: PortalRequest, number: str) -> HttpResponse:
    return sheet_answer(queries.document_or_404(request.viewer, number))


def sheet_answer(found: Document) -> HttpResponse:
    """The document as a page of its own, as the PDF has it, to look at and to print."""
    colour = rendering.value_of(found).seller.brand.removeprefix("#")
    styles = [static("inter/opsz.css"), static(rendering.SHEET), reverse("invoicing:brand", args=[colour])]
    return HttpResponse(rendering.page(found, styles))


@public
@require_safe
def brand(request: PortalRequest, colour: str) -> HttpResponse:
    """The stylesheet that carries a reseller's colour."""
    return HttpResponse(html.brand_css(f"#{colour}"), content_type="text/css", headers={"Cache-Control": "public, max-age=86400"})


@roles(*SENDERS)
@require_POST
def send(request: PortalRequest, number: str) -> HttpResponse:
    found = queries.document_or_404(request.viewer, number)
    assert request.viewer.actor is not None
    rendering.send_again(found, actor=request.viewer.actor, at=timezone.now(), key=_key(request))
    said = {"what": found.get_kind_display(), "number": found.number, "address": found.customer.billing_email}
    messages.success(request, _("%(what)s %(number)s goes to %(address)s.") % said)
    return redirect("invoicing:document", number=found.number)


def _key(request: PortalRequest) -> UUID | None:
    """What makes two clicks on one page one mail; a request without it is one of its own."""
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return None
