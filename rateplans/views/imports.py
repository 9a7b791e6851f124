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
from rateplans.domain import imports, large_files, plans, versions
from rateplans.domain.imports import Mode, Preview
from rateplans.domain.large_files import Found
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
        file, mode, since = form.cleaned_data["file"], form.cleaned_data["mode"], form.cleaned_data.get("in_force_from")
        name, actor, at = clean_line(file.name), actor_of(request), timezone.now()
        if large_files.is_large(file.size, current) or large_files.holds_many(versions.before(found, since)):
            large = large_files.take_in(found, name, file, mode, actor, at=at, in_force_from=since)
            return redirect("rateplans:import-preview", plan=plan, rate_import=large.pk)
        seen = imports.preview(found, name, file.read(), mode, actor, at=at)
        if seen.rate_import is None:
            return _bad_file(request, found, name, seen, _corrected(form, request.viewer.zone), 422)
        address = reverse("rateplans:import-preview", args=[plan, seen.rate_import.pk])
        return redirect(f"{address}?{urlencode({SINCE: display.instant(since, request.viewer.zone)})}" if since else address)
    return page(request, "rateplans/import.html", form=form, plan=found, current=current)


def _corrected(sent: UploadForm, zone: str) -> UploadForm:
    """The form for a corrected file: what was chosen stands in it."""
    chosen = {name: sent.data.get(name, "") for name in ("mode", SINCE)}
    return UploadForm(initial=chosen, zone=zone, is_first=SINCE not in sent.fields)


def _bad_file(request: PortalRequest, plan: RatePlan, name: str, seen: Preview | Found, form: UploadForm, status: int) -> HttpResponse:
    """The rows that cannot be read, each with line, column and reason; nothing was kept but what was chosen."""
    shown = seen.errors[:ERRORS_SHOWN]
    left = seen.error_count - len(shown)
    return page(request, "rateplans/import_bad.html", status, plan=plan, file_name=name, seen=seen, shown=shown, left=left, form=form)


@roles(*MAY_CHANGE)
@require_http_methods(["GET", "POST"])
def preview(request: PortalRequest, plan: UUID, rate_import: UUID) -> HttpResponse:
    found = queries.plan_or_404(plan)
    stored = queries.import_or_404(found, rate_import)
    if stored.found is not None or stored.state in large_files.WORKING:
        return _large(request, found, stored)
    since, mode = _since(request), _mode(request, stored)
    if stored.state == RateImport.State.PREVIEWED and large_files.holds_many(versions.before(found, since)):
        why = _("The rates have changed since. Look at the changes again.") if request.method == "POST" else ""
        large_files.leave_to_worker(stored, mode=mode, since=since, why=why)
        return redirect("rateplans:import-preview", plan=plan, rate_import=rate_import)
    form = ApplyForm(request.POST or None, zone=request.viewer.zone)
    if form.is_valid():
        with form.refusals():
            _apply(request, found, stored, form)
            return redirect("rateplans:plan", plan=plan)
    if stored.state == RateImport.State.APPLIED:
        return redirect("rateplans:plan", plan=plan)
    seen = imports.look(found, bytes(stored.content), mode=mode, at=since or timezone.now())
    return _changes(request, found, stored, seen, form, since)


def _apply(request: PortalRequest, plan: RatePlan, stored: RateImport, form: ApplyForm) -> None:
    """Make the next version of a small file, and say so."""
    before = plan.versions.first()
    version = imports.apply(stored, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
    if before is not None and version.number <= before.number:
        messages.info(request, _("This file is applied already, as version %(number)d.") % {"number": version.number})
        return
    said = _("Version %(number)d applied: %(count)s rates.") % {"number": version.number, "count": f"{version.rate_count:,}"}
    then = _(" Now rate the waiting calls again, under Reports » Waiting calls.") if form.cleaned_data["in_force_from"] else ""
    messages.success(request, said + then)


def _large(request: PortalRequest, plan: RatePlan, stored: RateImport) -> HttpResponse:
    """A file that a worker reads and applies: how far it is, then what was found in it. While it works the page asks for itself again."""
    is_asking = "HX-Request" in request.headers
    if stored.state in large_files.WORKING:
        stuck = large_files.given_up(stored)
        return HttpResponse(status=204) if is_asking and not stuck else page(request, "rateplans/import_working.html", plan=plan, stored=stored, stuck=stuck)
    if is_asking:
        return HttpResponse(status=204, headers={"HX-Redirect": request.path})
    if stored.state == RateImport.State.APPLIED:
        return page(request, "rateplans/import_applied.html", plan=plan, stored=stored)
    seen = large_files.found(stored)
    assert seen is not None, "what was read has been told"
    zone = request.viewer.zone
    if stored.state == RateImport.State.REFUSED:
        chosen = {"mode": stored.mode, SINCE: display.instant(stored.since, zone) if stored.since else ""}
        form = UploadForm(initial=chosen, zone=zone, is_first=queries.version_at(plan, timezone.now()) is None)
        return _bad_file(request, plan, stored.file_name, seen, form, 200)
    apply_form = ApplyForm(request.POST or None, zone=zone)
    if apply_form.is_valid():
        with apply_form.refusals():
            given = {name: apply_form.cleaned_data[name] for name in ("mode", "accept_unusual", "looked_at")}
            large_files.order(stored, **given, actor=actor_of(request))
            return redirect("rateplans:import-preview", plan=plan.pk, rate_import=stored.pk)
    return _changes(request, plan, stored, seen.in_mode(_mode(request, stored)), apply_form, stored.since)


def _mode(request: PortalRequest, stored: RateImport) -> str:
    mode = request.POST.get("mode", request.GET.get("mode", ""))
    return mode if mode in Mode.values else stored.mode


def _changes(request: PortalRequest, plan: RatePlan, stored: RateImport, seen: Preview | Found, form: ApplyForm, since: datetime | None) -> HttpResponse:
    """What the file would change, to be applied."""
    compared, zone = seen.comparison, request.viewer.zone
    changes = [(change, _percent(change)) for change in (compared.largest if compared else [])]
    unusual = compared.suspicious[:UNUSUAL_SHOWN] if compared else []
    dated: dict[str, Any] = {
        "since": since,
        "since_text": display.instant(since, zone) if since else "",
        "ends": versions.after(plan, since) if since else None,
    }
    context: dict[str, Any] = {"stored": stored, "seen": seen, "changes": changes, "unusual": unusual, "unusual_count": seen.unusual_count}
    return page(request, "rateplans/import_preview.html", plan=plan, form=form, **context, **dated)


def _since(request: PortalRequest) -> datetime | None:
    """The moment the address or the form names; None is now, also where it names none that can be meant or has begun."""
    field = MomentField(required=False)
    field.zone = request.viewer.zone
    try:
        moment = field.clean(request.POST.get(SINCE, request.GET.get(SINCE, "")))
    except ValidationError:
        return None
    return moment if moment is not None and moment <= timezone.now() else None


def _percent(change: Change) -> str:
    """By how much the price per minute changes, "+70.8 %"; empty where it was nothing."""
    if not change.old:
        return ""
    percent = money.divide_half_up(100 * (change.new - change.old), change.old, 1)
    return f"{'+' if percent > 0 else ''}{display.percent(percent)}"
