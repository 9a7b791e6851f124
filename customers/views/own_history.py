"""What was done to, by and for a customer, among its own pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from billing_portal.tenancy import queries as tenancy
from billing_portal.web.access import people
from billing_portal.web.edit_forms import who_acted
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest, Viewer
from customers import queries
from customers.domain import own_history
from customers.forms.own_history import OwnHistoryFilter
from customers.views.people import OWN

KEPT = ("who", "since", "until")


@dataclass(frozen=True)
class Row:
    """An entry as far as the customer's people are told."""

    entry: Any
    who: str
    text: str
    changes: list[tuple[str, str, str]]
    note: str


@people(*OWN)
@require_safe
def my_history(request: PortalRequest) -> HttpResponse:
    customer, viewer = queries.own_customer(request.viewer), request.viewer
    asked = request.GET if any(request.GET.get(name) for name in KEPT) else None
    form = OwnHistoryFilter(asked, customer=customer, seller=tenancy.current().name)
    found = own_history.entries(customer).filter(form.where(viewer.zone))
    listing = Listing(request.GET, found, search=("subject_name__icontains",), sorts={"at": ("at", "created_at")}, default="-at", keep=KEPT)
    return page(request, "customers/my_history.html", listing=listing, rows=[_row(entry, viewer) for entry in listing], form=form)


def _row(entry: Any, viewer: Viewer) -> Row:
    who = who_acted(entry, viewer, by_people=entry.by_people)
    return Row(entry, who, own_history.text_of(entry), own_history.changes_of(entry), own_history.note_of(entry))
