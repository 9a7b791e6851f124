"""Rate posted calls again: what would change, then a progress that may be left."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import roles
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from invoicing.domain import rerating_orders as verbs
from invoicing.models import Call
from invoicing.queries import calls as queries
from invoicing.views.calls import MAY_RATE, Asked, asked

SHOWN = 50


@roles(*MAY_RATE)
@require_http_methods(["GET", "POST"])
def rate_again(request: PortalRequest) -> HttpResponse:
    """The calls that the address asks for: what would change; posted, it is done. An address that cannot be read asks for none."""
    found = asked(request, queries.visible_to(request.viewer), of_all=True)
    if not found.form.is_valid():
        return redirect(f"{reverse('invoicing:calls')}{found.listing.query()}")
    calls: QuerySet[Call] = found.listing.selected
    try:
        if request.method == "POST":
            return redirect("invoicing:rated-again", progress=verbs.order(calls, actor=actor_of(request)).pk)
        shown = _preview(verbs.preview(calls))
    except DomainError as refusal:
        shown = {"refusal": refusal.message}
    return page(request, "invoicing/rate_again.html", status=422 if "refusal" in shown else 200, **_asked(request, found), **shown)


def _asked(request: PortalRequest, found: Asked) -> dict[str, Any]:
    return {"listing": found.listing, "parent": request.tenant.parent}


def _preview(seen: verbs.Preview) -> dict[str, Any]:
    rows = seen.rows
    return {"seen": seen, "rows": rows[:SHOWN], "more": max(0, len(rows) - SHOWN), "sums": verbs.total(rows), "costs": verbs.total(seen.costs.values())}


@roles(*MAY_RATE)
@require_safe
def rated_again(request: PortalRequest, progress: UUID) -> HttpResponse:
    return page(request, "invoicing/rated_again.html", **_progress(progress))


@roles(*MAY_RATE)
@require_safe
def progress(request: PortalRequest, progress: UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until all is done."""
    return page(request, "invoicing/rated_again_progress.html", **_progress(progress))


def _progress(id_: UUID) -> dict[str, Any]:
    found = verbs.progress_or_404(id_)
    rows, stuck = verbs.changed(found), verbs.given_up(found)
    return {
        "progress": found,
        "running": found.left > 0 and not stuck,
        "stuck": stuck,
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "sums": verbs.total(rows),
    }
