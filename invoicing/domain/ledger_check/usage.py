"""Calls against the movements they name, and against their own numbers."""

from invoicing.domain.ledger_check.report import Question
from invoicing.domain.rating_batch import FOR_ITS_PRICE
from invoicing.models import CallBatch

# A batch brought each call at its first price: what it costs now, less the differences that were posted since, each by a movement of its own.
_FIRST = """
    changed AS (SELECT key_id, sum(price_after - price_before) AS difference FROM invoicing_pricechange GROUP BY key_id),
         first AS (
        SELECT call.*, call.price - coalesce(changed.difference, 0) AS first_price
          FROM invoicing_call AS call LEFT JOIN changed ON changed.key_id = call.key_id)
"""

_SIGNED = "CASE WHEN debit.customer_id IS NULL THEN -transfer.amount ELSE transfer.amount END"

SUMS = Question(
    "a usage movement is the sum of its calls",
    f"""
    WITH {_FIRST},
         carried AS (SELECT transfer_id, sum(first_price) AS amount FROM first WHERE transfer_id IS NOT NULL GROUP BY transfer_id),
         usage AS (
        SELECT transfer.id, transfer.customer_id, transfer.key, {_SIGNED} AS amount
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
         WHERE transfer.kind = 'usage' AND transfer.reverses_id IS NULL AND transfer.about_kind <> 'call')
    SELECT usage.customer_id, 'movement ' || coalesce(usage.key, carried.transfer_id::text), carried.amount, usage.amount
      FROM usage
      FULL JOIN carried ON carried.transfer_id = usage.id
     WHERE carried.amount IS DISTINCT FROM usage.amount
    """,
)

DIFFERENCES = Question(
    "a call rated again moves its difference",
    f"""
    WITH posted AS (
        SELECT transfer.id, transfer.customer_id, transfer.key, transfer.about_id, {_SIGNED} AS amount
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
         WHERE transfer.kind = 'usage' AND transfer.reverses_id IS NULL AND transfer.about_kind = 'call')
    SELECT coalesce(change.customer_id, posted.customer_id), 'movement ' || coalesce(posted.key, change.id::text),
           change.price_after - change.price_before, posted.amount
      FROM (SELECT change.*, call.id AS call_id
              FROM invoicing_pricechange AS change LEFT JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.at = change.call_at
             WHERE change.price_after <> change.price_before) AS change
      FULL JOIN posted ON posted.id = change.transfer_id
     WHERE (change.price_after - change.price_before, change.customer_id, change.call_id)
           IS DISTINCT FROM (posted.amount, posted.customer_id, posted.about_id)
    """,
)

# One buy price comes without a change of its own: a call that waited above was priced there, and the price was written back under the number
# the empty one had (`climb.write_back`). It follows from an empty one of a call that climbs, in the same currency, and from nothing else.
_WRITTEN_BACK = "told.buy_after IS NULL AND told.bought_in <> '' AND (later.currency, later.number) = (told.bought_in, told.buy_number)"

HISTORY = Question(
    "each price of a call follows from the one before",
    f"""
    WITH told AS (
        SELECT change.key_id, change.customer_id, change.price_after, change.buy_after, change.price_number, change.buy_number,
               change.before ->> 'buy_currency' AS bought_in, lead(change.id) OVER later AS next_id
          FROM invoicing_pricechange AS change
        WINDOW later AS (PARTITION BY change.key_id ORDER BY change.price_number, change.buy_number)),
         later AS (
        SELECT told.next_id, told.key_id, call.price, call.buy_price, call.buy_currency AS currency, call.buy_number AS number, call.price_number
          FROM told LEFT JOIN invoicing_call AS call ON call.key_id = told.key_id
         WHERE told.next_id IS NULL
        UNION ALL
        SELECT change.id, change.key_id, change.price_before, change.buy_before, change.before ->> 'buy_currency', (change.before ->> 'buy_number')::int,
               (change.before ->> 'price_number')::int
          FROM invoicing_pricechange AS change)
    SELECT told.customer_id, 'call ' || key.call_id || ', price ' || told.price_number, later.price, told.price_after
      FROM told
      JOIN invoicing_callkey AS key ON key.id = told.key_id
      LEFT JOIN later ON later.key_id = told.key_id AND later.next_id IS NOT DISTINCT FROM told.next_id
     WHERE (told.price_after, told.price_number, told.buy_number) IS DISTINCT FROM (later.price, later.price_number, later.number)
        OR (told.buy_after IS DISTINCT FROM later.buy_price AND ({_WRITTEN_BACK}) IS NOT TRUE)
    """,
)

