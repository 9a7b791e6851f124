"""Write the rates of a version: thousands at once, by COPY and by one statement."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection

from billing_portal.kernel import money
from billing_portal.tenancy import database
from billing_portal.tenancy.models import new_id
from rateplans.domain.decks import COLUMNS
from rateplans.domain.rating import Rate
from rateplans.models import PlanVersion

ROWS_AT_ONCE = 2_000

_COPY = f"COPY rateplans_storedrate (id, created_at, version_id, {', '.join(COLUMNS)}) FROM STDIN"

# A UUIDv7 made by Postgres: 48 bits of milliseconds in front of a random key, then the version's bits.
_NEW_ID = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""
_CARRY_OVER = f"""
    INSERT INTO rateplans_storedrate (id, created_at, version_id, {", ".join(COLUMNS)})
    SELECT {_NEW_ID}, %(at)s, %(new)s, {", ".join(COLUMNS)}
    FROM rateplans_storedrate old
    WHERE old.version_id = %(old)s
      AND NOT EXISTS (SELECT FROM rateplans_storedrate new WHERE new.version_id = %(new)s AND new.prefix = old.prefix)
"""


def copy_rates(version: PlanVersion, rates: Sequence[Rate], *, at: datetime) -> int:
    """Store these rates as the version's; keys are made here, in time order. Returns how many."""
    database.copy_in(_COPY, Lines(_blocks(version, rates, at)))
    return len(rates)


def carry_over(old: PlanVersion, new: PlanVersion, *, at: datetime) -> int:
    """Copy into `new` the rates of `old` whose prefix `new` does not have. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_CARRY_OVER, {"at": at, "old": old.pk, "new": new.pk})
        return int(cursor.rowcount)


def _blocks(version: PlanVersion, rates: Sequence[Rate], at: datetime) -> Iterator[str]:
    start = f"{at.isoformat()}\t{version.pk}"
    for first in range(0, len(rates), ROWS_AT_ONCE):
        yield "".join(f"{new_id()}\t{start}\t{_line(rate)}\n" for rate in rates[first : first + ROWS_AT_ONCE])


def _line(rate: Rate) -> str:
    name = rate.destination.replace("\\", "\\\\")
    charges = f"{money.plain(rate.per_minute)}\t{money.plain(rate.connection_charge)}"
    return f"{rate.prefix}\t{name}\t{charges}\t{rate.initial_increment}\t{rate.increment}\t{rate.included_seconds}\t{money.plain(rate.minimum)}"


class Lines:
    """Blocks of text as the file that COPY reads, so that two million rates need no more memory than a few thousand."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._rest = ""

    def read(self, size: int = -1) -> str:
        while size < 0 or len(self._rest) < size:
            block = next(self._blocks, None)
            if block is None:
                break
            self._rest += block
        cut = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:cut], self._rest[cut:]
        return piece
