"""The compiled deck of a plan at a moment, kept in each process."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection

from rateplans import queries
from rateplans.domain.deck import DeckCache, RateDeck
from rateplans.domain.rating import Rate
from rateplans.models import PlanVersion, RatePlan

ROWS_AT_ONCE = 5_000
COLUMNS = ("prefix", "destination", "per_minute", "connection_charge", "initial_increment", "increment", "included_seconds", "minimum")

_decks = DeckCache()


def deck_of(plan: RatePlan, at: datetime) -> tuple[PlanVersion, RateDeck] | None:
    """The version in force at `at` and its compiled rates; None while the plan has none.

    The version is asked of the database each time, so a new one counts at once in every process; its rates never change and are kept (semantics 18).
    """
    version = queries.version_at(plan, at)
    return None if version is None else (version, deck_of_version(version))


def deck_of_version(version: PlanVersion) -> RateDeck:
    key = (connection.schema_name, version.plan_id, version.pk)
    return _decks.get(key, lambda: RateDeck.compile(_rates(version)))


def _rates(version: PlanVersion) -> Iterator[Rate]:
    for row in version.rates.order_by("prefix").values_list(*COLUMNS).iterator(chunk_size=ROWS_AT_ONCE):
        yield Rate(*row)
