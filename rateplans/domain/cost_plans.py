"""Which rate plans say what calls cost the reseller: they are shut to who may not see costs (contracts, Rights; E1.1).

A price says the cost where a plan passes on a plan that the reseller is or was on at its parent, or at the root its cost plan, with no mark-up on the
way. Mark-ups begin with versions, so it is asked for the moment whose prices are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry
from billing_portal.accounts.rights import Right, roles
from billing_portal.kernel.errors import DomainError, require
from billing_portal.web.viewer import Viewer
from rateplans.domain import sources
from rateplans.domain.sources import Chain, OwnPlan, Place, Resolver
from rateplans.models import RatePlan
from rateplans.queries import billing_terms, plan_or_404

SEES_COSTS = roles(Right.SEE_MARGINS)


def shut_to(viewer: Viewer, at: datetime | None = None) -> set[UUID]:
    """The plans whose prices of this moment (None: now) the viewer may not see; none of who may see costs."""
    if viewer.role in SEES_COSTS:
        return set()
    moment, every = at or timezone.now(), list(RatePlan.objects.all())
    resolver, costs = Resolver(every), _costs(moment)
    return {plan.pk for plan in every if (connection.schema_name, plan.pk) in costs or _passes_on(resolver, plan, moment, costs)}


def open_plan_or_404(plan: UUID, viewer: Viewer) -> RatePlan:
    """The plan, unless it is shut to the viewer now."""
    if plan in shut_to(viewer):
        raise Http404
    return plan_or_404(plan)


def check_open(plan: RatePlan, viewer: Viewer, at: datetime) -> None:
    """Raises `prices_shut` on the field `at` if the viewer may not see the plan's prices of this moment."""
    require(plan.pk not in shut_to(viewer, at), "prices_shut", _("Prices of that time are not shown to you. Choose another time, or leave it empty."), "at")


def _costs(at: datetime) -> set[Place]:
    """What the reseller was put on at its parent with all that it passes on; the root's cost plans with all that they inherit from."""
    found = {(connection.schema_name, plan_id) for plan_id in _of_root()}
    for own in sources.own_plans():
        found.add((own.schema, own.plan_id))
        found.update(_passed_on(_chain_of(own, at)))
    return found


def _of_root() -> set[UUID]:
    found: set[UUID] = set()
    for plan in _cost_plans():
        link: RatePlan | None = plan
        while link is not None and link.pk not in found:
            found.add(link.pk)
            link = link.source
    return found


def _cost_plans() -> list[RatePlan]:
    """The root's cost plan, and those that were by the trail, which has their names of then."""
    changes = AuditEntry.objects.filter(action="terms.changed", changes__has_key="cost_plan").values_list("changes__cost_plan", flat=True)
    called = {name for old_and_new in changes for name in old_and_new}
    ids = set(AuditEntry.objects.filter(subject_kind="plan", subject_name__in=called).values_list("subject_id", flat=True)) if called else set()
    terms = Q(pk=billing_terms().cost_plan_id)
    return list(RatePlan.objects.filter(terms | Q(name__in=called) | Q(pk__in=ids)))


def _chain_of(own: OwnPlan, at: datetime) -> Chain | None:
    with schema_context(own.schema):
        return sources.chain_of(RatePlan.objects.get(pk=own.plan_id), at)


def _passes_on(resolver: Resolver, plan: RatePlan, at: datetime, costs: set[Place]) -> bool:
    """Whether the plan gives prices of one of these at the moment; one that just gives none counts as if it did."""
    try:
        chain = resolver.chain(plan, at)
    except DomainError:
        return (plan.shared_schema, plan.shared_plan_id) in costs
    return not costs.isdisjoint(_passed_on(chain))


def _passed_on(chain: Chain | None) -> Iterator[Place]:
    """The plans of the chain down to the first mark-up: their prices come out as they are."""
    for link in chain.links if chain else ():
        yield link.schema, link.plan.pk
        if link.markup:
            return
