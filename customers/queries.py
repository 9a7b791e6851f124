"""Questions about customers, always starting from who asks."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Case, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Lower
from django.http import Http404
from django.shortcuts import get_object_or_404

from billing_portal.accounts.models import AuditEntry, Role, User
from billing_portal.tenancy.models import MoneyField
from billing_portal.web.listing import Totals
from billing_portal.web.lookup import named_or_404
from billing_portal.web.viewer import STAFF, SWITCHERS, Viewer
from customers.models import BillingType, Customer, Line, Lock, Person, PlanAssignment
from rateplans.models import RatePlan

VISITS_LOOKED_AT = 20  # of the viewer's own switches, to offer the last customers first
NEAR = Decimal("0.2")  # near the limit: less than a fifth of it is left

BALANCE = ExpressionWrapper(F("standing__wallet") + F("standing__receivable"), output_field=MoneyField())
_OWN = Case(When(standing__billing_type=BillingType.PREPAID, then=F("standing__wallet")), default=BALANCE, output_field=MoneyField())
AVAILABLE = Case(
    When(standing__credit_unlimited=True, then=Value(None)),
    default=_OWN + F("standing__credit_limit") + F("standing__raise_amount") - F("standing__held"),
    output_field=MoneyField(),
)

OVER_LIMIT = Q(available__lt=0)
OVERDUE = Q(standing__overdue_since__isnull=False)
LOW = Q(standing__low_since__isnull=False)
LOCKED = Q(standing__calls_locked=True) | Q(standing__web_locked=True)
NEAR_LIMIT = Q(available__gte=0, available__lt=F("standing__credit_limit") * NEAR)

TOTALS = Totals(by="currency", count="customers", sums={"balance": BALANCE, "left": AVAILABLE})
"""What the list adds up, `left` of those with a limit. Currencies are never added up."""


def visible_to(viewer: Viewer) -> QuerySet[Customer]:
    """The customers this viewer may see: staff all of them, people and staff who switched their one, others none (contracts, Rights)."""
    if viewer.party is not None:
        return Customer.objects.filter(pk=viewer.party.id)
    return Customer.objects.all() if viewer.role in STAFF else Customer.objects.none()


def customer_or_404(viewer: Viewer, account_number: str) -> Customer:
    """The customer of this account number with its standing; 404 for strangers."""
    return named_or_404(visible_to(viewer).select_related("standing"), account_number=account_number)


def own_customer(viewer: Viewer) -> Customer:
    """The customer whose own pages are shown, with its standing; 404 when there is none."""
    if viewer.party is None:
        raise Http404
    return get_object_or_404(visible_to(viewer).select_related("standing"))


def customers_to_list(viewer: Viewer, at: datetime) -> QuerySet[Customer]:
    """Customers with `balance_now`, `available` (None without limit) and `plan_name`, as the list shows them."""
    return with_figures(visible_to(viewer)).select_related("standing").annotate(plan_name=Subquery(_valid_assignments(at).values("plan__name")[:1]))


def with_figures(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """The same customers with `balance_now` and `available`, both in the customer's currency."""
    return customers.annotate(balance_now=BALANCE, available=AVAILABLE)


def search(term: str) -> Q:
    """Where a name, account number, switch account code, email or tax reference fits the term."""
    fields = ("name__icontains", "account_number__startswith", "switch_account_code__icontains", "billing_email__icontains", "tax_reference__icontains")
    found = Q()
    for field in fields:
        found |= Q((field, term))
    return found


def targets(viewer: Viewer, count: int) -> list[tuple[str, str]]:
    """Account number and name of whom this viewer may switch into: resellers, then the customers they were in last, then the others by name."""
    if viewer.role not in SWITCHERS or viewer.actor is None:
        return []
    visited = AuditEntry.objects.filter(actor_id=viewer.actor.user_id, action="customer.entered").order_by("-at").values_list("customer_id", flat=True)
    turns = {pk: turn for turn, pk in enumerate(dict.fromkeys(visited[:VISITS_LOOKED_AT]))}
    open_ones = visible_to(viewer).exclude(status=Customer.Status.CLOSED).order_by(Lower("name"), "pk").only("account_number", "name", "kind")
    resellers_and_visited = open_ones.filter(Q(kind=Customer.CustomerKind.RESELLER) | Q(pk__in=turns))[: count + VISITS_LOOKED_AT]
    first = sorted(resellers_and_visited, key=lambda customer: -1 if customer.kind == Customer.CustomerKind.RESELLER else turns[customer.pk])
    found = dict.fromkeys((customer.account_number, customer.name) for customer in [*first, *open_ones[:count]])
    return list(found)[:count]


