"""Which plan this reseller is on at its parent: it is a customer there (semantics 23)."""

from __future__ import annotations

from collections.abc import Sequence

from django_tenants.utils import schema_context

from billing_portal.tenancy.models import Reseller
from billing_portal.tenancy.queries import current
from customers.models import PlanAssignment
from rateplans.domain.sources import OwnPlan


def history() -> Sequence[OwnPlan]:
    """The plans the parent put the reseller in force on, in the order of time; none for the root and for who is on none."""
    reseller = current()
    if reseller.parent_id is None:
        return []
    schema = Reseller.objects.values_list("schema_name", flat=True).get(pk=reseller.parent_id)
    with schema_context(schema):
        rows = PlanAssignment.objects.filter(customer__reseller_schema=reseller.schema_name).values_list("valid_from", "plan_id")
        held = [OwnPlan(since, schema, plan_id) for since, plan_id in rows]
    return sorted(held, key=lambda each: (each.since is not None, each.since.timestamp() if each.since else 0.0))
