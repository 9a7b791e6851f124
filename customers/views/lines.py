"""The telephone lines of a customer, for staff and among the customer's own pages."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from billing_portal.web.access import PEOPLE, SWITCHERS, people, roles, staff
from billing_portal.web.listing import Listing
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import features, line_names
from customers.forms.people import EditLineForm, LineForm
from customers.views.people import EDITORS, OWN
from customers.views.shell import Place, place_of

SORTS = {"name": ("name",), "description": ("description", "name"), "address": ("address", "name"), "person": ("person__user__full_name", "name")}
SEARCH = ("name__icontains", "description__icontains", "address__icontains", "person__user__full_name__icontains")


@require_safe
def _lines(request: PortalRequest, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    listing = Listing(request.GET, queries.lines_of(request.viewer, place.customer), search=SEARCH, sorts=SORTS, default="name")
    editable = request.viewer.role in (OWN if place.own else EDITORS)
    shown = list(listing)
    doubts = {} if place.own else line_names.doubts(place.customer, shown)
    ours = _by_customer(request, place)
    removals = {line.pk: place.url("line-remove", line=line.pk) for line in shown if line.by_customer or not ours}
    rows = [(line, place.url("line-edit", line=line.pk), removals.get(line.pk, ""), doubts.get(line.pk, ())) for line in shown]
    context = {"listing": listing, "rows": rows, "editable": editable, "mine": request.viewer.role == Role.ACCOUNT_USER}
    return place.show(request, "customers/lines.html", "lines", heading=_("Lines"), new_url=place.url("line-new"), **context)


def _by_customer(request: PortalRequest, place: Place) -> bool:
    """Whether the customer's own people act here, and not staff in their place."""
    return place.own and not request.viewer.acting


@require_http_methods(["GET", "POST"])
def _new(request: PortalRequest, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    by_customer = _by_customer(request, place)
    form = LineForm(request.POST or None, customer=place.customer, by_customer=by_customer)
    if form.is_valid():
        with form.refusals():
            line = features.add_line(place.customer, **form.cleaned_data, by_customer=by_customer, actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Line %s was added.") % line.name)
            return redirect(place.url("lines"))
    return place.form(request, form, _("New line"), back=place.url("lines"))


@require_http_methods(["GET", "POST"])
def _edit(request: PortalRequest, line: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.line_or_404(place.customer, line)
    form = EditLineForm(request.POST or None, line=found, by_staff=not place.own, reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            features.change_line(found, **form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Line %s was saved.") % found.name)
            return redirect(place.url("lines"))
    return place.form(request, form, _("Line %s") % found.name, back=place.url("lines"))


@require_POST
def _remove(request: PortalRequest, line: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.line_or_404(place.customer, line)
    try:
        features.remove_line(found, by_customer=_by_customer(request, place), actor=actor_of(request), at=timezone.now())
    except DomainError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Line %s was removed.") % found.name)
    return redirect(place.url("lines"))


lines, my_lines = staff(_lines), people(*PEOPLE, *SWITCHERS)(_lines)
new, my_new = roles(*EDITORS)(_new), people(*OWN)(_new)
edit, my_edit = roles(*EDITORS)(_edit), people(*OWN)(_edit)
remove, my_remove = roles(*EDITORS)(_remove), people(*OWN)(_remove)
