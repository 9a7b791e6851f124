"""What a call would cost: the calculator of the page and of `price_call`."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing_portal.kernel import phone
from billing_portal.kernel.errors import DomainError
from rateplans.domain import origins, rating
from rateplans.domain.decks import deck_of_chain
from rateplans.domain.rating import Priced
from rateplans.domain.sources import Chain, Resolver
from rateplans.models import PlanVersion, RatePlan

MOST_SECONDS = 366 * 86_400


@dataclass(frozen=True, slots=True)
class Quote:
    """A price with its reason, in the plan's currency."""

    number: str
    seconds: int
    at: datetime
    currency: str
    version: PlanVersion
    priced: Priced


def quote(plan: RatePlan, number: str, *, seconds: int, at: datetime, seen_from: str = "") -> Quote:
    """Price an answered call of so many seconds by the version in force at `at`, exactly as it would be rated (E11, semantics 18, 19).

    `seen_from` as in `origins.steps`. Raises `invalid_number`, `no_rate`, `negative_seconds`, `too_long`.
    """
    digits = _dialled(number)
    if seconds > MOST_SECONDS:
        raise DomainError("too_long", _("A call cannot last more than a year."), "duration")
    chain = _chain(plan, at)
    rate = deck_of_chain(chain).find(digits)
    if rate is None:
        raise DomainError("no_rate", _("“%(plan)s” has no rate for %(number)s.") % {"plan": plan.name, "number": digits}, "number")
    priced = rating.price_call(
        rate,
        answered=True,
        seconds=seconds,
        precision=chain.priced_by.precision,
        charge_connection_at_zero=chain.priced_by.charge_connection_at_zero,
        origin=origins.steps(chain, rate.prefix, seen_from=seen_from),
    )
    return Quote(digits, seconds, at, plan.currency, chain.version, priced)


def _chain(plan: RatePlan, at: datetime) -> Chain:
    try:
        return Resolver().chain(plan, at)
    except DomainError as refused:
        raise DomainError("no_rate", refused.message, "number") from refused


def _dialled(number: str) -> str:
    try:
        return phone.dialled(number)
    except DomainError as refused:
        raise DomainError(refused.code, refused.message, "number") from refused
