"""Ask every identity of one reseller, all of them of the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from customers.models import Customer, Transfer
from invoicing.domain.ledger_check import balances, chain, credits, documents, identity, receipts, usage
from invoicing.domain.ledger_check.report import Difference, Question, Report
from invoicing.models import Document

QUESTIONS = (
    balances.ACCOUNTS,
    balances.BALANCE,
    balances.NUMBERS,
    balances.SIDES,
    balances.KINDS,
    balances.HELD,
    balances.LOCKS,
    balances.LOW,
    usage.SUMS,
    usage.DIFFERENCES,
    usage.HISTORY,
    usage.NAMED,
    usage.PRICES,
    usage.ONCE,
    usage.ANSWERED,
    usage.QUEUED,
    documents.LINES,
    documents.TAXES,
    documents.TOTAL,
    documents.FROZEN,
    documents.TAX_RATE,
    documents.TAX_POSTED,
    documents.TAKEN,
    documents.LINE_TAKEN,
    documents.TAX_BASE,
    documents.STRANGERS,
    documents.OVERPAID,
    documents.PAYMENTS,
    credits.DRAWN,
    credits.TAKER,
    credits.GIVEN_BACK,
    credits.MIRRORS,
    credits.NOTES,
    credits.CREDITED_LINES,
    credits.PARTS,
    credits.NOTE_TAXES,
    documents.GAPLESS,
    receipts.FIGURES,
    receipts.EVERY,
    identity.RECEIVABLE,
)


def check() -> Report:
    """Every identity for every customer of the reseller whose schema is in force, set-based. Nothing is written; what others write meanwhile is not seen."""
    inside = connection.in_atomic_block
    with transaction.atomic():
        if not inside:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with _whole_tables():
            return _report()


def _report() -> Report:
    report = Report(Customer.objects.count(), Transfer.objects.count(), Document.objects.count())
    link = chain.chain()
    for question in (*QUESTIONS, balances.spent_today(), *(link.questions() if link else ())):
        report.differences.extend(_ask(question))
    report.in_flight = link.in_flight() if link else 0
    return report


@contextmanager
def _whole_tables() -> Iterator[None]:
    """Join by hash or merge: Postgres takes tables whose new rows it has not counted for small ones, and would compare each row with each."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")


def _ask(question: Question) -> Iterator[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.params or None)
        rows = cursor.fetchall()
    names = _names({row[0] for row in rows if row[0]})
    for customer_id, place, expected, found in rows:
        name, number = names.get(customer_id, ("", ""))
        yield Difference(question.name, customer_id, name, number, place, expected, found)


def _names(ids: set[UUID]) -> dict[UUID, tuple[str, str]]:
    rows = Customer.objects.filter(pk__in=ids).values_list("pk", "name", "account_number")
    return {pk: (name, number) for pk, name, number in rows}
