"""Cached numbers against the movements they stand for."""

from __future__ import annotations

from datetime import timedelta

from billing_portal.kernel.period import first_instant
from customers.domain import low_balance
from customers.models import Standing
from invoicing.domain.ledger_check.report import Question

BALANCE = Question(
    "cached balance is the sum of its movements",
    """
    WITH moved AS (
        SELECT account_id, sum(amount) AS amount
          FROM (SELECT credit_id AS account_id, amount FROM customers_transfer
                UNION ALL SELECT debit_id, -amount FROM customers_transfer) AS sides
         GROUP BY account_id)
    SELECT account.customer_id, account.kind, coalesce(moved.amount, 0),
           CASE account.kind WHEN 'wallet' THEN standing.wallet ELSE standing.receivable END
      FROM customers_account AS account
      LEFT JOIN customers_standing AS standing ON standing.customer_id = account.customer_id
      LEFT JOIN moved ON moved.account_id = account.id
     WHERE account.customer_id IS NOT NULL
       AND coalesce(moved.amount, 0) IS DISTINCT FROM CASE account.kind WHEN 'wallet' THEN standing.wallet ELSE standing.receivable END
    """,
)

NUMBERS = Question(
    "a customer's movements are numbered from 1 without a gap, as many as were counted",
    """
    SELECT standing.customer_id, 'movements', standing.movements, count(transfer.id)
      FROM customers_standing AS standing
      LEFT JOIN customers_transfer AS transfer ON transfer.customer_id = standing.customer_id AND transfer.number BETWEEN 1 AND standing.movements
     GROUP BY standing.customer_id, standing.movements
    HAVING count(transfer.id) <> standing.movements
    UNION ALL
    SELECT transfer.customer_id, 'movement ' || transfer.key, standing.movements, transfer.number
      FROM customers_transfer AS transfer JOIN customers_standing AS standing ON standing.customer_id = transfer.customer_id
     WHERE transfer.number NOT BETWEEN 1 AND standing.movements
    """,
)

ACCOUNTS = Question(
    "a customer has one wallet and one receivable in its currency, and a standing",
    """
    SELECT customer.id, 'accounts', 3, count(account.id) + (SELECT count(*) FROM customers_standing WHERE customer_id = customer.id)
      FROM customers_customer AS customer
      LEFT JOIN customers_account AS account ON account.customer_id = customer.id AND account.currency = customer.currency
     GROUP BY customer.id
    HAVING count(account.id) + (SELECT count(*) FROM customers_standing WHERE customer_id = customer.id) <> 3
    """,
)

SIDES = Question(
    "a movement touches its own customer's accounts, in one currency",
    """
    SELECT transfer.customer_id, 'movement ' || transfer.key, NULL::numeric, transfer.amount
      FROM customers_transfer AS transfer
      JOIN customers_account AS debit ON debit.id = transfer.debit_id
      JOIN customers_account AS credit ON credit.id = transfer.credit_id
     WHERE debit.customer_id <> transfer.customer_id OR credit.customer_id <> transfer.customer_id
        OR debit.currency <> transfer.currency OR credit.currency <> transfer.currency
    """,
)

# Semantics 5, said a second time so that a mistake in the first is seen: the other account of each kind, and which way money of the kind goes.
KINDS = Question(
    "a movement goes between the accounts of its kind, the way its kind goes",
    """
    WITH kinds (kind, other, way, own) AS (VALUES
         ('usage', 'revenue', 'either', '{wallet,receivable}'::text[]),
         ('fee', 'revenue', 'out', '{wallet,receivable}'),
         ('charge', 'revenue', 'out', '{wallet,receivable}'),
         ('credit', 'revenue', 'in', '{wallet,receivable}'),
         ('tax', 'tax_payable', 'either', '{wallet,receivable}'),
         ('rounding', 'rounding', 'either', '{receivable}'),
         ('topup', 'cash_clearing', 'in', '{wallet,tax_payable}'),
         ('voucher', 'voucher_float', 'in', '{wallet,tax_payable}'),
         ('payment', 'cash_clearing', 'in', '{receivable}'),
         ('refund', 'cash_clearing', 'out', '{wallet,receivable,tax_payable}'),
         ('chargeback', 'cash_clearing', 'out', '{wallet,receivable,tax_payable}'),
         ('write_off', 'bad_debt', 'in', '{receivable}'),
         ('adjustment', 'adjustments', 'either', '{wallet,receivable}'),
         ('opening', 'opening', 'either', '{wallet,receivable}'),
         ('affiliate', 'affiliate_expense', 'in', '{wallet,receivable}'),
         ('settle', 'receivable', 'either', '{wallet,tax_payable}')),
         moved AS (
        SELECT transfer.*, CASE WHEN reverses_id IS NULL THEN debit.kind ELSE credit.kind END AS source,
               CASE WHEN reverses_id IS NULL THEN credit.kind ELSE debit.kind END AS target
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
          JOIN customers_account AS credit ON credit.id = transfer.credit_id)
    SELECT moved.customer_id, 'movement ' || moved.key || ' from ' || moved.source || ' to ' || moved.target, NULL::numeric, moved.amount
      FROM moved LEFT JOIN kinds ON kinds.kind = moved.kind
     WHERE ((kinds.way <> 'in' AND moved.source = ANY (kinds.own) AND moved.target = kinds.other)
         OR (kinds.way <> 'out' AND moved.source = kinds.other AND moved.target = ANY (kinds.own))) IS NOT TRUE
    """,
)

