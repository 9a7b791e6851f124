"""Receipts against the movements they are for (semantics 16)."""

from invoicing.domain.ledger_check.report import Question

FIGURES = Question(
    "a receipt says what its movements moved, and its tax what went to tax payable",
    """
    WITH part AS (
        SELECT taken.document_id, transfer.amount, 'tax_payable' IN (debit.kind, credit.kind) AS is_tax
          FROM invoicing_taken AS taken
          JOIN customers_transfer AS transfer ON transfer.id = taken.transfer_id
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
          JOIN customers_account AS credit ON credit.id = transfer.credit_id),
         moved AS (
        SELECT document_id, sum(amount) FILTER (WHERE NOT is_tax) AS net, sum(amount) FILTER (WHERE is_tax) AS tax FROM part GROUP BY document_id)
    SELECT document.customer_id, 'document ' || document.number || ', ' || figure.name, coalesce(figure.moved, 0), figure.said
      FROM invoicing_document AS document
      LEFT JOIN moved ON moved.document_id = document.id
     CROSS JOIN LATERAL (VALUES ('net', moved.net, document.net), ('tax', moved.tax, document.tax)) AS figure(name, moved, said)
     WHERE document.kind = 'receipt' AND coalesce(figure.moved, 0) <> figure.said
    """,
)

# Top-ups that were recorded before receipts existed have none.
EVERY = Question(
    "each top-up has its receipt",
    """
    SELECT first.customer_id, 'movement ' || part.key, part.amount, NULL::numeric
      FROM invoicing_payment AS payment
      JOIN customers_transfer AS first ON first.id = payment.transfer_id AND first.kind = 'topup'
      JOIN customers_transfer AS part ON part.about_kind = 'payment' AND part.about_id = payment.id AND part.reverses_id IS NULL
      LEFT JOIN invoicing_taken AS taken ON taken.transfer_id = part.id
     WHERE part.kind = 'topup' AND taken.id IS NULL
       AND payment.created_at >= (SELECT applied FROM django_migrations WHERE app = 'invoicing' AND name = '0003_receipts')
    """,
)
