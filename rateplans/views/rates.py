"""The rates of a plan on its page: those in force, inherited ones included, each with where it comes from (E3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from billing_portal.web.forms import clean_line
from billing_portal.web.listing import TERM_CAP, Listing
from billing_portal.web.viewer import PortalRequest, works_for
from rateplans import queries
from rateplans.domain import cost_plans, origins
from rateplans.domain.decks import deck_of_chain
from rateplans.domain.rating import Rate, Step
from rateplans.domain.sources import Chain
from rateplans.models import RatePlan

MAY_SEE_MARGINS = cost_plans.SEES_COSTS
MADE_OF = {"source", "markup"}
RATE_SORTS = {
    "prefix": ("nearness", "prefix"),
    "destination": ("destination", "prefix"),
    "price": ("per_minute", "prefix"),
}


@dataclass(frozen=True)
class Shown:
    """A rate in the list, with the steps that made it out of its source's."""

    rate: Any
    steps: tuple[Step, ...]

    @property
    def path(self) -> str:
        """The price per minute at its source and after each mark-up."""
        return " → ".join(step.value for step in self.steps)


class InheritedRates(Listing):
    """The rates of a compiled chain, searched and sorted like those of a version."""

    def __init__(self, data: QueryDict, rates: Sequence[Rate]) -> None:
        super().__init__(data, RatePlan.objects.none(), sorts=RATE_SORTS, default="prefix")
        self._rates = rates

    @cached_property
    def selected(self) -> Any:
        keys = {"prefix": self._nearness, "destination": lambda rate: (rate.destination.lower(), rate.prefix), "price": lambda rate: rate.per_minute}
        return sorted(self._found(), key=keys[self.sort], reverse=self.descending)

    def _found(self) -> Iterator[Rate]:
        digits, words = queries.digits_of(self.term), self.term.lower()
        for rate in self._rates:
            around = digits.startswith(rate.prefix) or rate.prefix.startswith(digits)
            if around if digits else words in rate.destination.lower():
                yield rate

    def _nearness(self, rate: Rate) -> tuple[int, str]:
        digits = queries.digits_of(self.term)
        return (-len(rate.prefix) if digits and digits.startswith(rate.prefix) else 0, rate.prefix)


def in_force(request: PortalRequest, chain: Chain | None) -> dict[str, Any]:
    """The rates in force that the search finds, and the prefix that counts for the number searched."""
    if chain is None:
        return {"listing": None, "matched": "", "rows": [], "shows_origin": False}
    term = clean_line(request.GET.get("q", ""))[:TERM_CAP]
    if len(chain.links) == 1:
        listing = Listing(request.GET, queries.rates(chain.version, term), sorts=RATE_SORTS, default="prefix")
        rows = [Shown(rate, ()) for rate in listing]
        return {"listing": listing, "matched": queries.longest_prefix(chain.version, term), "rows": rows, "shows_origin": False}
    deck = deck_of_chain(chain)
    listing = InheritedRates(request.GET, deck.rates)
    sees = request.viewer.role in MAY_SEE_MARGINS
    steps = origins.steps_of(chain, [rate.prefix for rate in listing], seen_from=works_for(request)) if sees else {}
    found = deck.find(queries.digits_of(term))
    rows = [Shown(rate, steps.get(rate.prefix, ())) for rate in listing]
    return {"listing": listing, "matched": found.prefix if found else "", "rows": rows, "shows_origin": sees}


def steps_for(request: PortalRequest, steps: tuple[Step, ...]) -> list[Step]:
    """The reason of a price; how the rate was made of its source's only for those who may see margins."""
    return [step for step in steps if request.viewer.role in MAY_SEE_MARGINS or step.label_code not in MADE_OF]
