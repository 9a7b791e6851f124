"""Pages of taxes and of the terms on which the reseller bills."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing_portal.web.access import roles
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from rateplans import queries
from rateplans.domain import taxes, terms
from rateplans.entrances import MAY_CHANGE, MAY_SEE, MAY_SET
from rateplans.forms.terms import SCOPES, EditTaxForm, TaxForm, TermsForm, values_of
from rateplans.models import Tax


@roles(*MAY_SEE)
@require_GET
def tax_list(request: PortalRequest) -> HttpResponse:
    listing = Listing(request.GET, queries.taxes(), search=("name__icontains",), sorts={"name": ("name",), "percent": ("percent", "name")}, default="name")
    rows = [(tax, _charged_on(tax)) for tax in listing]
    return page(request, "rateplans/taxes.html", listing=listing, rows=rows, may_change=request.viewer.role in MAY_CHANGE)


def _charged_on(tax: Tax) -> str:
    ticked = [str(label) for scope, label in SCOPES.items() if getattr(tax, scope)]
    return _("everything") if len(ticked) == len(SCOPES) else ", ".join(ticked).lower()


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def tax_new(request: PortalRequest) -> HttpResponse:
    form = TaxForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            tax = taxes.create(**form.values(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("“%(name)s” is there. Customers who are there already are not liable until you tick it for them.") % {"name": tax.name})
            return redirect("rateplans:taxes")
    return page(request, "rateplans/tax.html", form=form)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def tax_change(request: PortalRequest, tax: UUID) -> HttpResponse:
    found = queries.tax_or_404(tax)
    form = EditTaxForm(request.POST or None, initial=values_of(found), about=("tax", found.pk), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            taxes.change(found, **form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("rateplans:taxes")
    return page(request, "rateplans/tax.html", form=form, tax=found)


@roles(*MAY_SET)
@require_http_methods(["GET", "POST"])
def billing_terms(request: PortalRequest) -> HttpResponse:
    current = queries.billing_terms()
    root = request.tenant.parent_id is None
    initial = {name: getattr(current, name) for name in terms.FIELDS if root or name != "cost_plan"}
    form = TermsForm(request.POST or None, root=root, currency=request.tenant.currency, initial=initial, about=("terms", current.pk), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            terms.change(**form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("rateplans:terms")
    return page(request, "rateplans/terms.html", form=form)