NAMED = Question(
    "a call that costs something names the movement of its own customer",
    f"""
    WITH {_FIRST}
    SELECT call.customer_id, 'call to ' || call.number || ' at ' || call.at, call.first_price, NULL::numeric
      FROM first AS call
      LEFT JOIN customers_transfer AS transfer ON transfer.id = call.transfer_id
     WHERE (call.first_price <> 0 AND call.transfer_id IS NULL)
        OR (call.transfer_id IS NOT NULL AND (transfer.customer_id IS DISTINCT FROM call.customer_id OR transfer.currency IS DISTINCT FROM call.currency))
    """,
)

# Sixty times the amount is exact; div() is the exact integer quotient, so adding half of the divisor rounds half-up, once.
PRICES = Question(
    "a call's price follows from its own numbers",
    """
    WITH priced AS (
        SELECT customer_id, number, at, price, seconds, answered_at, direction, prefix,
               div(greatest(billed_seconds * per_minute + 60 * connection_charge, 60 * minimum) * exchange_rate * 2 * 10::numeric ^ precision + 60, 120)
                   / 10::numeric ^ precision AS computed
          FROM invoicing_call WHERE version_id IS NOT NULL OR direction = 'in')
    SELECT customer_id, 'call to ' || number || ' at ' || at,
           CASE WHEN direction = 'in' OR answered_at IS NULL OR prefix = '' THEN 0 ELSE computed END, price
      FROM priced
     WHERE price <> CASE WHEN direction = 'in' OR answered_at IS NULL OR prefix = '' OR (seconds = 0 AND price = 0) THEN 0 ELSE computed END
    """,
)

ONCE = Question(
    "a call is carried once",
    """
    SELECT (array_agg(customer_id))[1], 'call ' || key_id, 1, count(*) FROM invoicing_call GROUP BY key_id HAVING count(*) > 1
    """,
)

# Where calls climb, one that waits for its price alone is posted at nothing: with the batch it came in, or, when it was nobody's before, by the person
# who rated it again. Its price comes by the change of the moment in which it is decided, and is what the record is answered with. Any other that waited
# was posted when it was decided, for the price of its answer, be it nothing for want of a version, and what it is rated at later changes no answer.
_FOR_ITS_PRICE = ", ".join(f"'{reason.value}'" for reason in sorted(FOR_ITS_PRICE))
_CLIMBED_WAITING = f"""
    batch.id = waiting.batch_id
    OR (batch.source = '{CallBatch.Source.RATED_AGAIN.value}' AND batch.child_schema = '' AND call.buy_currency <> '' AND waiting.reason IN ({_FOR_ITS_PRICE}))
"""

ANSWERED = Question(
    "a record that was answered as rated is a call, and a waiting one is none",
    f"""
    WITH {_FIRST},
         priced AS (
        SELECT DISTINCT ON (change.key_id) change.key_id, change.price_after
          FROM invoicing_pricechange AS change
          JOIN invoicing_waitingcall AS waiting ON waiting.key_id = change.key_id AND waiting.state = 'rated' AND waiting.decided_at = change.posted_at
          JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.transfer_id IS NULL
          JOIN invoicing_callbatch AS batch ON batch.id = call.batch_id
         WHERE change.price_number > 0 AND change.before ->> 'plan_id' IS NULL AND ({_CLIMBED_WAITING})
         ORDER BY change.key_id, change.price_number, change.buy_number)
    SELECT call.customer_id, 'call ' || key.call_id || ' of switch ' || switch.name, (key.answer ->> 'price')::numeric, call.first_price
      FROM invoicing_callkey AS key
      JOIN accounts_switch AS switch ON switch.id = key.switch_id
      LEFT JOIN first AS call ON call.key_id = key.id
      LEFT JOIN priced ON priced.key_id = key.id
      LEFT JOIN invoicing_waitingcall AS waiting ON waiting.key_id = key.id AND waiting.state = 'waiting' AND waiting.reason <> 'conflict'
     WHERE (key.answer ->> 'price')::numeric IS DISTINCT FROM coalesce(priced.price_after, call.first_price)
       AND NOT (waiting.id IS NOT NULL AND key.answer ->> 'price' IS NULL AND call.first_price = 0 AND call.transfer_id IS NULL)
    """,
)

QUEUED = Question(
    "a record that was taken in is a call, or stands in the queue with what was decided",
    """
    SELECT NULL::uuid, 'call ' || key.call_id || ' of switch ' || switch.name, 1, 0
      FROM invoicing_callkey AS key
      JOIN accounts_switch AS switch ON switch.id = key.switch_id
      LEFT JOIN invoicing_call AS call ON call.key_id = key.id
      LEFT JOIN invoicing_waitingcall AS waiting ON waiting.key_id = key.id AND waiting.reason <> 'conflict'
     WHERE call.id IS NULL AND waiting.id IS NULL
    """,
)
