"""The compiled deck of a plan at a moment, with all that it inherits, kept in each process."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, localcontext

from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.kernel import money
from rateplans.domain import sources
from rateplans.domain.deck import DeckCache, RateDeck
from rateplans.domain.rating import Rate
from rateplans.domain.sources import Chain
from rateplans.models import PlanVersion, RatePlan

ROWS_AT_ONCE = 5_000
COLUMNS = ("prefix", "destination", "per_minute", "connection_charge", "initial_increment", "increment", "included_seconds", "minimum")
_PLACES = Decimal("0.000000")

_decks = DeckCache()


def deck_of(plan: RatePlan, at: datetime) -> tuple[PlanVersion, RateDeck] | None:
    """The version in force at `at` (the plan's own, else its nearest source's) and the compiled rates, inherited ones included; None while it has none.

    The versions are asked of the database each time, so a new one counts at once in every process; their rates never change and are kept (semantics 18).
    """
    chain = sources.chain_of(plan, at)
    return None if chain is None else (chain.version, deck_of_chain(chain))


def deck_of_version(version: PlanVersion) -> RateDeck:
    """The rates a version holds itself, without any it inherits."""
    key = (connection.schema_name, version.plan_id, version.pk)
    return _decks.get(key, lambda: RateDeck.compile(rates_of(version)), expected=version.rate_count)


def deck_of_chain(chain: Chain) -> RateDeck:
    """The rates of a chain: the source's unrounded amounts × (1 + each mark-up), and in their place, prefix by prefix, a plan's own (semantics 19)."""
    if len(chain.links) == 1 and chain.links[0].schema == connection.schema_name:
        return deck_of_version(chain.version)
    expected = sum(link.version.rate_count for link in chain.links if link.version is not None)
    return _decks.get(chain.key, lambda: RateDeck.compile(_inherited(chain)), expected=expected)


def _inherited(chain: Chain) -> Iterator[Rate]:
    rates: dict[str, Rate] = {}
    for link in reversed(chain.links):
        if link.markup:
            rates = {prefix: marked_up(rate, link.markup) for prefix, rate in rates.items()}
        if link.version is not None:
            with schema_context(link.schema):
                rates.update((rate.prefix, rate) for rate in rates_of(link.version))
    for prefix in sorted(rates):
        yield rates[prefix]


def marked_up(rate: Rate, percent: Decimal) -> Rate:
    """The rate with its amounts × (1 + mark-up), exact; increments and included seconds as they are."""
    with localcontext(money.EXACT):
        factor = 1 + percent / 100
        amounts = [(amount * factor).normalize() + _PLACES for amount in (rate.per_minute, rate.connection_charge, rate.minimum)]
    per_minute, connection, minimum = amounts
    return Rate(rate.prefix, rate.destination, per_minute, connection, rate.initial_increment, rate.increment, rate.included_seconds, minimum)


def rates_of(version: PlanVersion) -> Iterator[Rate]:
    """The rates a version holds itself, one after the other, so that millions take no memory."""
    for row in version.rates.order_by("prefix").values_list(*COLUMNS).iterator(chunk_size=ROWS_AT_ONCE):
        yield Rate(*row)
