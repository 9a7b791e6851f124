"""Which rate plans lack a rate for calls that wait, and since when: what a person adds so that they can be rated (semantics 22, 25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from invoicing.domain.timelines import PlanHistory
from invoicing.models import WaitingCall
from rateplans.models import RatePlan

LOOKED_AT = 10_000


@dataclass(slots=True)
class MissingRates:
    """A plan without a rate for calls that wait: how many, and the moment of the first of them."""

    plan: RatePlan
    first: datetime
    calls: int = 0

    @property
    def is_own(self) -> bool:
        """Whether it can be added here; a plan the parent shares is the parent's to change."""
        return bool(self.plan.inherits != RatePlan.Inherits.SHARED)


def among(waiting: QuerySet[WaitingCall]) -> list[MissingRates]:
    """The plans that these calls were on at their moments, the one that most wait for first."""
    rows = waiting.filter(reason=WaitingCall.Reason.NO_RATE, customer__isnull=False, at__isnull=False)
    asked = [(customer, at) for customer, at in rows.order_by("at").values_list("customer_id", "at")[:LOOKED_AT] if at]
    history = PlanHistory(customer for customer, _at in asked)
    found: dict[UUID, MissingRates] = {}
    for customer, at in asked:
        plan = history.plan_at(customer, at)
        if plan is not None:
            found.setdefault(plan.pk, MissingRates(plan, at)).calls += 1
    return sorted(found.values(), key=lambda each: (-each.calls, each.plan.name.lower()))
