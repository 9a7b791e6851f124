"""Which rate plans say what calls cost the reseller: they are shut to who may not see costs (contracts, Rights; E1.1)."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.http import Http404
from django.utils import timezone

from billing_portal.accounts.rights import Right, roles
from billing_portal.web.viewer import Viewer
from rateplans.domain import sources
from rateplans.models import RatePlan
from rateplans.queries import billing_terms, plan_or_404

SEES_COSTS = roles(Right.SEE_MARGINS)
Inherits = RatePlan.Inherits


def shut_to(viewer: Viewer) -> set[UUID]:
    """The plans that this viewer may not open; none of who may see costs."""
    return set() if viewer.role in SEES_COSTS else _of_root() | _of_parent()


def open_plan_or_404(plan: UUID, viewer: Viewer) -> RatePlan:
    """The plan, unless it is shut to the viewer."""
    if plan in shut_to(viewer):
        raise Http404
    return plan_or_404(plan)


def _of_root() -> set[UUID]:
    """The root's cost plan and all that it inherits from."""
    found: set[UUID] = set()
    plan = billing_terms().cost_plan
    while plan is not None and plan.pk not in found:
        found.add(plan.pk)
        plan = plan.source
    return found


def _of_parent() -> set[UUID]:
    """What passes on the prices of the plan that the reseller is on at its parent, with no mark-up on the way: that plan by its name, or shared."""
    own = sources.own_plan(timezone.now())
    if own is None:
        return set()
    heirs: dict[UUID | None, list[UUID]] = defaultdict(list)
    found: list[UUID] = []
    for plan in RatePlan.objects.filter(markup_percent=0):
        heirs[plan.source_id].append(plan.pk)
        if plan.inherits == Inherits.OWN_PLAN or plan.shared_plan_id == own.pk:
            found.append(plan.pk)
    for plan_id in found:
        found.extend(heirs[plan_id])
    return set(found)
