"""Where a plan's rates come from: its chain of sources at a moment, within this reseller and up the tree (E3.1, E3.2, semantics 19, 20, 24)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from rateplans.models import PlanVersion, RatePlan

Inherits = RatePlan.Inherits
Sharing = RatePlan.Sharing
MOST_MARKUPS = 4
"""What a call keeps of its rate has 24 decimals: 6 of the rate and 4 of each of so many mark-ups fit into them exactly."""
MOST_LINKS = 64
ZERO = Decimal(0)
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)

Place: TypeAlias = tuple[str, UUID]
"""Schema and id of a plan: the only way one is named across schemas."""


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """The plan the parent put this reseller on from a moment on; the first has no `since` and holds for all earlier time."""

    since: datetime | None
    schema: str
    plan_id: UUID


OwnPlans: TypeAlias = Callable[[], Sequence[OwnPlan]]
_own_plans: list[OwnPlans] = []


def register_own_plan(history: OwnPlans) -> None:
    """Say who knows which plan the reseller in force is on at its parent, in the order of time: a higher app, at start-up."""
    _own_plans[:] = [history]


@dataclass(frozen=True, slots=True)
class Link:
    """One plan of a chain as it was at the moment: `version` holds rates of its own, `markup` is what it adds to its source's, in percent."""

    schema: str
    plan: RatePlan
    version: PlanVersion | None
    markup: Decimal


@dataclass(frozen=True)
class Chain:
    """A plan with all that it inherits at a moment, the plan itself first, the source of all sources last."""

    links: tuple[Link, ...]

    @cached_property
    def key(self) -> tuple[tuple[str, UUID, UUID | None, Decimal], ...]:
        """Names the rates: equal keys, equal rates, in every process."""
        return tuple((link.schema, link.plan.pk, link.version.pk if link.version else None, link.markup) for link in self.links)

    @property
    def version(self) -> PlanVersion:
        """The plan's own version in force, else that of the nearest source which has one."""
        return next(link.version for link in self.links if link.version is not None)

    @property
    def priced_by(self) -> RatePlan:
        """The plan whose precision and terms of pricing hold: a shared plan brings those of its source (semantics 24)."""
        return next((link.plan for link in self.links if link.plan.inherits != Inherits.SHARED), self.links[0].plan)

    @property
    def markups(self) -> int:
        return sum(link.markup != 0 for link in self.links)


