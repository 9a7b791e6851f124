"""Where each rate of an inheriting plan comes from, and how its mark-ups made the price (E1.1, E3.1).

What a level above pays and adds is its own affair: to somebody of a reseller a chain begins with what its parent asks, to somebody further up earlier.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal, localcontext

from django_tenants.utils import schema_context

from billing_portal.kernel import money
from billing_portal.tenancy import queries as tenancy
from rateplans.domain.rating import Step, decimals
from rateplans.domain.sources import Chain, Link
from rateplans.models import RatePlan, StoredRate


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


def steps(chain: Chain, prefix: str, *, seen_from: str = "") -> tuple[Step, ...]:
    """The price per minute of this rate from its source through every mark-up; nothing for a plan that inherits from nothing.

    `seen_from` is the reseller whose staff are told: what lies above it is one price to them. Empty: a program, which is told all.
    """
    return steps_of(chain, [prefix], seen_from=seen_from).get(prefix, ())


def steps_of(chain: Chain, prefixes: Iterable[str], *, seen_from: str = "") -> dict[str, tuple[Step, ...]]:
    """The same for many rates of one chain, in one question per plan of it."""
    if len(chain.links) == 1:
        return {}
    schemas = {link.schema for link in chain.links}
    hidden = schemas.intersection(tenancy.above(seen_from)) if seen_from and len(schemas) > 1 else set()
    return {prefix: tuple(_steps(chain, link, price, hidden)) for prefix, (link, price) in of(chain, prefixes).items()}


def _steps(chain: Chain, origin: Link, price: Decimal, hidden: Collection[str]) -> Iterator[Step]:
    if origin.schema not in hidden:
        yield Step("source", f"Rate of “{origin.plan.name}”", decimals(price))
    above = origin
    for link in reversed(chain.links[: chain.links.index(origin)]):
        if above.schema in hidden and link.schema not in hidden:
            yield Step("source", _bought(link, above), decimals(price))
        if link.markup:
            with localcontext(money.EXACT):
                price = price * (1 + link.markup / 100)
            if link.schema not in hidden:
                yield Step("markup", f"Mark-up {percent(link.markup)} of “{link.plan.name}”", decimals(price))
        above = link


def _bought(link: Link, above: Link) -> str:
    """Where the chain begins for those who may not look further up: a plan shared by name, else the reseller's own rate plan at its parent."""
    if link.plan.inherits == RatePlan.Inherits.SHARED:
        return f"Rate of “{link.plan.name}”"
    parent = tenancy.named(above.schema)
    return f"Your own rate plan at {parent.name if parent else above.schema}"


def percent(markup: Decimal) -> str:
    return f"{money.plain(markup.normalize())} %"
