"""How the rate of a call was made: from its source through each mark-up of the chain, as it was at the moment of answer (E1.1, E3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from billing_portal.kernel.errors import DomainError
from invoicing.models import Call
from rateplans.domain import origins
from rateplans.domain.rating import Step, decimals
from rateplans.domain.sources import Chain, Resolver
from rateplans.models import RatePlan


def of(calls: Iterable[Call], *, seen_from: str = "") -> dict[UUID, tuple[Step, ...]]:
    """For calls whose rate was inherited the steps that made it, by the call's id; `seen_from` as in `origins.steps`.

    What the chain gives now is told only where it ends at the price per minute kept with the call; a plan taken back since then tells nothing.
    """
    rated = [call for call in calls if call.plan_id and call.prefix]
    plans = RatePlan.objects.exclude(inherits=RatePlan.Inherits.NOTHING).in_bulk(list({call.plan_id for call in rated if call.plan_id}))
    resolver = Resolver(plans.values())
    by_chain: dict[object, tuple[Chain, list[Call]]] = {}
    for call in rated:
        chain = _chain(resolver, plans.get(call.plan_id), call) if call.plan_id else None
        if chain is not None:
            by_chain.setdefault(chain.key, (chain, []))[1].append(call)
    found: dict[UUID, tuple[Step, ...]] = {}
    for chain, those in by_chain.values():
        steps = origins.steps_of(chain, {call.prefix for call in those}, seen_from=seen_from)
        found |= {call.pk: steps[call.prefix] for call in those if _still_holds(call, steps.get(call.prefix, ()))}
    return found


def _chain(resolver: Resolver, plan: RatePlan | None, call: Call) -> Chain | None:
    if plan is None:
        return None
    try:
        return resolver.chain(plan, call.at)
    except DomainError:
        return None


def _still_holds(call: Call, steps: tuple[Step, ...]) -> bool:
    return bool(steps) and steps[-1].value == decimals(call.per_minute)
