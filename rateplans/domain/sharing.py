"""Plans shared down the tree: the reseller below has a read-only row that points at its source and never copies a rate (E3.2, semantics 24)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.jobs import outbox
from billing_portal.tenancy.models import Reseller
from rateplans.models import RatePlan

REFRESH = "rateplans.refresh_shared"
Sharing = RatePlan.Sharing
BROUGHT = ("currency", "precision", "charge_connection_at_zero")
"""What a shared plan brings from its source besides its rates."""


def owe_refresh(plan: RatePlan, *, at: datetime) -> None:
    """Owe every reseller below a look at what is shared, one job each, in the transaction that changes the sharing."""
    for reseller in _below(_here()):
        with schema_context(reseller.schema_name):
            outbox.add(REFRESH, {}, key=f"{REFRESH}:{plan.pk}:{at.isoformat()}")


@transaction.atomic
def refresh(*, at: datetime) -> None:
    """Make the shared plans of the reseller in force those its parent, and recursively its parent's parents, share now; others are withdrawn.

    A withdrawn plan prices no calls and can be given to nobody; shared again it is the same plan. Safe to repeat.
    """
    pointers = {(row.shared_schema, row.shared_plan_id): row for row in RatePlan.objects.select_for_update().filter(inherits=RatePlan.Inherits.SHARED)}
    for schema, shared in _shared_with(_here()):
        row = pointers.pop((schema, shared.pk), None)
        brought: dict[str, Any] = {field: getattr(shared, field) for field in BROUGHT} | {"withdrawn": False}
        if row is None:
            place = {"inherits": RatePlan.Inherits.SHARED, "shared_schema": schema, "shared_plan_id": shared.pk, "created_at": at}
            RatePlan.objects.create(name=_free_name(shared.name), position=RatePlan.objects.count() + 1, **place, **brought)
        else:
            name = row.name if row.name.startswith(shared.name) else _free_name(shared.name, row.pk)
            RatePlan.objects.filter(pk=row.pk).update(name=name, **brought)
    RatePlan.objects.filter(pk__in=[row.pk for row in pointers.values()]).update(withdrawn=True)


def _here() -> Reseller:
    """The reseller in force, read now: its place in the tree decides."""
    return Reseller.objects.get(schema_name=connection.schema_name)


def _shared_with(reseller: Reseller) -> list[tuple[str, RatePlan]]:
    """The plans that reach this reseller, each with the schema it stands in, the nearest level first."""
    found: list[tuple[str, RatePlan]] = []
    reaches = [Sharing.RESELLERS, Sharing.RECURSIVE]
    above = reseller.parent
    while above is not None:
        with schema_context(above.schema_name):
            rows = list(RatePlan.objects.filter(sharing__in=reaches).exclude(inherits=RatePlan.Inherits.SHARED))
        found += [(above.schema_name, row) for row in rows]
        reaches, above = [Sharing.RECURSIVE], above.parent
    return found


def _below(reseller: Reseller) -> Iterator[Reseller]:
    """The resellers below, at every depth, that are ready."""
    for child in Reseller.objects.filter(parent_id=reseller.pk, state=Reseller.State.READY).order_by("schema_name"):
        yield child
        yield from _below(child)


def _free_name(name: str, except_for: UUID | None = None) -> str:
    """The source's name, with a number behind it where the reseller has a plan of that name."""
    taken = {each.lower() for each in RatePlan.objects.exclude(pk__in=[except_for] if except_for else []).values_list("name", flat=True)}
    tries = (name if number == 1 else f"{name[:112]} ({number})" for number in range(1, len(taken) + 2))
    return next(each for each in tries if each.lower() not in taken)