def _valid_assignments(at: datetime) -> QuerySet[PlanAssignment]:
    valid = Q(valid_from=None) | Q(valid_from__lte=at)
    return PlanAssignment.objects.filter(valid, customer=OuterRef("pk")).order_by(F("valid_from").desc(nulls_last=True))


def plan_at(customer_ids: Iterable[UUID], at: datetime) -> dict[UUID, RatePlan]:
    """The plan each of these customers is on at a moment (semantics 18); who has none is left out."""
    plans: dict[UUID, RatePlan] = {}
    for customer_id, assignments in assignments_of(customer_ids).items():
        found = next((each.plan for each in assignments if each.valid_from is None or each.valid_from <= at), None)
        if found is not None:
            plans[customer_id] = found
    return plans


def customers_on(plans: Collection[UUID], at: datetime) -> int:
    """How many customers are on one of these plans at a moment, closed ones left out."""
    current = Customer.objects.exclude(status=Customer.Status.CLOSED).annotate(plan_now=Subquery(_valid_assignments(at).values("plan_id")[:1]))
    return current.filter(plan_now__in=plans).count()


def assignments_of(customer_ids: Iterable[UUID]) -> dict[UUID, list[PlanAssignment]]:
    """All plan assignments of these customers, the latest first, by one query: for batches that hold many moments."""
    found: dict[UUID, list[PlanAssignment]] = {}
    rows = PlanAssignment.objects.filter(customer_id__in=set(customer_ids)).select_related("plan")
    for row in rows.order_by("customer_id", F("valid_from").desc(nulls_last=True)):
        found.setdefault(row.customer_id, []).append(row)
    return found


def people_of(customer: Customer) -> QuerySet[Person]:
    """The customer's people with their users, the primary one first."""
    return Person.objects.filter(customer=customer).select_related("user").order_by("-is_primary", Lower("user__full_name"), "pk")


def person_or_404(customer: Customer, person: UUID) -> Person:
    return get_object_or_404(Person.objects.select_related("user", "customer"), customer=customer, pk=person)


def lines_of(viewer: Viewer, customer: Customer) -> QuerySet[Line]:
    """The customer's lines with who uses them, as far as the viewer may see them: an account user only those they use themselves (contracts, Rights)."""
    lines = lines_used_by(viewer) if viewer.role == Role.ACCOUNT_USER else Line.objects.all()
    return lines.filter(customer=customer).select_related("person__user")


def lines_used_by(viewer: Viewer) -> QuerySet[Line]:
    """The lines that this person uses at their customer; none for anybody else."""
    if viewer.party is None or viewer.user is None:
        return Line.objects.none()
    return Line.objects.filter(customer_id=viewer.party.id, person__user=viewer.user)


def line_or_404(customer: Customer, line: UUID) -> Line:
    return get_object_or_404(Line, customer=customer, pk=line)


def is_shut_out(user: User) -> bool:
    """Whether this is somebody of a customer whose sign-in is locked; staff never are."""
    return Person.objects.filter(user=user, customer__standing__web_locked=True).exists()


def locks_of(customer: Customer) -> QuerySet[Lock]:
    """The customer's locks, those in force and those that were, the latest first."""
    return Lock.objects.filter(customer=customer).order_by("-set_at", "-pk")


def lock_reasons(customers: Iterable[Customer]) -> dict[UUID, list[str]]:
    """Why each of these customers is locked, in words, each reason once; asked for all of them at once."""
    held = Lock.objects.filter(customer__in=[customer.pk for customer in customers], lifted_at=None).order_by("-set_at")
    found: dict[UUID, list[str]] = {}
    for lock in held:
        reasons = found.setdefault(lock.customer_id, [])
        if lock.get_reason_display() not in reasons:
            reasons.append(lock.get_reason_display())
    return found


def parked_because(customer: Customer) -> str:
    """Why the customer's automatic top-up is parked, as it was written down then; empty when it is not."""
    if not customer.topup_parked:
        return ""
    return history_of(customer).filter(action="topup.parked").values_list("note", flat=True).first() or ""


def history_of(customer: Customer) -> QuerySet[AuditEntry]:
    """What was done to, by and for this customer, the latest first."""
    return AuditEntry.objects.filter(customer_id=customer.pk).order_by("-at", "-created_at", "-pk")
