"""Issued documents against what they took, what they say, and what pays them."""

from billing_portal.kernel import money
from invoicing.domain.ledger_check.report import Question

_UNITS = "(SELECT unnest(%s::text[]) AS currency, unnest(%s::int[]) AS places) AS unit USING (currency)"
_PLACES = (list(money.OTHER_MINOR_UNITS), list(money.OTHER_MINOR_UNITS.values()))

LINES = Question(
    "the lines of a document add up to its net",
    """
    SELECT document.customer_id, 'document ' || document.number, document.net, coalesce(sum(line.amount), 0)
      FROM invoicing_document AS document LEFT JOIN invoicing_documentline AS line ON line.document_id = document.id
     GROUP BY document.id HAVING document.net <> coalesce(sum(line.amount), 0)
    """,
)

TAXES = Question(
    "the taxes of a document add up to its tax",
    """
    SELECT document.customer_id, 'document ' || document.number, document.tax, coalesce(sum(tax.amount), 0)
      FROM invoicing_document AS document LEFT JOIN invoicing_documenttax AS tax ON tax.document_id = document.id
     GROUP BY document.id HAVING document.tax <> coalesce(sum(tax.amount), 0)
    """,
)

TOTAL = Question(
    "the total of a document is its net and its tax",
    "SELECT customer_id, 'document ' || number, net + tax, total FROM invoicing_document WHERE total <> net + tax",
)

FROZEN = Question(
    "a document says what it was frozen with",
    """
    SELECT customer_id, 'document ' || number, (snapshot ->> name)::numeric, found
      FROM invoicing_document CROSS JOIN LATERAL (VALUES ('net', net), ('tax', tax), ('total', total)) AS figures(name, found)
     WHERE jsonb_exists(snapshot, name) AND (snapshot ->> name)::numeric <> found
    """,
)

TAX_POSTED = Question(
    "each tax of a document is posted as it is printed",
    """
    SELECT document.customer_id, 'document ' || document.number || ', ' || tax.name, tax.amount, posted.amount
      FROM invoicing_documenttax AS tax
      JOIN invoicing_document AS document ON document.id = tax.document_id
      LEFT JOIN (
        SELECT transfer.id, transfer.customer_id, transfer.kind,
               CASE WHEN debit.kind = 'tax_payable' THEN -transfer.amount ELSE transfer.amount END AS amount
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id) AS posted
        ON posted.id = tax.transfer_id AND posted.customer_id = document.customer_id
       AND posted.kind = ANY(CASE document.kind WHEN 'receipt' THEN '{tax,topup,voucher}' ELSE '{tax}' END::text[])
     WHERE nullif(CASE document.kind WHEN 'credit_note' THEN -tax.amount ELSE tax.amount END, 0) IS DISTINCT FROM posted.amount
    """,
)

TAX_RATE = Question(
    "each tax of an invoice is its percentage of the lines that bear it",
    f"""
    SELECT document.customer_id, 'document ' || document.number || ', ' || tax.name, round(tax.base * tax.percent / 100, coalesce(unit.places, 2)), tax.amount
      FROM invoicing_documenttax AS tax
      JOIN invoicing_document AS document ON document.id = tax.document_id
      LEFT JOIN {_UNITS}
     WHERE document.kind = 'invoice' AND tax.amount <> round(tax.base * tax.percent / 100, coalesce(unit.places, 2))
    """,
    _PLACES,
)

# What a movement on the receivable adds to a document: debits of the customer count, credits are taken off.
_SIGNED = "CASE WHEN debit.kind = 'receivable' THEN transfer.amount ELSE -transfer.amount END"

TAKEN = Question(
    "the net of a document is what it took and its rounding",
    f"""
    WITH part AS (
        SELECT taken.document_id, {_SIGNED} AS amount
          FROM invoicing_taken AS taken
          JOIN customers_transfer AS transfer ON transfer.id = taken.transfer_id
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
        UNION ALL
        SELECT transfer.about_id, {_SIGNED}
          FROM customers_transfer AS transfer
          JOIN customers_account AS debit ON debit.id = transfer.debit_id
         WHERE transfer.kind = 'rounding' AND transfer.about_kind = 'document'),
         added AS (SELECT document_id, sum(amount) AS amount FROM part GROUP BY document_id)
    SELECT document.customer_id, 'document ' || document.number, coalesce(added.amount, 0), document.net
      FROM invoicing_document AS document LEFT JOIN added ON added.document_id = document.id
     WHERE document.kind IN ('invoice', 'credit_note')
       AND coalesce(added.amount, 0) <> CASE document.kind WHEN 'invoice' THEN document.net ELSE -document.net END
    """,
)

# Each share of a rounded sum is its part rounded up or down.
LINE_TAKEN = Question(
    "a line of an invoice is what it took, rounded",
    f"""
    SELECT document.customer_id, 'document ' || document.number || ', line ' || line.position, coalesce(sum({_SIGNED}), 0), line.amount
      FROM invoicing_document AS document
      LEFT JOIN {_UNITS}
      JOIN invoicing_documentline AS line ON line.document_id = document.id
      LEFT JOIN invoicing_taken AS taken ON taken.line_id = line.id AND taken.document_id = document.id
      LEFT JOIN customers_transfer AS transfer ON transfer.id = taken.transfer_id
      LEFT JOIN customers_account AS debit ON debit.id = transfer.debit_id
     WHERE document.kind = 'invoice'
     GROUP BY document.id, line.id, unit.places
    HAVING abs(line.amount - coalesce(sum({_SIGNED}), 0)) >= 10 ^ -coalesce(unit.places, 2)::numeric
    """,
    _PLACES,
)

