"""Calls against the movements they name, and against their own numbers."""

from invoicing.domain.ledger_check.report import Question

SUMS = Question(
    "a usage movement is the sum of its calls",
    """
    WITH carried AS (SELECT transfer_id, sum(price) AS amount FROM invoicing_call WHERE transfer_id IS NOT NULL GROUP BY transfer_id),
         usage AS (
        SELECT transfer.id, transfer.customer_id, transfer.key, CASE WHEN debit.customer_id IS NULL THEN -transfer.amount ELSE transfer.amount END AS amount
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
         WHERE transfer.kind = 'usage' AND transfer.reverses_id IS NULL AND transfer.about_kind <> 'call')
    SELECT usage.customer_id, 'movement ' || coalesce(usage.key, carried.transfer_id::text), carried.amount, usage.amount
      FROM usage
      FULL JOIN carried ON carried.transfer_id = usage.id
     WHERE carried.amount IS DISTINCT FROM usage.amount
    """,
)

NAMED = Question(
    "a call that costs something names the movement of its own customer",
    """
    SELECT call.customer_id, 'call to ' || call.number || ' at ' || call.at, call.price, NULL::numeric
      FROM invoicing_call AS call
      LEFT JOIN customers_transfer AS transfer ON transfer.id = call.transfer_id
     WHERE (call.price <> 0 AND call.transfer_id IS NULL)
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

ANSWERED = Question(
    "a record that was answered as rated is a call, and a waiting one is none",
    """
    SELECT call.customer_id, 'call ' || key.call_id || ' of switch ' || switch.name, (key.answer ->> 'price')::numeric, call.price
      FROM invoicing_callkey AS key
      JOIN accounts_switch AS switch ON switch.id = key.switch_id
      LEFT JOIN invoicing_call AS call ON call.key_id = key.id
     WHERE (key.answer ->> 'price')::numeric IS DISTINCT FROM call.price
    """,
)
