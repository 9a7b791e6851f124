"""Settings » Company: the seller on documents, the contact, the look."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing_portal.accounts import rights
from billing_portal.accounts.domain import company
from billing_portal.accounts.rights import Right
from billing_portal.web import registry
from billing_portal.web.access import roles, takes_files
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.pages.forms import COMPANY_FIELDS, CompanyForm, LogoForm
from billing_portal.web.viewer import PortalRequest

ADMINISTRATORS = rights.roles(Right.PLATFORM)


@roles(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def edit(request: PortalRequest) -> HttpResponse:
    reseller = request.tenant
    stored = {name: getattr(reseller, name) for name in COMPANY_FIELDS}
    form = CompanyForm(request.POST or None, initial=stored, about=("company", reseller.pk), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            company.change(reseller, form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Company saved. Documents already issued keep what they show."))
            return redirect("web:company")
    return _shown(request, form, LogoForm())


@takes_files
@roles(*ADMINISTRATORS)
@require_POST
def logo(request: PortalRequest) -> HttpResponse:
    form = LogoForm(request.POST, request.FILES)
    if form.is_valid():
        with form.refusals():
            company.set_logo(request.tenant, form.cleaned_data["logo"], actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Logo saved."))
            return redirect("web:company")
    return _shown(request, CompanyForm(initial={name: getattr(request.tenant, name) for name in COMPANY_FIELDS}), form)


@roles(*ADMINISTRATORS)
@require_POST
def remove_logo(request: PortalRequest) -> HttpResponse:
    company.remove_logo(request.tenant, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("Logo removed."))
    return redirect("web:company")


def _shown(request: PortalRequest, form: CompanyForm, logo_form: LogoForm) -> HttpResponse:
    taxes_url, terms_url = registry.address("rateplans:taxes"), registry.address("rateplans:terms")
    return page(request, "web/pages/company.html", form=form, logo_form=logo_form, reseller=request.tenant, taxes_url=taxes_url, terms_url=terms_url)
