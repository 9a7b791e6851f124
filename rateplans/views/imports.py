"""Upload a rates file, look at what it would change, apply it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing_portal.kernel import money
from billing_portal.web import display
from billing_portal.web.access import roles
from billing_portal.web.forms import clean_line
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from rateplans import queries
from rateplans.domain import imports, plans
from rateplans.domain.imports import Mode, Preview
from rateplans.domain.rates_file import Change
from rateplans.entrances import MAY_CHANGE
from rateplans.forms.plans import ApplyForm, UploadForm
from rateplans.models import RateImport, RatePlan

ERRORS_SHOWN = 100
UNUSUAL_SHOWN = 10


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def upload(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    plans.check_own(found)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        name = clean_line(file.name)
        seen = imports.preview(found, name, file.read(), form.cleaned_data["mode"], actor_of(request), at=timezone.now())
        if seen.rate_import is None:
            return _bad_file(request, found, name, seen)
        return redirect("rateplans:import-preview", plan=plan, rate_import=seen.rate_import.pk)
    return page(request, "rateplans/import.html", form=form, plan=found, current=queries.version_at(found, timezone.now()))


def _bad_file(request: PortalRequest, plan: RatePlan, name: str, seen: Preview) -> HttpResponse:
    """The rows that cannot be read, each with line, column and reason; nothing was kept."""
    shown = seen.file.errors[:ERRORS_SHOWN]
    left = len(seen.file.errors) + seen.file.errors_left_out - len(shown)
    return page(request, "rateplans/import_bad.html", 422, plan=plan, file_name=name, seen=seen, shown=shown, left=left, form=UploadForm())


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def preview(request: PortalRequest, plan: UUID, rate_import: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    stored = queries.import_or_404(found, rate_import)
    form = ApplyForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            before = queries.version_at(found, timezone.now())
            version = imports.apply(stored, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            if version == before:
                messages.info(request, _("This file is applied already, as version %(number)d.") % {"number": version.number})
            else:
                messages.success(request, _("Version %(number)d applied: %(count)s rates.") % {"number": version.number, "count": f"{version.rate_count:,}"})
            return redirect("rateplans:plan", plan=plan)
    if stored.state == RateImport.State.APPLIED:
        return redirect("rateplans:plan", plan=plan)
    mode = request.POST.get("mode", request.GET.get("mode", ""))
    seen = imports.look(found, bytes(stored.content), mode=mode if mode in Mode.values else stored.mode, at=timezone.now())
    unusual = seen.comparison.suspicious if seen.comparison else []
    changes = [(change, _percent(change)) for change in (seen.comparison.largest if seen.comparison else [])]
    context: dict[str, Any] = {"stored": stored, "seen": seen, "changes": changes, "unusual": unusual[:UNUSUAL_SHOWN], "unusual_count": len(unusual)}
    return page(request, "rateplans/import_preview.html", plan=found, form=form, **context)


def _percent(change: Change) -> str:
    """By how much the price per minute changes, "+70.8 %"; empty where it was nothing."""
    if not change.old:
        return ""
    percent = money.divide_half_up(100 * (change.new - change.old), change.old, 1)
    return f"{'+' if percent > 0 else ''}{display.percent(percent)}"
