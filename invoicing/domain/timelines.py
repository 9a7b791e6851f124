"""Which plan and which version held at a moment, for many customers at once (semantics 18)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import UUID

from customers.models import PlanAssignment
from rateplans.domain.sources import Chain, Resolver
from rateplans.models import RatePlan

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
T = TypeVar("T")


@dataclass
class Timeline(Generic[T]):
    """Things that each hold from a moment on, until the next one."""

    moments: list[datetime] = field(default_factory=list)
    things: list[T] = field(default_factory=list)

    def at(self, moment: datetime) -> T | None:
        """What held then; None before the first."""
        index = bisect_right(self.moments, moment) - 1
        return self.things[index] if index >= 0 else None


class PlanHistory:
    """The plans these customers were on and the versions those plans had, read in three questions, and more where a plan inherits."""

    def __init__(self, customer_ids: Iterable[UUID]) -> None:
        assignments = PlanAssignment.objects.filter(customer_id__in=set(customer_ids)).values_list("customer_id", "valid_from", "plan_id")
        self._assigned = _timelines(assignments)
        plan_ids = {plan_id for line in self._assigned.values() for plan_id in line.things}
        self._plans = RatePlan.objects.in_bulk(list(plan_ids))
        self._resolver = Resolver(self._plans.values())

    def at(self, customer_id: UUID, moment: datetime) -> tuple[RatePlan, Chain] | None:
        """The customer's plan at that moment with all that it inherited then; None without a plan.

        Raises DomainError, saying why, while the plan gives no prices.
        """
        plan = self.plan_at(customer_id, moment)
        return None if plan is None else (plan, self._resolver.chain(plan, moment))

    def plan_at(self, customer_id: UUID, moment: datetime) -> RatePlan | None:
        """The customer's plan at that moment, whether it gives prices or not; None without one."""
        plan_id = self._assigned.get(customer_id, Timeline[UUID]()).at(moment)
        return None if plan_id is None else self._plans[plan_id]


def _timelines(rows: Iterable[tuple[UUID, datetime | None, T]]) -> dict[UUID, Timeline[T]]:
    found: dict[UUID, Timeline[T]] = defaultdict(Timeline)
    for owner, moment, thing in sorted(rows, key=lambda row: row[1] or ALWAYS):
        found[owner].moments.append(moment or ALWAYS)
        found[owner].things.append(thing)
    return dict(found)
