"""What became of what invoices took: a line is given back once, by a credit note or by taking its movements back (semantics 13, reliability 7)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import connection, models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from customers.models import Kind, Transfer
from invoicing.models import Call, Document, DocumentLine, DocumentTax, LineTax, Match, PriceChange, Taken
from invoicing.queries import debts


class Closed(models.TextChoices):
    """Why what an invoice took moves no more."""

    CREDITED = "credited", _("Credited on their invoice; charge by hand what is still owed")
    WRITTEN_OFF = "written_off", _("Written off on their invoice; take the write-off back first")
    DEBT_BILLED = "debt_billed", _("Billed with the wallet's debt; take that back first, or credit by hand what was too much")
    AT_PARENT = "at_parent", _("Credited or written off on your parent's invoice, or billed there with a wallet's debt: what they cost stays")


class Since(models.TextChoices):
    """What happened to a line's movements after it was issued, so that a credit note would give them back once more; but a mirror that waits for the next
    invoice is taken by the note instead."""

    WAITS = "waits", _("taken back, still to come on the next invoice")
    TAKEN_BACK = "taken_back", _("taken back already")
    RATED_AGAIN = "rated_again", _("its calls were rated again")


# A call that was rated again stands on the line of its own movement, and on those of the differences: each of its lines on a document, beside each
# difference that came later. Asked from the few that were, never from all calls.
DIFFERENCES = """
    WITH here AS (
        SELECT taken.line_id, call.key_id, 0 AS number
          FROM invoicing_pricechange AS change
          JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.at = change.call_at AND call.customer_id = change.customer_id
          JOIN invoicing_taken AS taken ON taken.transfer_id = call.transfer_id
         WHERE change.customer_id = %(customer)s AND taken.document_id = %(document)s
        UNION ALL
        SELECT taken.line_id, change.key_id, change.price_number
          FROM invoicing_taken AS taken JOIN invoicing_pricechange AS change ON change.transfer_id = taken.transfer_id
         WHERE taken.document_id = %(document)s)
    SELECT DISTINCT {what}
      FROM here
      JOIN invoicing_pricechange AS later ON later.key_id = here.key_id AND later.price_number > here.number
      JOIN customers_transfer AS moved ON moved.id = later.transfer_id
      LEFT JOIN invoicing_taken AS elsewhere ON elsewhere.transfer_id = moved.id
"""
# What was put right again, its differences together in one place of one account, answers nothing: they stand and are credited together.
PLACE = "elsewhere.line_id AS place, least(moved.debit_id, moved.credit_id) AS account, greatest(moved.debit_id, moved.credit_id) AS other"
RATED_AGAIN = (
    "SELECT line_id FROM ("
    + DIFFERENCES.format(what=f"here.line_id, here.key_id, {PLACE}, later.id, later.price_after - later.price_before AS difference")
    + """
     WHERE elsewhere.line_id IS DISTINCT FROM here.line_id
       AND NOT EXISTS (SELECT FROM invoicing_documentline AS note WHERE note.credits_id = elsewhere.line_id)) AS answer
     GROUP BY line_id, key_id, place, account, other HAVING sum(difference) <> 0
"""
)
WAITING = DIFFERENCES.format(what="moved.id") + "WHERE elsewhere.id IS NULL"
# What a difference's call had cost before it, its own movement (number 0) and the earlier differences, where a document has taken that.
TAKEN_BEFORE = """
      FROM invoicing_pricechange AS change
      JOIN invoicing_call AS call ON call.key_id = change.key_id AND call.at = change.call_at AND call.customer_id = change.customer_id
     CROSS JOIN LATERAL (
        SELECT call.transfer_id, 0 AS number
         UNION ALL
        SELECT before.transfer_id, before.price_number FROM invoicing_pricechange AS before
         WHERE before.key_id = change.key_id AND before.price_number < change.price_number) AS cost
      JOIN invoicing_taken AS taken ON taken.transfer_id = cost.transfer_id
