"""Where each rate of an inheriting plan comes from, and how its mark-ups made the price (E1.1, E3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext

from django_tenants.utils import schema_context

from billing_portal.kernel import money
from rateplans.domain.rating import Step, decimals
from rateplans.domain.sources import Chain, Link
from rateplans.models import StoredRate


def of(chain: Chain, prefixes: Iterable[str]) -> dict[str, tuple[Link, Decimal]]:
    """The plan that each of these rates comes from, with its price per minute there: the nearest plan of the chain that has the prefix."""
    left, found = set(prefixes), dict[str, tuple[Link, Decimal]]()
    for link in chain.links:
        if link.version is None or not left:
            continue
        with schema_context(link.schema):
            rows = list(StoredRate.objects.filter(version_id=link.version.pk, prefix__in=left).values_list("prefix", "per_minute"))
        found.update({prefix: (link, per_minute) for prefix, per_minute in rows})
        left -= {prefix for prefix, _price in rows}
    return found


def steps(chain: Chain, prefix: str) -> tuple[Step, ...]:
    """The price per minute of this rate from its source through every mark-up; nothing for a plan that inherits from nothing."""
    return steps_of(chain, [prefix]).get(prefix, ())


def steps_of(chain: Chain, prefixes: Iterable[str]) -> dict[str, tuple[Step, ...]]:
    """The same for many rates of one chain, in one question per plan of it."""
    if len(chain.links) == 1:
        return {}
    return {prefix: _steps(chain, link, price) for prefix, (link, price) in of(chain, prefixes).items()}


def _steps(chain: Chain, origin: Link, price: Decimal) -> tuple[Step, ...]:
    made = [Step("source", f"Rate of “{origin.plan.name}”", decimals(price))]
    for link in reversed(chain.links[: chain.links.index(origin)]):
        if link.markup:
            with localcontext(money.EXACT):
                price = price * (1 + link.markup / 100)
            made.append(Step("markup", f"Mark-up {percent(link.markup)} of “{link.plan.name}”", decimals(price)))
    return tuple(made)


def percent(markup: Decimal) -> str:
    return f"{money.plain(markup.normalize())} %"
