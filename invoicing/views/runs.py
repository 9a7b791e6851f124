"""Invoice runs: preview, confirm, watch, try again (E27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, Q, Subquery, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.kernel.period import local_date
from billing_portal.web.access import roles, staff
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.models import Kind
from invoicing.domain import invoices, runs
from invoicing.domain.drafts import Draft, Drafted
from invoicing.forms.runs import AsOfForm, RunForm
from invoicing.models import DocumentLine, InvoiceRun, InvoiceRunItem
from invoicing.views import documents, states

RUNNERS = rights.roles(Right.TERMS)
SHOWN = 200
State = InvoiceRunItem.State
CHIPS = (
    Chip("failed", _("Failed"), Q(state=State.FAILED)),
    Chip("issued", _("Issued"), Q(state=State.ISSUED)),
    Chip("skipped", _("Skipped"), Q(state=State.SKIPPED)),
    Chip("waiting", _("Waiting"), Q(state=State.WAITING)),
)


@staff
@require_safe
def history(request: PortalRequest) -> HttpResponse:
    listing = Listing(request.GET, InvoiceRun.objects.select_related("progress"), sorts={"made": ("created_at",), "as_of": ("as_of",)}, default="-made")
    return page(request, "invoicing/runs.html", listing=listing, **documents.may(request.viewer))


@roles(*RUNNERS)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """The preview of a date; confirming it starts the run. `customer` in the address narrows it to one account number."""
    now = timezone.now()
    today = local_date(now, request.viewer.zone)
    account = request.GET.get("customer", "")
    chosen = customers.customer_or_404(request.viewer, account) if account else None
    asked = AsOfForm({"as_of": request.GET.get("as_of", today.isoformat())})
    as_of = asked.cleaned_data["as_of"] if asked.is_valid() else today
    form = RunForm(request.POST or None, today=today, initial={"as_of": as_of})
    ids = [chosen.pk] if chosen else None
    if form.is_valid() and request.viewer.actor is not None:
        with form.refusals():
            run = runs.start(form.cleaned_data["as_of"], key=form.cleaned_data["key"], customer_ids=ids, actor=request.viewer.actor, at=now)
            return redirect("invoicing:run", run=run.pk)
    found = invoices.preview(as_of, customer_ids=ids)
    shown: dict[str, Any] = {"asked": asked, "form": form, "as_of": as_of, "ahead": as_of > today, "chosen": chosen}
    return page(request, "invoicing/run_new.html", **shown, **_preview(found))


def _preview(found: Drafted) -> dict[str, Any]:
    """What a run would do: the first rows, sums per currency, and how many are skipped for which reason."""
    skipped = [each for each in found.skipped if each.reason not in runs.NOT_LISTED]
    quiet = Counter(each.reason for each in found.skipped if each.reason in runs.NOT_LISTED)
    return {
        "drafts": found.drafts[:SHOWN],
        "more": max(0, len(found.drafts) - SHOWN),
        "count": len(found.drafts),
        "sums": _sums(found.drafts),
        "skipped": [(each, states.reason(each.reason)) for each in skipped[:SHOWN]],
        "quiet": [(states.reason(code), count) for code, count in sorted(quiet.items())],
    }


def _sums(drafts: Iterable[Draft]) -> list[dict[str, Any]]:
    """Invoices, net, tax and total per currency; currencies are never added up."""
    sums: dict[str, dict[str, Any]] = {}
    for draft in drafts:
        row = sums.setdefault(
            draft.customer.currency,
            {"currency": draft.customer.currency, "count": 0, "calls": 0, **dict.fromkeys(("usage", "other", "tax", "total"), Decimal(0))},
        )
        row["count"] += 1
        for name in ("calls", "usage", "other", "tax", "total"):
            row[name] += getattr(draft, name)
    return [sums[currency] for currency in sorted(sums)]


@staff
@require_safe
def run(request: PortalRequest, run: UUID) -> HttpResponse:
    return page(request, "invoicing/run.html", **_progress(request, run))


@staff
@require_safe
def progress(request: PortalRequest, run: UUID) -> HttpResponse:
    """The part of the page that changes; it asks for itself again until the run has ended."""
    return page(request, "invoicing/run_progress.html", **_progress(request, run))


def _progress(request: PortalRequest, run_id: UUID) -> dict[str, Any]:
    run = get_object_or_404(InvoiceRun.objects.select_related("progress"), pk=run_id)
    calls = (
        DocumentLine.objects.filter(document=OuterRef("document"), kind=Kind.USAGE).order_by().values("document").annotate(sum=Sum("quantity")).values("sum")
    )
    items = run.items.select_related("customer", "document").annotate(calls=Subquery(calls))
    listing = Listing(request.GET, items, chips=CHIPS, sorts={"customer": ("customer__name", "period_start")}, default="customer")
    counts = dict(run.items.order_by().values_list("state").annotate(count=Count("pk")))
    done, failed, skipped, waiting = (counts.get(state, 0) for state in (State.ISSUED, State.FAILED, State.SKIPPED, State.WAITING))
    total = done + failed + skipped + waiting
    sums = run.items.filter(state=State.ISSUED).order_by().values(currency=F("document__currency")).annotate(sum=Sum("document__total")).order_by("currency")
    return {
        "run": run,
        "listing": listing,
        "rows": [(item, states.of_item(item), item.state in {State.FAILED, State.SKIPPED}) for item in listing],
        "counts": {"done": done, "failed": failed, "skipped": skipped, "left": waiting, "total": total},
        "percent": (total - waiting) * 100 // total if total else 100,
        "eta": _left(run, done + failed, waiting, timezone.now()),
        "sums": list(sums),
        "running": waiting > 0,
        **documents.may(request.viewer),
    }


def _left(run: InvoiceRun, ended: int, waiting: int, now: datetime) -> int | None:
    """About how many seconds the rest takes, by what the batches so far took; None before the first."""
    started = run.progress.started_at
    if started is None or not ended or not waiting:
        return None
    return max(1, int((now - run.created_at).total_seconds()) * waiting // ended)


@roles(*RUNNERS)
@require_POST
def retry(request: PortalRequest, run: UUID, item: UUID) -> HttpResponse:
    found = get_object_or_404(InvoiceRunItem.objects.select_related("run"), pk=item, run=run)
    assert request.viewer.actor is not None
    runs.retry(found, actor=request.viewer.actor, at=timezone.now())
    return redirect("invoicing:run", run=run)