"""
FIRST_MOVED = (
    "SELECT DISTINCT ON (change.transfer_id) change.transfer_id, cost.transfer_id"
    + TAKEN_BEFORE
    + "WHERE change.transfer_id = ANY (%(differences)s::uuid[]) ORDER BY change.transfer_id, cost.number"
)


def closed(transfer_ids: Collection[UUID]) -> dict[UUID, Closed]:
    """Which of these movements move no more, and why: they stand on a credited line, or on an invoice that is cancelled or written off in part, or were
    spent from a wallet whose billed debt stands for them: then by what became of its line."""
    debts_of = debts.standing_for(transfer_ids)
    found = _closed_on_paper({*transfer_ids, *(line for lines in debts_of.values() for line in lines)})
    for movement, lines in debts_of.items():
        became = [found[line] for line in lines if line in found]
        found[movement] = next((why for why in (Closed.WRITTEN_OFF, Closed.CREDITED) if why in became), Closed.DEBT_BILLED)
    return {movement: why for movement, why in found.items() if movement in transfer_ids}


def written_off(transfer_ids: Collection[UUID]) -> bool:
    """Whether one of these movements stands on an invoice of which something was written off."""
    return Closed.WRITTEN_OFF in _closed_on_paper(transfer_ids).values()


def _closed_on_paper(transfer_ids: Collection[UUID]) -> dict[UUID, Closed]:
    taken = Taken.objects.filter(transfer__in=transfer_ids, document__kind=Document.DocumentKind.INVOICE)
    notes = Document.objects.filter(credits=OuterRef("document")).order_by().values("credits").annotate(sum=models.Sum("total")).values("sum")
    found = taken.annotate(
        noted=models.Subquery(notes),
        credited=Exists(DocumentLine.objects.filter(credits=OuterRef("line"))),
        given_up=Exists(Match.objects.filter(document=OuterRef("document"), credit__kind=Kind.WRITE_OFF, credit__reversed_by=None)),
    )
    credited = Q(credited=True) | Q(noted=F("document__total"))
    rows = found.filter(credited | Q(given_up=True)).values_list("transfer_id", "given_up")
    return {transfer: Closed.WRITTEN_OFF if given_up else Closed.CREDITED for transfer, given_up in rows}


def closed_calls(calls: Iterable[Call]) -> dict[UUID, Closed]:
    """Which of these calls moved something that is closed, by the ids of their keys: their own movement, or a difference since."""
    moved: dict[UUID, list[UUID]] = defaultdict(list)
    again: list[UUID] = []
    for call in calls:
        if call.transfer_id:
            moved[call.key_id].append(call.transfer_id)
        if call.price_number:
            again.append(call.key_id)
    for key, transfer in PriceChange.objects.filter(key__in=again, transfer__isnull=False).values_list("key_id", "transfer_id"):
        if transfer is not None:
            moved[key].append(transfer)
    found = closed({transfer for transfers in moved.values() for transfer in transfers})
    return {key: found[transfer] for key, transfers in moved.items() for transfer in transfers if transfer in found}


def taxes_of(transfer_ids: Collection[UUID]) -> dict[UUID, list[DocumentTax]]:
    """The taxes that these movements bear on the lines of their invoices; what no invoice has taken is left out, and what stands on one that does not say
    which of its lines bear them."""
    if not transfer_ids:
        return {}
    says = Q(document__tax=0) | Exists(LineTax.objects.filter(tax__document=OuterRef("document")))
    taken = Taken.objects.filter(says, transfer__in=transfer_ids, line__isnull=False, document__kind=Document.DocumentKind.INVOICE)
    lines = dict(taken.values_list("transfer_id", "line_id"))
    borne: dict[UUID | None, list[DocumentTax]] = defaultdict(list)
    for part in LineTax.objects.filter(line__in=lines.values()).select_related("tax"):
        borne[part.line_id].append(part.tax)
    return {transfer: borne[line] for transfer, line in lines.items()}


def first_moved(differences: Collection[UUID]) -> dict[UUID, UUID]:
    """The own movement of the call whose difference each of these is, {difference: movement}; what is no difference is left out."""
    if not differences:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(FIRST_MOVED, {"differences": list(differences)})
        return dict(cursor.fetchall())


def moved_since(document: Document) -> dict[UUID, Since]:
    """The invoice's lines whose movements were answered otherwise since, by their ids. A movement and its mirror on one invoice are answered already, and
    an answer whose own line was credited answers nothing any more."""
    found = dict.fromkeys(_asked(RATED_AGAIN, document), Since.RATED_AGAIN)
    undone = Q(transfer__reversed_by__taken__line__credited_by__isnull=False)
    mirrors = Q(transfer__reverses__taken__document=document)
    back = Taken.objects.filter((Q(transfer__reversed_by__isnull=False) & ~undone) | mirrors, document=document)
    found |= dict.fromkeys(back.values_list("line_id", flat=True), Since.TAKEN_BACK)
    return found | dict.fromkeys(waiting_mirrors(document), Since.WAITS)


def waiting_mirrors(document: Document) -> dict[UUID, Transfer]:
    """The mirrors of an invoice's movements that wait for the next one, by the line of what they answer: what is taken back has a line of its own."""
    mirrors = Transfer.objects.filter(reverses__taken__document=document, reverses__taken__line__isnull=False, taken=None)
    return {mirror.on_line: mirror for mirror in mirrors.select_related("credit").annotate(on_line=F("reverses__taken__line"))}


def waiting_answers(document: Document) -> set[UUID]:
    """What answers an invoice's movements and waits for the next one: the mirrors of what was taken back, and differences of calls rated again."""
    mirrors = Transfer.objects.filter(reverses__taken__document=document, taken=None).values_list("pk", flat=True)
    return {*mirrors, *_asked(WAITING, document)}


def _asked(sql: str, document: Document) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"document": document.pk, "customer": document.customer_id})
        return [id_ for (id_,) in cursor.fetchall()]
