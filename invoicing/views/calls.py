"""Calls: all of the reseller's, one customer's, and a customer's own; each price opens into its arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing_portal.accounts.models import Role
from billing_portal.kernel import money
from billing_portal.web.access import PEOPLE, SWITCHERS, people, staff
from billing_portal.web.downloads import csv_file
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.models import Customer
from customers.views.shell import customer_page
from invoicing.domain import calls as verbs
from invoicing.forms.calls import CallFilterForm
from invoicing.models import Call
from invoicing.queries import calls as queries
from rateplans.domain.rating import Step
from rateplans.models import PlanVersion

OWN = (*PEOPLE, *SWITCHERS)
SORTS = {"at": ("at",), "number": ("number", "at"), "seconds": ("seconds", "at"), "price": ("price", "at")}
CHIPS = (
    Chip("answered", _("Answered"), queries.ANSWERED),
    Chip("unanswered", _("Not answered"), queries.UNANSWERED),
    Chip("in", _("Incoming"), queries.INCOMING),
)
KEEP = ("since", "until", "customer")
AT_ONCE = 2_000
HEADER = (
    "answered or set up (UTC)",
    "account",
    "customer",
    "line",
    "from",
    "to",
    "destination",
    "direction",
    "result",
    "seconds",
    "billed seconds",
    "price",
    "currency",
)


@dataclass(frozen=True)
class Shown:
    """A call in a list, with its customer, the version that priced it and the steps of its price."""

    call: Call
    customer: Customer | None
    version: PlanVersion | None
    steps: tuple[Step, ...]


def shown(calls: Iterable[Call], *, named: bool = False) -> list[Shown]:
    """These calls with the reason of each price, and with their customers when they are of several; two queries at most."""
    found = list(calls)
    versions = queries.versions_of(found)
    owners = queries.customers_of(found) if named else {}
    return [Shown(call, owners.get(call.customer_id), versions.get(call.version_id) if call.version_id else None, verbs.explain(call)) for call in found]


@dataclass(frozen=True)
class Asked:
    """The calls that the address asks for."""

    form: CallFilterForm
    listing: Listing

    def context(self, *, named: bool = False) -> dict[str, Any]:
        rows = shown(self.listing, named=named)
        return {"filter": self.form, "listing": self.listing, "rows": rows, "totals": queries.totals(self.listing.selected) if rows else []}


def asked(request: PortalRequest, calls: QuerySet[Call]) -> Asked:
    form = CallFilterForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    narrowed = queries.between(calls, given.get("since"), given.get("until"), request.viewer.zone)
    narrowed = queries.of_customers_like(request.viewer, narrowed, given.get("customer", ""))
    return Asked(form, Listing(request.GET, narrowed, search=queries.search, chips=CHIPS, sorts=SORTS, default="-at", keep=KEEP))


@staff
@require_safe
def calls(request: PortalRequest) -> HttpResponse:
    found = asked(request, queries.visible_to(request.viewer))
    return page(request, "invoicing/calls.html", status=200, **found.context(named=True))


@staff
@require_safe
def calls_csv(request: PortalRequest) -> HttpResponseBase:
    found = asked(request, queries.visible_to(request.viewer))
    return csv_file("calls.csv", HEADER, _rows(found.listing.selected))


@staff
@require_safe
def customer_calls(request: PortalRequest, account: str) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    found = asked(request, queries.of_customer(request.viewer, customer))
    return customer_page(request, "invoicing/customer_calls.html", customer, status=200, heading=_("Calls"), **found.context())


@staff
@require_safe
def customer_calls_csv(request: PortalRequest, account: str) -> HttpResponseBase:
    customer = customers.customer_or_404(request.viewer, account)
    found = asked(request, queries.of_customer(request.viewer, customer))
    return csv_file(f"calls {customer.account_number}.csv", HEADER, _rows(found.listing.selected))


@people(*OWN)
@require_safe
def my_calls(request: PortalRequest) -> HttpResponse:
    customer = customers.own_customer(request.viewer)
    found = asked(request, queries.of_customer(request.viewer, customer))
    lineless = request.viewer.role == Role.ACCOUNT_USER and not customers.lines_used_by(request.viewer).exists()
    return page(request, "invoicing/my_calls.html", status=200, customer=customer, heading=_("Calls"), lineless=lineless, **found.context())


@people(*OWN)
@require_safe
def my_calls_csv(request: PortalRequest) -> HttpResponseBase:
    customer = customers.own_customer(request.viewer)
    found = asked(request, queries.of_customer(request.viewer, customer))
    return csv_file(f"calls {customer.account_number}.csv", HEADER, _rows(found.listing.selected))


def _rows(calls: QuerySet[Call]) -> Iterator[Sequence[object]]:
    """Read while it is sent, in parts, so that a long list needs no memory."""
    part: list[Call] = []
    for call in calls.iterator(chunk_size=AT_ONCE):
        part.append(call)
        if len(part) == AT_ONCE:
            yield from _lines(part)
            part = []
    yield from _lines(part)


def _lines(part: list[Call]) -> Iterator[Sequence[object]]:
    owners = queries.customers_of(part)
    for call in part:
        owner = owners[call.customer_id]
        result = "answered" if call.answered_at else "not answered"
        start = [call.at.astimezone(UTC).isoformat(), owner.account_number, owner.name, call.line, call.caller, call.number, call.destination]
        yield [*start, call.direction, result, call.seconds, call.billed_seconds, money.plain(money.round_half_up(call.price, call.precision)), call.currency]
