"""Platform » Audit: who did what, for whom, when; by person and day."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from billing_portal.accounts import queries, rights, words
from billing_portal.accounts.models import AuditEntry
from billing_portal.accounts.rights import Right
from billing_portal.web import registry
from billing_portal.web.access import roles
from billing_portal.web.history import between
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.forms import AuditFilter
from billing_portal.web.viewer import PortalRequest

KEPT = ("who", "since", "until")


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    entry: AuditEntry
    text: str
    changes: list[tuple[str, str, str]]
    url: str


@roles(*rights.roles(Right.PLATFORM))
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    form = AuditFilter(request.GET if any(request.GET.get(name) for name in KEPT) else None)
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    listing = Listing(
        request.GET,
        _matching(wanted, request.viewer.zone),
        search=("subject_name__icontains", "actor_name__icontains", "acted_for_name__icontains", "note__icontains"),
        sorts={"at": ("at",)},
        default="-at",
        keep=KEPT,
    )
    return page(request, "web/pages/audit.html", listing=listing, lines=[_line(entry) for entry in listing], form=form)


def _matching(wanted: dict[str, Any], zone: str) -> QuerySet[AuditEntry]:
    where = between(wanted.get("since"), wanted.get("until"), zone)
    if wanted.get("who"):
        where &= Q(actor_name__icontains=wanted["who"])
    return queries.audit_trail().filter(where)


def _line(entry: AuditEntry) -> Line:
    url = registry.resolvers.link(entry.subject_kind, entry.subject_id) if entry.subject_id else None
    return Line(entry, words.of(entry), words.changes(entry), url or "")
