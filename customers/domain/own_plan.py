"""Which plan this reseller is on at its parent: it is a customer there (semantics 23)."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.tenancy.models import Reseller
from customers.models import PlanAssignment
from rateplans.domain.sources import OwnPlan


def history() -> Sequence[OwnPlan]:
    """The plans the parent put the reseller in force on, in the order of time; none for the root and for who is on none."""
    reseller = connection.schema_name
    schema = Reseller.objects.filter(schema_name=reseller).values_list("parent__schema_name", flat=True).first()
    if schema is None:
        return []
    with schema_context(schema):
        rows = PlanAssignment.objects.filter(customer__reseller_schema=reseller).values_list("valid_from", "plan_id")
        held = [OwnPlan(since, schema, plan_id) for since, plan_id in rows]
    return sorted(held, key=lambda each: (each.since is not None, each.since.timestamp() if each.since else 0.0))
