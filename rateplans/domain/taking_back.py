"""Taking a shared plan back, and what that does below: said before it is done, because calls of whoever is on it wait without a price (semantics 24)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import queries as tenancy
from billing_portal.tenancy.models import Reseller
from rateplans.domain import sources
from rateplans.models import RatePlan

Inherits = RatePlan.Inherits
Sharing = RatePlan.Sharing
MOST_NAMED = 5

Buyers: TypeAlias = Callable[[Collection[UUID], datetime], int]
_buyers: list[Buyers] = []


def register_buyers(count: Buyers) -> None:
    """Say who counts the customers that are on one of these plans at a moment, in the schema in force: a higher app, at start-up."""
    _buyers[:] = [count]


@dataclass(frozen=True)
class Use:
    """A reseller of ours, and how many customers, its own and those of resellers below it, would be without prices. Whose they are is its own affair."""

    reseller: str
    customers: int

    def __str__(self) -> str:
        words = ngettext("%(reseller)s for %(count)d customer", "%(reseller)s for %(count)d customers", self.customers)
        return words % {"reseller": self.reseller, "count": self.customers}


def check(plan: RatePlan, to: str, *, at: datetime) -> None:
    """Raises `used_below`, at the field `take_back`, when sharing the plan so and no further takes it from customers below."""
    found = uses(plan, to, at=at)
    if not found:
        return
    named = [str(use) for use in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        named.append(_("%(more)d more resellers") % {"more": len(found) - MOST_NAMED})
    message = _("It is used by %(uses)s. Their next calls would wait without a price. Tick this to take it back all the same.")
    raise DomainError("used_below", message % {"uses": ", ".join(named)}, "take_back")


def uses(plan: RatePlan, to: str, *, at: datetime) -> list[Use]:
    """What resellers below would lose if the plan, stored as it is shared now, were shared `to` this extent: by reseller of ours, in the order of names."""
    if to == plan.sharing:
        return []
    home = tenancy.current()
    lost: dict[object, set[UUID]] = {}
    branch: dict[object, str] = {}
    counts: dict[str, int] = {}
    for reseller in tenancy.below(home):
        direct = reseller.parent_id == home.pk
        name = branch[reseller.pk] = reseller.name if direct else branch[reseller.parent_id]
        pointed = _reaches(plan.sharing, direct) and not _reaches(to, direct)
        above = lost.get(reseller.parent_id, set())
        if pointed or above:
            with schema_context(reseller.schema_name):
                lost[reseller.pk] = _lost_here(home, plan if pointed else None, above, at)
                counts[name] = counts.get(name, 0) + _customers_on(lost[reseller.pk], at)
    return [Use(name, count) for name, count in sorted(counts.items()) if count]


def _reaches(sharing: str, direct: bool) -> bool:
    return sharing == Sharing.RECURSIVE or (direct and sharing == Sharing.RESELLERS)


def _lost_here(home: Reseller, plan: RatePlan | None, above: set[UUID], at: datetime) -> set[UUID]:
    """The plans of the reseller in force that would have no source: those that point at the plan, inherit from one that is lost above, or from these."""
    own = sources.own_plan(at) if above else None
    held = own is not None and own.pk in above
    rows = list(RatePlan.objects.values_list("pk", "source_id", "inherits", "shared_schema", "shared_plan_id"))
    lost = {
        pk
        for pk, _source, inherits, schema, shared in rows
        if (plan and (inherits, schema, shared) == (Inherits.SHARED, home.schema_name, plan.pk)) or (held and inherits == Inherits.OWN_PLAN)
    }
    more = lost
    while more:
        more = {pk for pk, source, *_rest in rows if source in more} - lost
        lost |= more
    return lost


def _customers_on(plans: set[UUID], at: datetime) -> int:
    return sum(count(plans, at) for count in _buyers) if plans else 0
