"""Pages of rate plans."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing_portal.web.access import roles
from billing_portal.web.downloads import csv_file
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from rateplans import queries
from rateplans.domain import plans, quotes, rating
from rateplans.domain.decks import COLUMNS, ROWS_AT_ONCE
from rateplans.domain.quotes import Quote
from rateplans.entrances import MAY_CHANGE, MAY_SEE
from rateplans.forms.plans import NewPlanForm, PlanForm, QuoteForm, values_of
from rateplans.models import PlanVersion, RatePlan

VERSIONS_SHOWN = 10
LIST_SORTS = {
    "place": ("position", "name"),
    "name": ("name",),
    "currency": ("currency", "name"),
    "rates": ("rate_count", "name"),
}
RATE_SORTS = {
    "prefix": ("nearness", "prefix"),
    "destination": ("destination", "prefix"),
    "price": ("per_minute", "prefix"),
}
HEADER = [column.replace("_", " ") for column in COLUMNS]


@roles(*MAY_SEE)
@require_GET
def plan_list(request: PortalRequest) -> HttpResponse:
    rows = queries.plans_with_version(timezone.now())
    listing = Listing(request.GET, rows, search=("name__icontains", "description__icontains"), sorts=LIST_SORTS, default="place")
    return page(request, "rateplans/list.html", listing=listing, may_change=request.viewer.role in MAY_CHANGE)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    form = NewPlanForm(request.POST or None, initial={"currency": request.tenant.currency})
    if form.is_valid():
        with form.refusals():
            plan = plans.create(**form.cleaned_data, actor=actor_of(request), at=timezone.now())
            messages.success(request, _("“%(name)s” is there. Upload its rates next.") % {"name": plan.name})
            return redirect("rateplans:import", plan=plan.pk)
    return page(request, "rateplans/form.html", form=form)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def change(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    form = PlanForm(request.POST or None, initial=values_of(found))
    if form.is_valid():
        with form.refusals():
            plans.change(found, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("rateplans:plan", plan=plan)
    return page(request, "rateplans/form.html", form=form, plan=found)


@roles(*MAY_SEE)
@require_GET
def detail(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    current = queries.version_at(found, timezone.now())
    form = QuoteForm(request.GET if "number" in request.GET else None, zone=request.viewer.zone)
    return page(
        request,
        "rateplans/plan.html",
        plan=found,
        current=current,
        versions=found.versions.all()[:VERSIONS_SHOWN],
        quote_form=form,
        quote=_quote(found, form),
        may_change=request.viewer.role in MAY_CHANGE,
        **_rates(request, current),
    )


def _rates(request: PortalRequest, current: PlanVersion | None) -> dict[str, Any]:
    """The rates in force that the search finds, and the prefix that counts for the number searched."""
    if current is None:
        return {"listing": None, "matched": ""}
    term = str(request.GET.get("q", ""))
    listing = Listing(request.GET, queries.rates(current, term), sorts=RATE_SORTS, default="prefix")
    return {"listing": listing, "matched": queries.longest_prefix(current, term)}


def _quote(plan: RatePlan, form: QuoteForm) -> Quote | None:
    if form.is_valid():
        values = form.cleaned_data
        with form.refusals():
            return quotes.quote(plan, values["number"], seconds=values["duration"], at=values["at"] or timezone.now())
    return None


@roles(*MAY_SEE)
@require_GET
def download(request: PortalRequest, plan: UUID, number: int) -> StreamingHttpResponse:
    found = queries.plan_or_404(plan)
    version = queries.version_or_404(found, number)
    return csv_file(f"{found.name} version {number}.csv", HEADER, _rows(version))


def _rows(version: PlanVersion) -> Iterator[list[object]]:
    """The rates as a file that can be uploaded again."""
    for prefix, name, per_minute, connection, *seconds, minimum in version.rates.order_by("prefix").values_list(*COLUMNS).iterator(chunk_size=ROWS_AT_ONCE):
        yield [prefix, name, rating.decimals(per_minute), rating.decimals(connection), *seconds, rating.decimals(minimum)]
