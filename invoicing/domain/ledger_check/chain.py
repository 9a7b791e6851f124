"""The chain of a call through the tree: what climbs from here stands at the parent once, at the price its batch brought (semantics 6, 25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

from billing_portal.accounts.models import Switch
from billing_portal.tenancy import queries as tenancy
from invoicing.domain import buying, climb, posting, rerating
from invoicing.domain.ledger_check.report import Question

CARRIED_ONCE = "a call is carried once by the level above, at the price its batch brought"
FROM_HERE = "what the level above carries came from here"
CLIMBS = "an answered call to a number climbs"

# Each climbing call of this schema beside what stands for it in the parent's. `pending`: its climb, the price written back or
# what changed when it was rated again is owed still.
_CARRIED = """
    WITH named AS (SELECT unnest(%s::uuid[]) AS switch_id, unnest(%s::text[]) AS name),
         climbing AS (SELECT (payload ->> 'batch')::uuid AS batch_id FROM jobs_job WHERE kind = %s AND state IN ('pending', 'running')),
         writing AS (SELECT (payload ->> 'batch')::uuid AS batch_id FROM {parent}.jobs_job WHERE kind = %s AND state IN ('pending', 'running')),
         sending AS (
        SELECT change.key_id FROM jobs_job AS job
          JOIN invoicing_pricechange AS change ON change.attempt = (job.payload ->> 'attempt')::uuid
         WHERE job.kind = %s AND job.state IN ('pending', 'running')),
         telling AS (
        SELECT change.key_id FROM {parent}.jobs_job AS job
          JOIN {parent}.invoicing_pricechange AS change ON change.attempt = (job.payload ->> 'attempt')::uuid
         WHERE job.kind = %s AND job.state IN ('pending', 'running')),
         above AS (
        SELECT switch.name, key.id, key.call_id, key.leg
          FROM {parent}.invoicing_callkey AS key JOIN {parent}.accounts_switch AS switch ON switch.id = key.switch_id
         WHERE switch.name = ANY (%s)),
         carried AS (
        SELECT call.customer_id, key.call_id, key.leg, named.name, call.buy_price, call.buy_currency,
               posted.price, posted.currency, posted.customer_id AS reseller_id, waiting.state AS queued,
               CASE WHEN climbing.batch_id IS NOT NULL OR call.key_id IN (SELECT key_id FROM sending)
                      OR above.id IN (SELECT key_id FROM telling) THEN true
                    WHEN call.buy_price IS NULL THEN writing.batch_id IS NOT NULL ELSE false END AS pending
          FROM invoicing_call AS call
          JOIN invoicing_callkey AS key ON key.id = call.key_id
          JOIN named ON named.switch_id = key.switch_id
          LEFT JOIN climbing ON climbing.batch_id = call.batch_id
          LEFT JOIN above ON above.name = named.name AND above.call_id = key.call_id AND above.leg = key.leg
          LEFT JOIN {parent}.invoicing_call AS posted ON posted.key_id = above.id
          LEFT JOIN {parent}.invoicing_waitingcall AS waiting ON waiting.key_id = above.id AND waiting.reason <> 'conflict' AND waiting.state <> 'rated'
          LEFT JOIN writing ON writing.batch_id = posted.batch_id
         WHERE call.buy_currency <> '')
"""

_AT_PARENT = (
    _CARRIED
    + """
    SELECT customer_id, 'call ' || call_id || ' of switch ' || name || ' at ' || %s, buy_price, price
      FROM carried
     WHERE NOT pending
       AND NOT (buy_price IS NULL AND price IS NULL AND queued IS NOT NULL)
       AND (buy_price, buy_currency, %s::uuid) IS DISTINCT FROM (price, currency, reseller_id)
"""
)

_NOT_FROM_HERE = """
    WITH named AS (SELECT unnest(%s::uuid[]) AS switch_id, unnest(%s::text[]) AS name)
    SELECT NULL::uuid, 'call ' || above.call_id || ' of switch ' || switch.name || ' at ' || %s, call.buy_price, posted.price
      FROM {parent}.invoicing_call AS posted
      JOIN {parent}.invoicing_callkey AS above ON above.id = posted.key_id
      JOIN {parent}.accounts_switch AS switch ON switch.id = above.switch_id
      JOIN {parent}.invoicing_callbatch AS batch ON batch.id = above.batch_id AND batch.child_schema = %s
      LEFT JOIN named ON named.name = switch.name
      LEFT JOIN invoicing_callkey AS key ON key.switch_id = named.switch_id AND key.call_id = above.call_id AND key.leg = above.leg
      LEFT JOIN invoicing_call AS call ON call.key_id = key.id AND call.buy_currency <> ''
     WHERE call.id IS NULL
"""


# What climbs names the currency it was bought in, with or without a price; a call that has a plan was to a number.
_SENT = """
    SELECT customer_id, 'call to ' || number || ' at ' || at, price, NULL::numeric
      FROM invoicing_call
     WHERE direction = 'out' AND answered_at IS NOT NULL AND plan_id IS NOT NULL AND buy_currency = ''
"""


@dataclass(frozen=True)
class Chain:
    """The link between this schema and its parent's."""

    parent: str
    asked: tuple[Any, ...]
    reseller_id: str
    schema: str

    def questions(self) -> Iterator[Question]:
        yield Question(CARRIED_ONCE, self._sql(_AT_PARENT), (*self.asked, self.parent, self.reseller_id))
        yield Question(CLIMBS, _SENT)
        yield Question(FROM_HERE, self._sql(_NOT_FROM_HERE), (*self.asked[:2], self.parent, self.schema))

    def in_flight(self) -> int:
        """How many calls are on their way: their climb or the price written back is owed, or they wait in the parent's queue."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql(_CARRIED) + "SELECT count(*) FROM carried WHERE pending OR (price IS NULL AND queued = 'waiting')", self.asked)
            return int(cursor.fetchone()[0])

    def _sql(self, text: str) -> str:
        return text.format(parent=connection.ops.quote_name(self.parent))


def chain() -> Chain | None:
    """The chain from the schema in force; None where nothing climbs."""
    parent = buying.seller()
    if parent is None:
        return None
    schema = tenancy.current().schema_name
    names = {switch.pk: climb.switch_name(schema, switch.name) for switch in Switch.objects.all()}
    owed = (posting.CLIMB, posting.BUY_PRICE, rerating.CLIMB, rerating.TELL_BELOW)
    asked = (list(names), list(names.values()), *owed, list(names.values()))
    return Chain(parent.schema, asked, str(parent.customer.pk), schema)