HELD = Question(
    "held is the sum of open reservations",
    """
    SELECT customer_id, 'held', 0, held + held_today + live_calls FROM customers_standing WHERE held <> 0 OR held_today <> 0 OR live_calls <> 0
    """,
)

LOCKS = Question(
    "locked says whether a lock is in force",
    """
    SELECT standing.customer_id, scope.name || ' locked', scope.held::int, scope.said::int
      FROM customers_standing AS standing
     CROSS JOIN LATERAL (VALUES
           ('calls', standing.calls_locked, EXISTS (SELECT FROM customers_lock AS lock
             WHERE lock.customer_id = standing.customer_id AND lock.scope = 'calls' AND lock.lifted_at IS NULL)),
           ('sign-in', standing.web_locked, EXISTS (SELECT FROM customers_lock AS lock
             WHERE lock.customer_id = standing.customer_id AND lock.scope = 'web' AND lock.lifted_at IS NULL))) AS scope(name, said, held)
     WHERE scope.said <> scope.held
    UNION ALL
    SELECT customer.id, 'sign-in of the reseller locked', standing.web_locked::int, reseller.web_locked::int
      FROM customers_customer AS customer
      JOIN customers_standing AS standing ON standing.customer_id = customer.id
      JOIN public.tenancy_reseller AS reseller ON reseller.schema_name = customer.reseller_schema
     WHERE standing.web_locked <> reseller.web_locked
    """,
)

LOW = Question(
    "low balance says whether what is left to spend is below the threshold",
    f"SELECT standing.customer_id, 'low balance', {low_balance.LOW}::int, (standing.low_since IS NOT NULL)::int"
    f"  FROM customers_standing AS standing WHERE {low_balance.CROSSED}",
)

# A customer who changed its clock since the day began has a sum over parts of two days, until its next day begins.
SPENT_TODAY = """
    WITH today AS (SELECT unnest(%s::uuid[]) AS customer_id, unnest(%s::timestamptz[]) AS first, unnest(%s::timestamptz[]) AS after),
         spent AS (
        SELECT today.customer_id, sum(call.price) AS amount
          FROM today
          JOIN invoicing_call AS call ON call.customer_id = today.customer_id AND call.at >= today.first AND call.at < today.after
          JOIN invoicing_callbatch AS batch ON batch.id = call.batch_id AND batch.posted_at >= today.first AND batch.posted_at < today.after
         GROUP BY today.customer_id)
    SELECT standing.customer_id, 'spent today', coalesce(spent.amount, 0), standing.spent_today
      FROM customers_standing AS standing
      LEFT JOIN spent ON spent.customer_id = standing.customer_id
      LEFT JOIN today ON today.customer_id = standing.customer_id
     WHERE coalesce(spent.amount, 0) <> standing.spent_today
       AND NOT EXISTS (SELECT 1 FROM accounts_auditentry AS changed
                        WHERE changed.customer_id = standing.customer_id AND changed.at >= today.first - interval '1 day'
                          AND jsonb_exists(changed.changes, 'time_zone'))
"""


def spent_today() -> Question:
    """Calls of the local day that were posted on it; the day begins and ends by the customer's own clock."""
    rows = Standing.objects.exclude(day=None).values_list("customer_id", "day", "customer__time_zone")
    days = [(customer_id, first_instant(day, zone), first_instant(day + timedelta(days=1), zone)) for customer_id, day, zone in rows if day is not None]
    columns = tuple([row[place] for row in days] for place in range(3))
    return Question("spent today is the sum of today's calls", SPENT_TODAY, columns)
