"""Pages of rate plans."""

from collections.abc import Iterator
from dataclasses import astuple
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import roles
from billing_portal.web.downloads import csv_file
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest, works_for
from rateplans import queries
from rateplans.domain import cost_plans, plans, quotes, rating, sources
from rateplans.domain.decks import COLUMNS, ROWS_AT_ONCE, deck_of
from rateplans.domain.quotes import Quote
from rateplans.domain.sources import Chain
from rateplans.entrances import MAY_CHANGE, MAY_SEE
from rateplans.forms.plans import ChangeForm, NewPlanForm, QuoteForm, values_of
from rateplans.models import PlanVersion, RatePlan
from rateplans.views import rates

VERSIONS_SHOWN = 10
LIST_SORTS = {
    "place": ("position", "name"),
    "name": ("name",),
    "currency": ("currency", "name"),
    "rates": ("rate_count", "name"),
}
HEADER = [column.replace("_", " ") for column in COLUMNS]


@roles(*MAY_SEE)
@require_GET
def plan_list(request: PortalRequest) -> HttpResponse:
    rows = queries.plans_with_version(timezone.now()).exclude(pk__in=cost_plans.shut_to(request.viewer))
    listing = Listing(request.GET, rows, search=("name__icontains", "description__icontains"), sorts=LIST_SORTS, default="place")
    return page(request, "rateplans/list.html", listing=listing, **_rights(request))


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    now = timezone.now()
    form = NewPlanForm(request.POST or None, own_plan=sources.own_plan(now), initial={"currency": request.tenant.currency})
    if form.is_valid():
        with form.refusals():
            plan = plans.create(**form.cleaned_data, actor=actor_of(request), at=now)
            if plan.inherits != RatePlan.Inherits.NOTHING:
                messages.success(request, _("“%(name)s” is there, with the rates it inherits.") % {"name": plan.name})
                return redirect("rateplans:plan", plan=plan.pk)
            messages.success(request, _("“%(name)s” is there. Upload its rates next.") % {"name": plan.name})
            return redirect("rateplans:import", plan=plan.pk)
    return page(request, "rateplans/form.html", form=form)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def change(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    plans.check_own(found)
    form = ChangeForm(request.POST or None, initial=values_of(found), inherits=found.inherits, about=("plan", found.pk), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            plans.change(found, **form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Saved."))
            return redirect("rateplans:plan", plan=plan)
    return page(request, "rateplans/form.html", form=form, plan=found)


@roles(*MAY_SEE)
@require_GET
def detail(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = cost_plans.open_plan_or_404(plan, request.viewer)
    now = timezone.now()
    chain, why = _chain(found, now)
    form = QuoteForm(request.GET if "number" in request.GET else None, zone=request.viewer.zone)
    quote = _quote(request, found, form)
    return page(
        request,
        "rateplans/plan.html",
        plan=found,
        chain=chain,
        why=why,
        current=queries.version_at(found, now),
        versions=queries.versions(found)[:VERSIONS_SHOWN],
        quote_form=form,
        quote=quote,
        steps=rates.steps_for(request, quote.priced.steps) if quote else [],
        large_upload=queries.large_upload(found) if request.viewer.role in MAY_CHANGE else None,
        **_rights(request, found),
        **rates.in_force(request, chain),
    )


def _rights(request: PortalRequest, plan: RatePlan | None = None) -> dict[str, bool]:
    """Whether the viewer may change plans, or this one, and may see what a plan is made of: where its rates come from and the mark-up."""
    is_own = plan is None or plan.inherits != RatePlan.Inherits.SHARED
    return {"may_change": is_own and request.viewer.role in MAY_CHANGE, "sees_source": request.viewer.role in rates.MAY_SEE_MARGINS}


def _chain(plan: RatePlan, at: datetime) -> tuple[Chain | None, str]:
    """The plan with all that it inherits now, else in words why it prices nothing."""
    try:
        return sources.Resolver().chain(plan, at), ""
    except DomainError as refused:
        return None, "" if refused.code == "no_rates" else refused.message


def _quote(request: PortalRequest, plan: RatePlan, form: QuoteForm) -> Quote | None:
    if form.is_valid():
        values = form.cleaned_data
        at = values["at"] or timezone.now()
        with form.refusals():
            cost_plans.check_open(plan, request.viewer, at)
            return quotes.quote(plan, values["number"], seconds=values["duration"], at=at, seen_from=works_for(request))
    return None


@roles(*MAY_SEE)
@require_GET
def download_in_force(request: PortalRequest, plan: UUID) -> StreamingHttpResponse:
    """All rates in force, inherited ones included."""
    found = cost_plans.open_plan_or_404(plan, request.viewer)
    deck = deck_of(found, timezone.now())
    return csv_file(f"{found.name}.csv", HEADER, (_row(*astuple(rate)) for rate in (deck[1].rates if deck else ())))


@roles(*MAY_SEE)
@require_GET
def download(request: PortalRequest, plan: UUID, number: int) -> StreamingHttpResponse:
    found = cost_plans.open_plan_or_404(plan, request.viewer)
    version = queries.version_or_404(found, number)
    return csv_file(f"{found.name} version {number}.csv", HEADER, _rows(version))


def _rows(version: PlanVersion) -> Iterator[list[object]]:
    """The rates as a file that can be uploaded again."""
    for row in version.rates.order_by("prefix").values_list(*COLUMNS).iterator(chunk_size=ROWS_AT_ONCE):
        yield _row(*row)


def _row(prefix: str, name: str, per_minute: Decimal, connection: Decimal, initial: int, increment: int, included: int, minimum: Decimal) -> list[object]:
    amounts = [rating.decimals(amount) for amount in (per_minute, connection, minimum)]
    return [prefix, name, *amounts[:2], initial, increment, included, amounts[2]]
