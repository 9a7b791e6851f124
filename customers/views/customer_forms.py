"""New customer, change a customer, and the check of a name as it is left."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.domain import tries
from billing_portal.accounts.rights import Right
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import local_date, month_of
from billing_portal.tenancy.domain import names
from billing_portal.web.access import roles
from billing_portal.web.forms import clean_line
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import codes, currency, customers, switching
from customers.forms.customers import CustomerForm, EditCustomerForm, NewCustomerForm
from customers.models import BillingType, Customer
from rateplans.queries import billing_terms, taxes, visible_plans

EDITORS = rights.roles(Right.CHANGE_CUSTOMERS)


@roles(*EDITORS)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    if not visible_plans().exists():
        return page(request, "customers/no_plan.html")
    form = NewCustomerForm(request.POST or None, initial=_first_values(request))
    if request.viewer.home:
        form.fields["billing_email"].help_text = _("Invoices go here.")
    if form.is_valid():
        with form.refusals():
            customer = customers.create(**form.given(), actor=actor_of(request), at=timezone.now())
            _say_sent(request, customer)
            return _after_save(request, customer)
    return page(
        request, "customers/new.html", form=form, summary=_summary(form, request), free_names=_free_names(request, form), hours=settings.LOGIN_LINK_HOURS
    )


@roles(*EDITORS)
@require_http_methods(["GET", "POST"])
def edit(request: PortalRequest, account: str) -> HttpResponse:
    customer = queries.customer_or_404(request.viewer, account)
    plan = queries.plan_at([customer.pk], timezone.now()).get(customer.pk)
    form = EditCustomerForm(request.POST or None, customer=customer, plan=plan, currency_fixed=currency.is_fixed(customer), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            changed = customers.change(customer, **form.given(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("%s was saved.") % changed.name)
            return redirect("customers:customer", account=changed.account_number)
    return page(request, "customers/edit.html", customer=customer, form=form, free_names=_free_names(request, form))


@roles(*EDITORS)
@require_safe
def check_name(request: PortalRequest) -> HttpResponse:
    """Whether the name just left is free, and what is; never who has it (M8, reliability 57)."""
    try:
        tries.ask_a_name(actor_of(request), at=timezone.now())
    except DomainError:
        return JsonResponse({"error": "", "suggestions": []}, status=429)
    name = " ".join(clean_line(request.GET.get("value", ""))[:120].split())
    account = request.GET.get("account", "")
    own = queries.customer_or_404(request.viewer, account).pk if account else None
    if not name or names.is_free(name, except_for=own):
        return JsonResponse({"error": "", "suggestions": []})
    message = _("“%(name)s” is taken. Names are unique across the platform.") % {"name": name}
    return JsonResponse({"error": message, "suggestions": names.free_alternatives(name, hints=[])})


def _first_values(request: PortalRequest) -> dict[str, Any]:
    """What a new customer gets unless somebody says otherwise (M6, M9)."""
    plan = visible_plans().first()
    number = codes.next_number()
    return {
        "plan": plan.pk if plan else None,
        "currency": plan.currency if plan else "",
        "billing_type": BillingType.POSTPAID,
        "time_zone": request.tenant.time_zone,
        "credit_limit": "0.00",
        "low_balance_threshold": "0.00",
        "low_balance_repeat_days": 0,
        "topup": Customer.TopUp.OFF,
        "taxes": [tax.pk for tax in taxes() if tax.liable_by_default],
        "country": request.tenant.country,
        "account_number": number,
        "suggested_number": number,
    }


def _free_names(request: PortalRequest, form: CustomerForm) -> list[str]:
    """Free names close to the one that is taken; none while the name is no trouble."""
    if not (form.is_bound and form.has_error("name", "name_taken")):
        return []
    hints = [clean_line(str(form[field].value() or "")) for field in ("city", "account_number")]
    return customers.free_names(str(form.cleaned_data.get("name") or form["name"].value()), hints, actor=actor_of(request), at=timezone.now())


def _summary(form: NewCustomerForm, request: PortalRequest) -> dict[str, Any]:
    """What the customer will get, as the form stands."""
    plan = form.chosen_plan
    liable = {str(pk) for pk in (form["taxes"].value() or [])} if "taxes" in form.fields else set()
    due_days = plan.due_days if plan and plan.due_days is not None else billing_terms().due_days
    kind = str(form["billing_type"].value() or "")
    return {
        "pays": BillingType(kind).label if kind in BillingType.values else "",
        "currency": form["currency"].value() or "",
        "limit": form["credit_limit"].value() or "",
        "unlimited": bool(form["credit_unlimited"].value()),
        "daily": (form["daily_limit"].value() or "") if form["daily_limited"].value() else "",
        "first_invoice": _first_invoice(request),
        "due_days": due_days,
        "taxes": [tax for tax in taxes() if str(tax.pk) in liable],
        "email": form["billing_email"].value() or "",
    }


def _first_invoice(request: PortalRequest) -> date:
    """The first of next month, when the month of today is invoiced."""
    zone = request.tenant.time_zone
    return month_of(local_date(timezone.now(), zone), zone).end


def _say_sent(request: PortalRequest, customer: Customer) -> None:
    if request.viewer.home:
        text = _("%(name)s was saved. Nobody can sign in for it yet: the staff of %(reseller)s let its people in.")
        messages.success(request, text % {"name": customer.name, "reseller": request.tenant.name})
        return
    people = reverse("customers:people", args=[customer.account_number])
    text = _("%(name)s was saved. Login details emailed to %(email)s.") % {"name": customer.name, "email": customer.billing_email}
    messages.success(request, format_html('{} <a href="{}">{}</a>', text, people, _("Resend")))


def _after_save(request: PortalRequest, customer: Customer) -> HttpResponse:
    then = request.POST.get("then")
    if then == "switch":
        switching.enter(request.session, customer, actor=actor_of(request), at=timezone.now())
        return redirect("customers:home")
    return redirect("customers:new") if then == "another" else redirect("customers:customer", account=customer.account_number)