# Before parts of nothing were written, a line whose part came to nothing had none.
TAX_BASE = Question(
    "the base of a tax is the sum of the lines that bear it, on its own document",
    f"""
    SELECT document.customer_id, 'document ' || document.number || ', ' || tax.name, sum(line.amount) FILTER (WHERE part.id IS NOT NULL), tax.base
      FROM invoicing_documenttax AS tax
      JOIN invoicing_document AS document ON document.id = tax.document_id AND document.kind = 'invoice'
      LEFT JOIN {_UNITS}
      JOIN invoicing_documentline AS line ON line.document_id = document.id
      LEFT JOIN invoicing_linetax AS part ON part.tax_id = tax.id AND part.line_id = line.id
     WHERE EXISTS (SELECT FROM invoicing_linetax AS written WHERE written.tax_id = tax.id)
     GROUP BY document.id, tax.id, unit.places
    HAVING abs(tax.base - coalesce(sum(line.amount) FILTER (WHERE part.id IS NOT NULL), 0))
         > coalesce(sum(abs(line.amount)) FILTER (WHERE part.id IS NULL AND abs(line.amount) * tax.percent < 100 * 10 ^ -coalesce(unit.places, 2)::numeric), 0)
    """,
    _PLACES,
)

STRANGERS = Question(
    "a document takes its own customer's movements, and is paid by its own customer's credits",
    """
    SELECT document.customer_id, 'document ' || document.number || ', movement ' || transfer.key, NULL::numeric, transfer.amount
      FROM (SELECT document_id, transfer_id FROM invoicing_taken UNION ALL SELECT document_id, credit_id FROM invoicing_match) AS used
      JOIN invoicing_document AS document ON document.id = used.document_id
      JOIN customers_transfer AS transfer ON transfer.id = used.transfer_id
     WHERE transfer.customer_id <> document.customer_id
    """,
)

OVERPAID = Question(
    "no more is matched to a document than its total, and no more of a credit than its amount",
    """
    SELECT document.customer_id, 'document ' || document.number, document.total, sum(match.amount)
      FROM invoicing_match AS match JOIN invoicing_document AS document ON document.id = match.document_id
     GROUP BY document.id HAVING sum(match.amount) > document.total OR sum(match.amount) < 0
    UNION ALL
    SELECT transfer.customer_id, 'movement ' || transfer.key, transfer.amount, sum(match.amount)
      FROM invoicing_match AS match JOIN customers_transfer AS transfer ON transfer.id = match.credit_id
     GROUP BY transfer.id HAVING sum(match.amount) > transfer.amount OR sum(match.amount) < 0
    """,
)

GAPLESS = Question(
    "document numbers run from 1 without a gap",
    """
    WITH skipped AS (
        SELECT subject_id AS series_id, (changes #>> '{next number,0}')::int AS first, (changes #>> '{next number,1}')::int AS next
          FROM accounts_auditentry WHERE action = 'series.skipped'),
         missing AS (SELECT series_id, sum(next - first) AS numbers FROM skipped GROUP BY series_id),
         given AS (
        SELECT document.series_id, count(*) AS numbers
          FROM invoicing_document AS document
          JOIN invoicing_series AS series ON series.id = document.series_id
         WHERE document.sequence BETWEEN 1 AND series.next_number - 1
           AND NOT EXISTS (SELECT FROM skipped WHERE skipped.series_id = series.id AND document.sequence >= skipped.first AND document.sequence < skipped.next)
         GROUP BY document.series_id),
         found AS (SELECT series_id, count(*) AS numbers FROM invoicing_document GROUP BY series_id),
         wanted AS (
        SELECT series.id, series.name, series.next_number - 1 - coalesce(missing.numbers, 0) AS numbers
          FROM invoicing_series AS series LEFT JOIN missing ON missing.series_id = series.id)
    SELECT NULL::uuid, 'series ' || wanted.name, wanted.numbers, coalesce(found.numbers, 0)
      FROM wanted
      LEFT JOIN given ON given.series_id = wanted.id
      LEFT JOIN found ON found.series_id = wanted.id
     WHERE coalesce(found.numbers, 0) <> wanted.numbers OR coalesce(given.numbers, 0) <> wanted.numbers
    """,
)

PAYMENTS = Question(
    "a payment is the sum of its movements, its tax included",
    """
    SELECT first.customer_id, 'movement ' || first.key, sum(part.amount), payment.gross
      FROM invoicing_payment AS payment
      JOIN customers_transfer AS first ON first.id = payment.transfer_id
      LEFT JOIN customers_transfer AS part ON part.about_kind = 'payment' AND part.about_id = payment.id AND part.reverses_id IS NULL
     GROUP BY payment.id, first.id HAVING sum(part.amount) IS DISTINCT FROM payment.gross
    """,
)
