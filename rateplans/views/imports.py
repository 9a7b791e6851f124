"""Upload a rates file, look at what it would change, apply it."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing_portal.kernel import money
from billing_portal.web import display
from billing_portal.web.access import roles, takes_files
from billing_portal.web.forms import clean_line
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from rateplans import queries
from rateplans.domain import imports, plans, versions
from rateplans.domain.imports import Mode, Preview
from rateplans.domain.rates_file import Change
from rateplans.entrances import MAY_CHANGE
from rateplans.forms.plans import ApplyForm, MomentField, UploadForm
from rateplans.models import RateImport, RatePlan

ERRORS_SHOWN = 100
UNUSUAL_SHOWN = 10
SINCE = "in_force_from"


@takes_files
@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def upload(request: PortalRequest, plan: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    plans.check_own(found)
    current = queries.version_at(found, timezone.now())
    begun = {"mode": request.GET.get("mode", Mode.REPLACE.value), "in_force_from": request.GET.get(SINCE, "")}
    form = UploadForm(request.POST or None, request.FILES or None, initial=begun, zone=request.viewer.zone, is_first=current is None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        name = clean_line(file.name)
        seen = imports.preview(found, name, file.read(), form.cleaned_data["mode"], actor_of(request), at=timezone.now())
        if seen.rate_import is None:
            return _bad_file(request, found, name, seen, form)
        address = reverse("rateplans:import-preview", args=[plan, seen.rate_import.pk])
        since = form.cleaned_data.get("in_force_from")
        return redirect(f"{address}?{urlencode({SINCE: display.instant(since, request.viewer.zone)})}" if since else address)
    return page(request, "rateplans/import.html", form=form, plan=found, current=current)


def _bad_file(request: PortalRequest, plan: RatePlan, name: str, seen: Preview, sent: UploadForm) -> HttpResponse:
    """The rows that cannot be read, each with line, column and reason; nothing was kept but what was chosen."""
    chosen = {name: sent.data.get(name, "") for name in ("mode", SINCE)}
    form = UploadForm(initial=chosen, zone=request.viewer.zone, is_first=SINCE not in sent.fields)
    shown = seen.file.errors[:ERRORS_SHOWN]
    left = len(seen.file.errors) + seen.file.errors_left_out - len(shown)
    return page(request, "rateplans/import_bad.html", 422, plan=plan, file_name=name, seen=seen, shown=shown, left=left, form=form)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def preview(request: PortalRequest, plan: UUID, rate_import: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    stored = queries.import_or_404(found, rate_import)
    form = ApplyForm(request.POST or None, zone=request.viewer.zone)
    if form.is_valid():
        with form.refusals():
            before = found.versions.first()
            version = imports.apply(stored, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            if before is not None and version.number <= before.number:
                messages.info(request, _("This file is applied already, as version %(number)d.") % {"number": version.number})
            else:
                said = _("Version %(number)d applied: %(count)s rates.") % {"number": version.number, "count": f"{version.rate_count:,}"}
                then = _(" Now rate the waiting calls again, under Reports » Waiting calls.") if form.cleaned_data["in_force_from"] else ""
                messages.success(request, said + then)
            return redirect("rateplans:plan", plan=plan)
    if stored.state == RateImport.State.APPLIED:
        return redirect("rateplans:plan", plan=plan)
    mode = request.POST.get("mode", request.GET.get("mode", ""))
    since = _since(request)
    seen = imports.look(found, bytes(stored.content), mode=mode if mode in Mode.values else stored.mode, at=since or timezone.now())
    unusual = seen.comparison.suspicious if seen.comparison else []
    changes = [(change, _percent(change)) for change in (seen.comparison.largest if seen.comparison else [])]
    context: dict[str, Any] = {"stored": stored, "seen": seen, "changes": changes, "unusual": unusual[:UNUSUAL_SHOWN], "unusual_count": len(unusual)}
    dated: dict[str, Any] = {
        "since": since,
        "since_text": display.instant(since, request.viewer.zone) if since else "",
        "ends": versions.after(found, since) if since else None,
    }
    return page(request, "rateplans/import_preview.html", plan=found, form=form, **context, **dated)


def _since(request: PortalRequest) -> datetime | None:
    """The moment the address or the form names; None is now, also where it names none that can be meant."""
    field = MomentField(required=False)
    field.zone = request.viewer.zone
    try:
        return field.clean(request.POST.get(SINCE, request.GET.get(SINCE, "")))
    except ValidationError:
        return None


def _percent(change: Change) -> str:
    """By how much the price per minute changes, "+70.8 %"; empty where it was nothing."""
    if not change.old:
        return ""
    percent = money.divide_half_up(100 * (change.new - change.old), change.old, 1)
    return f"{'+' if percent > 0 else ''}{display.percent(percent)}"
