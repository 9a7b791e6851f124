"""Questions about calls: whose they are, which ones somebody looks for, and which wait."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Lower

from billing_portal.accounts.models import Role
from billing_portal.kernel import phone
from billing_portal.kernel.folding import fold
from billing_portal.kernel.period import first_instant
from billing_portal.tenancy.folded_sql import PlainlyFolded
from billing_portal.web.viewer import STAFF, Viewer
from customers import queries as customers
from customers.models import Customer
from invoicing.models import Call, PriceChange, WaitingCall
from rateplans.models import PlanVersion

ANSWERED = Q(answered_at__isnull=False)
UNANSWERED = Q(answered_at=None)
INCOMING = Q(direction="in")


def visible_to(viewer: Viewer) -> QuerySet[Call]:
    """The calls this viewer may see (contracts, Rights).

    Staff all of them, account administrators and staff who switched those of their customer, an account user those of the lines they use.
    """
    if viewer.party is not None:
        calls = Call.objects.filter(customer_id=viewer.party.id)
        return _of_own_lines(viewer, calls) if viewer.role == Role.ACCOUNT_USER else calls
    return Call.objects.all() if viewer.role in STAFF else Call.objects.none()


def _of_own_lines(viewer: Viewer, calls: QuerySet[Call]) -> QuerySet[Call]:
    """Calls of the lines this person uses; a switch may write the name in capitals or not, as when it is rated.

    What the database calls lower case is so for names in ASCII; which calls have another name is compared here.
    """
    names = set(customers.lines_used_by(viewer).values_list("folded_name", flat=True))
    if all(name.isascii() for name in names):
        return calls.alias(folded_line=Lower("line")).filter(folded_line__in=names)
    spellings = calls.order_by().values_list("line", flat=True).distinct()
    return calls.filter(line__in=[line for line in spellings if fold(line) in names])


def of_customer(viewer: Viewer, customer: Customer) -> QuerySet[Call]:
    """The customer's calls, as far as the viewer may see them."""
    return visible_to(viewer).filter(customer_id=customer.pk)


def between(calls: QuerySet[Call], since: date | None, until: date | None, zone: str) -> QuerySet[Call]:
    """Calls of these local dates, both included."""
    if since is not None:
        calls = calls.filter(at__gte=first_instant(since, zone))
    if until is not None and until < date.max:
        calls = calls.filter(at__lt=first_instant(until + timedelta(days=1), zone))
    return calls


def of_customers_like(viewer: Viewer, calls: QuerySet[Call], term: str) -> QuerySet[Call]:
    """Calls of customers whose name or number fits."""
    return calls.filter(customer_id__in=customers.visible_to(viewer).filter(customers.search(term)).values("pk")) if term else calls


def search(term: str) -> Q:
    """Where a number called or shown, a line or a destination fits the term."""
    digits = phone.bare(term)
    found = Q(line__iexact=term) | Q(destination__icontains=term)
    return found | Q(number__contains=digits) | Q(caller__contains=digits) if digits.isdigit() else found


def totals(calls: QuerySet[Call]) -> list[dict[str, Any]]:
    """One row per currency: `currency`, `calls`, `seconds` talked, `price`. Currencies are never added up."""
    sums = {"calls": Count("*"), "talked": Coalesce(Sum("seconds"), 0), "sum": Sum("price")}
    return [dict(row) for row in calls.order_by().values("currency").annotate(**sums).order_by("currency")]


def customers_of(calls: Iterable[Call | WaitingCall]) -> dict[UUID, Customer]:
    """The customers of these calls, by one query."""
    return Customer.objects.only("pk", "name", "account_number").in_bulk(list({call.customer_id for call in calls if call.customer_id}))


def versions_of(calls: Iterable[Call]) -> dict[UUID, PlanVersion]:
    """The versions of the plans that priced these calls, by one query."""
    return PlanVersion.objects.select_related("plan").in_bulk(list({call.version_id for call in calls if call.version_id}))


def changes_of(calls: Iterable[Call], *, costs: bool = False) -> dict[UUID, list[PriceChange]]:
    """The earlier prices of these calls by the ids of their keys, the oldest first; what changed in buy prices alone only with `costs`."""
    again = [call.key_id for call in calls if call.price_number or call.buy_number]
    found: dict[UUID, list[PriceChange]] = {}
    for change in PriceChange.objects.filter(key_id__in=again).order_by("posted_at", "price_number", "buy_number") if again else ():
        if change.difference or (costs and change.buy_before != change.buy_after):
            found.setdefault(change.key_id, []).append(change)
    return found


def waiting_for(viewer: Viewer) -> QuerySet[WaitingCall]:
    """The records that wait for a decision, for staff."""
    if viewer.role not in STAFF or viewer.party is not None:
        return WaitingCall.objects.none()
    return WaitingCall.objects.filter(state=WaitingCall.State.WAITING)


def waiting_count(viewer: Viewer) -> int:
    """How many wait, for the badge in the menu."""
    return waiting_for(viewer).count()


def waiting_reasons(viewer: Viewer) -> list[str]:
    """The reasons for which something waits, in the order of the contract."""
    present = set(waiting_for(viewer).order_by().values_list("reason", flat=True).distinct())
    return [reason for reason in WaitingCall.Reason.values if reason in present]


def waits_under(code: str) -> bool:
    """Whether records of nobody wait that name their customer by this number or code, in capitals or not."""
    return bool(_waits(_of_nobody(), "account", {fold(code)}))


def waits_by(field: str, folded: Collection[str]) -> set[str]:
    """By which of these folded `name`s or `address`es of lines records of nobody wait whose customer it would decide: those with no account, for an address
    with no line."""
    unnamed = _of_nobody().filter(record__account__isnull=True)
    return _waits(unnamed, "line", folded) if field == "name" else _waits(unnamed.filter(record__line__isnull=True), "address", folded)


def _of_nobody() -> QuerySet[WaitingCall]:
    return WaitingCall.objects.filter(state=WaitingCall.State.WAITING, customer=None).order_by()


def _waits(waiting: QuerySet[WaitingCall], field: str, folded: Collection[str]) -> set[str]:
    """An index finds them as far as the database folds alike; what it cannot fold is few, and compared here."""
    alike = waiting.filter(record__has_key=field).alias(folded=PlainlyFolded(KT(f"record__{field}"))).filter(folded__in=["", *folded])
    texts = alike.values_list(f"record__{field}", flat=True).distinct()
    return {fold(each) for each in texts.iterator()} & {*folded}
