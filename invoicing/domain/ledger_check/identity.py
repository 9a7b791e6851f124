"""The identity of the receivable: what is owed is what is unapplied, less what is open, less what is unbilled (semantics 6)."""

from invoicing.domain.ledger_check.report import Question

# The sides are told apart by kind: a document's own tax and rounding are in its total, and a credit note takes its own net; movements that documents
# take are unbilled until one takes them (an opening debit too, and its reversal); all other credits and debits are credit that can be applied.
RECEIVABLE = Question(
    "receivable is unapplied less open less unbilled",
    """
    WITH moved AS (
        SELECT transfer.customer_id, transfer.id, transfer.kind, transfer.reverses_id, (credit.kind = 'receivable') AS is_credit,
               CASE WHEN credit.kind = 'receivable' THEN transfer.amount ELSE -transfer.amount END AS amount
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
          JOIN customers_account AS credit ON credit.id = transfer.credit_id
         WHERE debit.kind = 'receivable' OR credit.kind = 'receivable'),
         sorted AS (
        SELECT moved.*, CASE WHEN kind IN ('usage', 'fee', 'charge', 'credit', 'adjustment') THEN 'gathered'
                             WHEN kind = 'opening' AND is_credit = (reverses_id IS NOT NULL) THEN 'gathered'
                             WHEN kind IN ('tax', 'rounding') THEN 'printed' ELSE 'applied' END AS part
          FROM moved),
         summed AS (
        SELECT sorted.customer_id,
               sum(amount) FILTER (WHERE part = 'applied') AS credits,
               -sum(amount) FILTER (WHERE part = 'gathered' AND taken.id IS NULL) AS unbilled
          FROM sorted LEFT JOIN invoicing_taken AS taken ON taken.transfer_id = sorted.id
         GROUP BY sorted.customer_id),
         printed AS (
        SELECT customer_id, sum(CASE kind WHEN 'invoice' THEN total ELSE -total END) AS total
          FROM invoicing_document WHERE kind IN ('invoice', 'credit_note') GROUP BY customer_id)
    SELECT standing.customer_id, 'receivable',
           coalesce(summed.credits, 0) - coalesce(printed.total, 0) - coalesce(summed.unbilled, 0), standing.receivable
      FROM customers_standing AS standing
      LEFT JOIN summed ON summed.customer_id = standing.customer_id
      LEFT JOIN printed ON printed.customer_id = standing.customer_id
     WHERE coalesce(summed.credits, 0) - coalesce(printed.total, 0) - coalesce(summed.unbilled, 0) <> standing.receivable
    """,
)
