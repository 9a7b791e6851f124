"""Calls: all of the reseller's, one customer's, and a customer's own; each price opens into its arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.models import Role
from billing_portal.accounts.rights import Right
from billing_portal.kernel import money
from billing_portal.web.access import PEOPLE, SWITCHERS, people, staff
from billing_portal.web.downloads import csv_file
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.viewer import PortalRequest, Viewer, works_for
from customers import queries as customers
from customers.models import Customer
from customers.views.shell import customer_page
from invoicing.domain import calls as verbs
from invoicing.domain import margins, rate_origins
from invoicing.forms.calls import CallFilterForm
from invoicing.models import Call, PriceChange
from invoicing.queries import calls as queries
from rateplans.domain.rating import Step
from rateplans.models import PlanVersion

MAY_SEE_COSTS = rights.roles(Right.SEE_MARGINS)
MAY_RATE = rights.roles(Right.TERMS)
OWN = (*PEOPLE, *SWITCHERS)
SORTS = {"at": ("at",), "number": ("number", "at"), "seconds": ("seconds", "at"), "price": ("price", "at")}
CHIPS = (
    Chip("answered", _("Answered"), queries.ANSWERED),
    Chip("unanswered", _("Not answered"), queries.UNANSWERED),
    Chip("in", _("Incoming"), queries.INCOMING),
)
KEEP = ("since", "until")
KEEP_OF_ALL = (*KEEP, "customer")
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
COSTS_HEADER = (*HEADER, "buy price", "margin", "buy currency")


@dataclass(frozen=True)
class Shown:
    """A call in a list, with its customer, the version that priced it, the steps of its price, what was earned, in the currency it was bought in,
    and the prices it had before it was rated again.
    """

    call: Call
    customer: Customer | None
    version: PlanVersion | None
    steps: tuple[Step, ...]
    margin: Decimal | None
    changes: list[PriceChange]


def shown(calls: Iterable[Call], *, named: bool = False, costs: bool = False, seen_from: str = "") -> list[Shown]:
    """These calls with the reason of each price, with their customers when they are of several, and with what was earned if that may be seen."""
    found = list(calls)
    versions = queries.versions_of(found)
    owners = queries.customers_of(found) if named else {}
    made = rate_origins.of(found, seen_from=seen_from) if costs else {}
    changes = queries.changes_of(found, costs=costs)
    return [
        Shown(
            call,
            owners.get(call.customer_id),
            _version_told(call, versions, costs),
            verbs.explain(call, made.get(call.pk, ())),
            margins.of(call) if costs else None,
            changes.get(call.key_id, []),
        )
        for call in found
    ]


def _version_told(call: Call, versions: dict[UUID, PlanVersion], costs: bool) -> PlanVersion | None:
    """The version that priced the call; one of another plan, which the call's inherits from, only to those who may see costs."""
    version = versions.get(call.version_id) if call.version_id else None
    return version if version is not None and (costs or version.plan_id == call.plan_id) else None


@dataclass(frozen=True)
class Asked:
    """The calls that the address asks for."""

    form: CallFilterForm
    listing: Listing
    seen_from: str

    def context(self, *, named: bool = False, costs: bool = False) -> dict[str, Any]:
        """What the list shows; costs and margins only to those who may see them (contracts, Rights)."""
        rows = shown(self.listing, named=named, costs=costs, seen_from=self.seen_from)
        totals = queries.totals(self.listing.selected) if rows else []
        earned = margins.sums(self.listing.selected) if rows and costs else []
        for total in totals:
            total["earned"] = [each for each in earned if each.currency == total["currency"]]
        return {"filter": self.form, "listing": self.listing, "rows": rows, "totals": totals, "costs": costs}


def may_see_costs(viewer: Viewer) -> bool:
    return viewer.role in MAY_SEE_COSTS and viewer.party is None


def asked(request: PortalRequest, calls: QuerySet[Call], *, of_all: bool = False) -> Asked:
    """What is looked for among one customer's calls; among those of all also by customer, which finds by columns that its people may not see."""
    form = CallFilterForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    narrowed = queries.between(calls, given.get("since"), given.get("until"), request.viewer.zone)
    if of_all:
        narrowed = queries.of_customers_like(request.viewer, narrowed, given.get("customer", ""))
    listing = Listing(request.GET, narrowed, search=queries.search, chips=CHIPS, sorts=SORTS, default="-at", keep=KEEP_OF_ALL if of_all else KEEP)
    return Asked(form, listing, works_for(request))


@staff
@require_safe
def calls(request: PortalRequest) -> HttpResponse:
    found = asked(request, queries.visible_to(request.viewer), of_all=True)
    may_rate = request.viewer.role in MAY_RATE
    return page(request, "invoicing/calls.html", status=200, may_rate=may_rate, **found.context(named=True, costs=may_see_costs(request.viewer)))


@staff
@require_safe
def calls_csv(request: PortalRequest) -> HttpResponseBase:
    found = asked(request, queries.visible_to(request.viewer), of_all=True)
    return _file("calls.csv", found, costs=may_see_costs(request.viewer))


@staff
@require_safe
def customer_calls(request: PortalRequest, account: str) -> HttpResponse:
    customer = customers.customer_or_404(request.viewer, account)
    found = asked(request, queries.of_customer(request.viewer, customer))
    return customer_page(
        request, "invoicing/customer_calls.html", customer, status=200, heading=_("Calls"), **found.context(costs=may_see_costs(request.viewer))
    )


@staff
@require_safe
def customer_calls_csv(request: PortalRequest, account: str) -> HttpResponseBase:
    customer = customers.customer_or_404(request.viewer, account)
    found = asked(request, queries.of_customer(request.viewer, customer))
    return _file(f"calls {customer.account_number}.csv", found, costs=may_see_costs(request.viewer))


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
    return _file(f"calls {customer.account_number}.csv", found, costs=False)


def _file(name: str, found: Asked, *, costs: bool) -> HttpResponseBase:
    return csv_file(name, COSTS_HEADER if costs else HEADER, _rows(found.listing.selected, costs=costs))


def _rows(calls: QuerySet[Call], *, costs: bool) -> Iterator[Sequence[object]]:
    """Read while it is sent, in parts, so that a long list needs no memory."""
    part: list[Call] = []
    for call in calls.defer("buy_inputs").iterator(chunk_size=AT_ONCE):
        part.append(call)
        if len(part) == AT_ONCE:
            yield from _with_costs(part) if costs else _lines(part)
            part = []
    yield from _with_costs(part) if costs else _lines(part)


def _with_costs(part: list[Call]) -> Iterator[Sequence[object]]:
    for call, line in zip(part, _lines(part), strict=True):
        yield [*line, _plain(call.buy_price), _plain(margins.of(call)), call.buy_currency]


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else money.plain(amount)


def _lines(part: list[Call]) -> Iterator[Sequence[object]]:
    owners = queries.customers_of(part)
    for call in part:
        owner = owners[call.customer_id]
        result = "answered" if call.answered_at else "not answered"
        start = [call.at.astimezone(UTC).isoformat(), owner.account_number, owner.name, call.line, call.caller, call.number, call.destination]
        yield [*start, call.direction, result, call.seconds, call.billed_seconds, money.plain(money.round_half_up(call.price, call.precision)), call.currency]