class Resolver:
    """Finds chains, reading each plan and its versions once: for one question, or for a batch of calls at many moments."""

    def __init__(self, plans: Iterable[RatePlan] = ()) -> None:
        self._home = connection.schema_name
        self._plans: dict[Place, RatePlan | None] = {(self._home, plan.pk): plan for plan in plans}
        self._versions: dict[Place, list[PlanVersion]] = {place: [] for place in self._plans}
        self._own: dict[str, Sequence[OwnPlan]] = {}
        self._parents: dict[str, str | None] = {}
        self._chains: dict[object, Chain] = {}
        for version in PlanVersion.objects.filter(plan_id__in=[plan_id for _schema, plan_id in self._plans]) if self._plans else ():
            self._versions[self._home, version.plan_id].append(version)
        for found in self._versions.values():
            found.sort(key=_turn)

    def chain(self, plan: RatePlan, at: datetime) -> Chain:
        """The plan's chain at a moment.

        Raises `no_rates` while none of it has rates, `no_own_plan` without a plan at the parent, `not_shared` when the parent took the plan back,
        `source_currency` when a source is in another currency, `too_long`.
        """
        if plan.inherits == Inherits.NOTHING:
            return self._alone(plan, at)
        links: list[Link] = []
        place: Place | None = (self._home, plan.pk)
        self._plans.setdefault((self._home, plan.pk), plan)
        while place is not None:
            found = self._plan(place)
            if found is None or len(links) == MOST_LINKS:
                raise DomainError("too_long", _("The sources of “%(plan)s” cannot be followed.") % {"plan": plan.name})
            if links:
                self._check_currency(links[-1], found)
            links.append(self._link(place, found, at))
            place = self._source(place[0], found, at)
        if all(link.version is None for link in links):
            raise _no_rates(plan)
        chain = Chain(tuple(links))
        return self._chains.setdefault(chain.key, chain)

    def _alone(self, plan: RatePlan, at: datetime) -> Chain:
        """Most plans inherit nothing, and batches hold thousands of their calls."""
        version = self._version_at((self._home, plan.pk), at)
        if version is None:
            raise _no_rates(plan)
        if version.pk not in self._chains:
            self._chains[version.pk] = Chain((Link(self._home, plan, version, ZERO),))
        return self._chains[version.pk]

    def _link(self, place: Place, plan: RatePlan, at: datetime) -> Link:
        if plan.inherits == Inherits.SHARED:
            return Link(place[0], plan, None, ZERO)
        version = self._version_at(place, at)
        kept = version.markup_percent if version else None
        markup = plan.markup_percent if kept is None else kept
        return Link(place[0], plan, version, ZERO if plan.inherits == Inherits.NOTHING else markup)

    def _version_at(self, place: Place, at: datetime) -> PlanVersion | None:
        versions = self._versions_of(place)
        index = bisect_right(versions, at, key=_begin) - 1
        return versions[index] if index >= 0 else None

    def _source(self, schema: str, plan: RatePlan, at: datetime) -> Place | None:
        if plan.inherits == Inherits.PLAN and plan.source_id is not None:
            return schema, plan.source_id
        if plan.inherits == Inherits.OWN_PLAN:
            return self._own_plan(schema, at)
        if plan.inherits == Inherits.SHARED and plan.shared_plan_id is not None:
            self._check_shared(schema, plan)
            return plan.shared_schema, plan.shared_plan_id
        return None

    def _own_plan(self, schema: str, at: datetime) -> Place:
        if schema not in self._own:
            with schema_context(schema):
                self._own[schema] = own_plans()
        held = next((each for each in reversed(self._own[schema]) if each.since is None or each.since <= at), None)
        if held is None:
            raise DomainError("no_own_plan", _("Your parent has put you on no rate plan."), "inherits")
        return held.schema, held.plan_id

    def _check_shared(self, schema: str, pointer: RatePlan) -> None:
        source = self._plan((pointer.shared_schema, pointer.shared_plan_id)) if pointer.shared_plan_id else None
        directly = source is not None and source.sharing == Sharing.RESELLERS and self._parent(schema) == pointer.shared_schema
        reaches = directly or (source is not None and source.sharing == Sharing.RECURSIVE)
        if pointer.withdrawn or not reaches:
            raise self._trouble("not_shared", schema, _("“%(plan)s” is no longer shared with you.") % {"plan": pointer.name})

    def _check_currency(self, link: Link, source: RatePlan) -> None:
        words = {"plan": link.plan.name, "theirs": source.currency, "ours": link.plan.currency}
        if source.currency != link.plan.currency:
            message = _("“%(plan)s” is in %(ours)s, but what it inherits from is in %(theirs)s.") % words
            raise self._trouble("source_currency", link.schema, message)

    def _trouble(self, code: str, schema: str, message: str) -> DomainError:
        """What is wrong with a plan of this schema, in words that name no plan of a level above (reliability 60)."""
        above = _("Your parent's rate plan gives no prices just now. Ask your parent.")
        return DomainError(code, message if schema == self._home else above, "inherits")

    def _parent(self, schema: str) -> str | None:
        if schema not in self._parents:
            self._parents[schema] = Reseller.objects.filter(schema_name=schema).values_list("parent__schema_name", flat=True).first()
        return self._parents[schema]

    def _plan(self, place: Place) -> RatePlan | None:
        if place not in self._plans:
            with schema_context(place[0]):
                self._plans[place] = RatePlan.objects.filter(pk=place[1]).first()
        return self._plans[place]

    def _versions_of(self, place: Place) -> list[PlanVersion]:
        if place not in self._versions:
            with schema_context(place[0]):
                self._versions[place] = sorted(PlanVersion.objects.filter(plan_id=place[1]), key=_turn)
        return self._versions[place]


def own_plans() -> list[OwnPlan]:
    """Every plan that the reseller in force was put on at its parent, in the order of time."""
    return [each for history in _own_plans for each in history()]


def own_plan(at: datetime) -> RatePlan | None:
    """The plan the reseller in force is on at its parent at a moment; to be read only, it stands in another schema."""
    held = [each for each in own_plans() if each.since is None or each.since <= at]
    if not held:
        return None
    with schema_context(held[-1].schema):
        return RatePlan.objects.filter(pk=held[-1].plan_id).first()


def chain_of(plan: RatePlan, at: datetime) -> Chain | None:
    """The chain of one plan at a moment, read from the database now; None where it gives no prices."""
    try:
        return Resolver().chain(plan, at)
    except DomainError:
        return None


def _no_rates(plan: RatePlan) -> DomainError:
    return DomainError("no_rates", _("“%(plan)s” has no rates yet.") % {"plan": plan.name})


def _begin(version: PlanVersion) -> datetime:
    return version.valid_from or _ALWAYS


def _turn(version: PlanVersion) -> tuple[datetime, int]:
    """In time; of those that begin at the same moment the newest comes last and counts."""
    return _begin(version), version.number
