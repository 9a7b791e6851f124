"""What became of money received: used by documents, given back, taken back."""

from invoicing.domain.ledger_check.report import Question

DRAWN = Question(
    "no more of a movement is used and given back than it brought",
    """
    WITH matched AS (SELECT credit_id AS id, sum(amount) AS amount FROM invoicing_match GROUP BY credit_id),
         drawn AS (
        SELECT moved.about_id AS id, sum(moved.amount) AS amount
          FROM customers_transfer AS moved LEFT JOIN customers_transfer AS mirror ON mirror.reverses_id = moved.id
         WHERE moved.about_kind = 'taken_from' AND moved.reverses_id IS NULL AND mirror.id IS NULL
         GROUP BY moved.about_id)
    SELECT brought.customer_id, 'movement ' || brought.key, brought.amount, coalesce(matched.amount, 0) + drawn.amount
      FROM drawn
      JOIN customers_transfer AS brought ON brought.id = drawn.id
      LEFT JOIN matched ON matched.id = drawn.id
      LEFT JOIN customers_transfer AS mirror ON mirror.reverses_id = brought.id
     WHERE mirror.id IS NOT NULL OR coalesce(matched.amount, 0) + drawn.amount > brought.amount
    """,
)

TAKER = Question(
    "what is given back goes out where it came in, to the same customer",
    """
    SELECT moved.customer_id, 'movement ' || moved.key, NULL::numeric, moved.amount
      FROM customers_transfer AS moved LEFT JOIN customers_transfer AS brought ON brought.id = moved.about_id
     WHERE moved.about_kind = 'taken_from' AND moved.reverses_id IS NULL
       AND (brought.customer_id, brought.credit_id) IS DISTINCT FROM (moved.customer_id, moved.debit_id)
    """,
)

GIVEN_BACK = Question(
    "a refund or chargeback is the sum of its movements, its tax included",
    """
    SELECT moved.customer_id, 'movement ' || moved.key, made.gross, sum(part.amount)
      FROM invoicing_giveback AS made
      JOIN invoicing_payment AS payment ON payment.id = made.payment_id
      JOIN customers_transfer AS moved ON moved.id = payment.transfer_id
      LEFT JOIN customers_transfer AS part
        ON part.kind IN ('refund', 'chargeback') AND split_part(part.key, ':', 2) = made.id::text AND part.reverses_id IS NULL
     GROUP BY made.id, moved.id HAVING sum(part.amount) IS DISTINCT FROM made.gross
    """,
)

MIRRORS = Question(
    "a movement is taken back by its mirror",
    """
    SELECT mirror.customer_id, 'movement ' || mirror.key, taken.amount, mirror.amount
      FROM customers_transfer AS mirror JOIN customers_transfer AS taken ON taken.id = mirror.reverses_id
     WHERE (mirror.customer_id, mirror.debit_id, mirror.credit_id, mirror.amount, mirror.kind)
           IS DISTINCT FROM (taken.customer_id, taken.credit_id, taken.debit_id, taken.amount, taken.kind)
    """,
)

NOTES = Question(
    "a credit note settles its own invoice in full, and notes give back no more than the invoice",
    """
    SELECT note.customer_id, 'document ' || note.number, note.total, coalesce(sum(match.amount), 0)
      FROM invoicing_document AS note
      JOIN invoicing_document AS document ON document.id = note.credits_id
      LEFT JOIN invoicing_match AS match ON match.note_id = note.id AND match.document_id = document.id AND document.customer_id = note.customer_id
     WHERE note.kind = 'credit_note'
     GROUP BY note.id HAVING note.total <> coalesce(sum(match.amount), 0)
    UNION ALL
    SELECT document.customer_id, 'document ' || document.number, document.total, sum(note.total)
      FROM invoicing_document AS note JOIN invoicing_document AS document ON document.id = note.credits_id
     GROUP BY document.id HAVING sum(note.total) > document.total
    """,
)

CREDITED_LINES = Question(
    "a line of a credit note is the line it credits",
    """
    SELECT note.customer_id, 'document ' || note.number || ', line ' || line.position, credited.amount, line.amount
      FROM invoicing_document AS note
      JOIN invoicing_documentline AS line ON line.document_id = note.id
      LEFT JOIN invoicing_documentline AS credited ON credited.id = line.credits_id AND credited.document_id = note.credits_id
     WHERE note.kind = 'credit_note' AND credited.amount IS DISTINCT FROM line.amount
    """,
)

PARTS = Question(
    "the parts of a tax on the lines add up to it",
    """
    SELECT document.customer_id, 'document ' || document.number || ', ' || tax.name, tax.amount, sum(part.amount)
      FROM invoicing_linetax AS part
      JOIN invoicing_documenttax AS tax ON tax.id = part.tax_id
      JOIN invoicing_document AS document ON document.id = tax.document_id
     GROUP BY document.id, tax.id HAVING tax.amount <> sum(part.amount)
    """,
)

NOTE_TAXES = Question(
    "a credit note gives back the taxes of the lines it credits",
    """
    SELECT note.customer_id, 'document ' || note.number, coalesce(sum(part.amount), 0), note.tax
      FROM invoicing_document AS note
      JOIN invoicing_documentline AS line ON line.document_id = note.id
      LEFT JOIN invoicing_linetax AS part ON part.line_id = line.credits_id
     WHERE note.kind = 'credit_note'
     GROUP BY note.id HAVING note.tax <> coalesce(sum(part.amount), 0)
    """,
)
