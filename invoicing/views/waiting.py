"""Calls that wait for a person: why, with the record, and what to do about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.rights import Right
from billing_portal.web.access import roles, staff
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest, Viewer
from invoicing.domain import missing_rates
from invoicing.domain import waiting as verbs
from invoicing.domain.formats.named import NAMES
from invoicing.domain.missing_rates import MissingRates
from invoicing.domain.waiting import Everything
from invoicing.forms.waiting import DecisionForm
from invoicing.models import WaitingCall
from invoicing.queries import calls as queries

DECIDERS = rights.roles(Right.TERMS)
SORTS = {"at": ("at",), "came": ("created_at",), "reason": ("reason", "-created_at")}
SEARCH = (
    "key__call_id__icontains",
    "record__to__icontains",
    "record__account__icontains",
    "record__line__icontains",
    "customer__name__icontains",
    "detail__icontains",
)
Reason = WaitingCall.Reason


@dataclass(frozen=True)
class Shown:
    """A waiting record: its fields as they came."""

    row: WaitingCall
    fields: list[tuple[str, str]]

    @property
    def to(self) -> str:
        return str(self.row.record.get("to", ""))

    @property
    def named(self) -> str:
        """What the record names its customer by."""
        return next((str(self.row.record[name]) for name in ("account", "line", "address") if self.row.record.get(name)), "")


def _shown(row: WaitingCall) -> Shown:
    """The named fields in the order of the contract, then what the switch sent besides."""
    named = [(name, row.record[name]) for name in (*NAMES, "problem") if name in row.record]
    fields = [
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in (*named, *row.record.get("extra", {}).items())
    ]
    return Shown(row, fields)


def _context(request: PortalRequest) -> dict[str, Any]:
    chips = [Chip(reason, _short(reason), Q(reason=reason)) for reason in queries.waiting_reasons(request.viewer)]
    rows = queries.waiting_for(request.viewer).select_related("customer", "key", "key__switch")
    listing = Listing(request.GET, rows, search=SEARCH, chips=chips, sorts=SORTS, default="-came")
    everything = verbs.everything(listing.chip)
    return {
        "listing": listing,
        "rows": [_shown(row) for row in listing],
        "may_decide": request.viewer.role in DECIDERS,
        "missing": _missing(request.viewer) if listing.chip in ("", Reason.NO_RATE) else [],
        "shown_until": everything.until.isoformat() if everything.until else "",
        "shown": everything.fingerprint,
        "reason": listing.chip,
        "reason_text": Reason(listing.chip).label if listing.chip else "",
        "is_conflict": listing.chip == Reason.CONFLICT,
    }


def _missing(viewer: Viewer) -> list[MissingRates]:
    """The rates to be added, for those who may."""
    return missing_rates.among(queries.waiting_for(viewer)) if viewer.role in DECIDERS else []


def _short(reason: str) -> str:
    """The reason in a word or two, as the interface names it."""
    return reason.replace("_", " ").capitalize()


@staff
@require_safe
def waiting_calls(request: PortalRequest) -> HttpResponse:
    return page(request, "invoicing/waiting.html", form=DecisionForm(), **_context(request))


@roles(*DECIDERS)
@require_POST
def rate_again(request: PortalRequest) -> HttpResponse:
    form = DecisionForm(request.POST)
    if form.is_valid():
        done = verbs.rate_again(_ids(form), actor=actor_of(request), at=timezone.now())
        said = ngettext("%(count)d call was rated.", "%(count)d calls were rated.", done.rated) % {"count": done.rated}
        left = _(" %(count)d still wait, each with its reason.") % {"count": done.waiting} if done.waiting else ""
        (messages.success if done.rated else messages.warning)(request, said + left)
        return _back(form)
    return page(request, "invoicing/waiting.html", form=form, **_context(request))


@roles(*DECIDERS)
@require_POST
def set_aside(request: PortalRequest) -> HttpResponse:
    form = DecisionForm(request.POST)
    if form.is_valid():
        with form.refusals():
            count = verbs.set_aside(_shown_ids(form), note=form.cleaned_data["note"], actor=actor_of(request), at=timezone.now())
            messages.success(request, ngettext("%(count)d call was set aside.", "%(count)d calls were set aside.", count) % {"count": count})
            return _back(form)
    return page(request, "invoicing/waiting.html", form=form, **_context(request))


@roles(*DECIDERS)
@require_POST
def keep_the_first(request: PortalRequest) -> HttpResponse:
    form = DecisionForm(request.POST)
    if form.is_valid():
        with form.refusals():
            count = verbs.keep_the_first(_shown_ids(form), actor=actor_of(request), at=timezone.now())
            said = ngettext("%(count)d conflict was decided for the first record.", "%(count)d conflicts were decided for the first record.", count)
            messages.success(request, said % {"count": count})
            return _back(form)
    return page(request, "invoicing/waiting.html", form=form, **_context(request))


def _ids(form: DecisionForm) -> list[UUID]:
    """The ticked ones; else everything that waits for the reason."""
    given = form.cleaned_data
    ticked: list[UUID] = given["ids"]
    return verbs.waiting_ids(given["reason"]) if given["every"] else ticked


def _shown_ids(form: DecisionForm) -> list[UUID]:
    """The same for what cannot be taken back: of everything only what the page had shown."""
    given = form.cleaned_data
    shown = Everything(given["shown_until"], given["shown"])
    return verbs.ids_of(shown, given["reason"]) if given["every"] else _ids(form)


def _back(form: DecisionForm) -> HttpResponse:
    reason = form.cleaned_data["reason"]
    address = reverse("invoicing:waiting-calls")
    return redirect(f"{address}?show={reason}" if reason else address)
