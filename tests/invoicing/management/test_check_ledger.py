"""`check_ledger` proves every number, and names the place of a difference of 0.0001 (semantics 6)."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Switch
from customers.domain import customers, ledger
from customers.models import BillingType, Customer, Kind, Standing
from invoicing.domain import calls, credit_notes, givebacks, invoices, ledger_check, payments, reversals, waiting
from invoicing.domain.records import CallRecord
from invoicing.models import Document
from tests.support import databases, world
from tests.support.world import jane

OCTOBER = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NUMBERED = "a customer's movements are numbered from 1 without a gap, as many as were counted"


@pytest.fixture
def month(transactional_db: None, acme: Any) -> Customer:
    """Two customers with calls in October and today, one invoiced and partly paid, one with money in the wallet."""
    vat = world.vat()
    plan = world.plan()
    anna = world.customer("Anna Ltd", on=plan, taxes=(vat,))
    bob = world.customer("Bob Ltd", on=plan, billing_type=BillingType.PREPAID)
    switch = Switch.objects.get_or_create(name="default")[0]
    records = [
        CallRecord(f"{of.name}-{n}", "442079460123" if n else "33155550100", at, account=of.account_number, answered_at=at, seconds=61 + n)
        for of in (anna, bob)
        for at in (OCTOBER, NOON)
        for n in range(3)
    ]
    records = [CallRecord(**{**_fields(one), "call_id": f"{one.call_id}-{number}"}) for number, one in enumerate(records)]
    calls.ingest(records, switch=switch, source="api", actor=jane, at=NOON)
    waiting.set_aside(waiting.waiting_ids(), note="test calls", actor=jane, at=NOON)
    ledger.post(Kind.TOPUP, bob, Decimal("20"), at=NOON, actor=jane, key="topup")
    invoices.issue([anna.pk], date(2026, 11, 1), actor=jane, at=NOON)
    ledger.post(Kind.PAYMENT, anna, Decimal("0.05"), at=NOON, actor=jane, key="payment")
    return anna


def _fields(record: CallRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in CallRecord.__slots__}


def plant(sql: str, *params: Any) -> None:
    """Change what no role of the portal may change."""
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("SET session_replication_role = replica; SET search_path = acme")
        cursor.execute(sql, params)
        assert cursor.rowcount == 1
        cursor.execute("RESET search_path; RESET session_replication_role")


def run(*args: str) -> tuple[int, Any]:
    out = StringIO()
    try:
        call_command("check_ledger", "--reseller", "acme", "--json", *args, stdout=out)
    except CommandError as problem:
        return problem.returncode, json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


def places(found: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """{identity: (customer, expected, found)}"""
    return {one["identity"]: (one["customer"], one["expected"], one["found"]) for one in found["differences"]}


@pytest.mark.rel(3)
def test_an_honest_ledger_has_no_difference(month: Customer) -> None:
    code, found = run()

    assert found["differences"] == []
    assert (code, found["customers"], found["documents"], found["in_flight"]) == (0, 2, 1, 0)
    assert found["transfers"] >= 8


@pytest.mark.rel(3)
def test_a_balance_that_is_off_by_a_hundredth_of_a_penny_is_found(month: Customer) -> None:
    before = Standing.objects.get(customer=month).receivable
    plant("UPDATE customers_standing SET receivable = receivable + 0.0001 WHERE customer_id = %s", str(month.pk))
    code, found = run()

    off = f"{before + Decimal('0.0001'):f}".rstrip("0")
    true = f"{before:f}".rstrip("0")
    assert code == 1
    assert places(found) == {
        "cached balance is the sum of its movements": ("Anna Ltd", true, off),
        "receivable is unapplied less open less unbilled": ("Anna Ltd", true, off),
    }


def test_a_call_that_is_off_is_found(month: Customer) -> None:
    plant("UPDATE invoicing_call SET price = price + 0.0001 WHERE customer_id = %s AND seconds = 62 AND at < '2026-11-01'", str(month.pk))
    code, found = run()

    assert code == 1
    assert places(found) == {
        "a usage movement is the sum of its calls": ("Anna Ltd", "0.1251", "0.125"),
        "a call's price follows from its own numbers": ("Anna Ltd", "0.062", "0.0621"),
        "a record that was answered as rated is a call, and a waiting one is none": ("Anna Ltd", "0.062", "0.0621"),
    }
    assert found["differences"][1]["place"].startswith("call to 442079460123 at 2026-10-03")


def test_a_document_that_is_off_is_found(month: Customer) -> None:
    number = Document.objects.get().number
    plant("UPDATE invoicing_document SET net = net + 0.0001, total = total + 0.0001")
    code, found = run()

    assert code == 1
    assert places(found) == {
        "the lines of a document add up to its net": ("Anna Ltd", "0.1301", "0.13"),
        "a document says what it was frozen with": ("Anna Ltd", "0.16", "0.1601"),
        "the net of a document is what it took and its rounding": ("Anna Ltd", "0.13", "0.1301"),
        "receivable is unapplied less open less unbilled": ("Anna Ltd", places(found)["receivable is unapplied less open less unbilled"][1], "-0.235"),
    }
    assert {one["place"] for one in found["differences"]} == {f"document {number}", "receivable"}


@pytest.mark.parametrize(
    ("sql", "identity"),
    [
        ("DELETE FROM invoicing_call WHERE seconds = 62 AND at < '2026-11-01' AND customer_id = %s", "a usage movement is the sum of its calls"),
        ("UPDATE customers_standing SET spent_today = spent_today + 0.0001 WHERE customer_id = %s", "spent today is the sum of today's calls"),
        ("UPDATE customers_standing SET held = 0.0001 WHERE customer_id = %s", "held is the sum of open reservations"),
        ("UPDATE customers_standing SET movements = movements + 1 WHERE customer_id = %s", NUMBERED),
        ("UPDATE customers_transfer SET number = number + 1000 WHERE number = 2 AND customer_id = %s", NUMBERED),
        (
            "DELETE FROM invoicing_taken WHERE document_id IN (SELECT id FROM invoicing_document WHERE customer_id = %s)",
            "the net of a document is what it took and its rounding",
        ),
        (
            "UPDATE invoicing_documentline SET amount = amount + 0.0001 WHERE document_id IN (SELECT id FROM invoicing_document WHERE customer_id = %s)",
            "the lines of a document add up to its net",
        ),
        ("UPDATE customers_transfer SET amount = amount + 0.0001 WHERE kind = 'tax' AND customer_id = %s", "each tax of a document is posted as it is printed"),
        ("UPDATE invoicing_document SET sequence = 2 WHERE customer_id = %s", "document numbers run from 1 without a gap"),
        (
            "UPDATE invoicing_documenttax SET amount = amount / 2 WHERE document_id IN (SELECT id FROM invoicing_document WHERE customer_id = %s)",
            "each tax of an invoice is its percentage of the lines that bear it",
        ),
        (
            "UPDATE invoicing_documenttax SET base = 0.05, amount = 0.01 WHERE document_id IN (SELECT id FROM invoicing_document WHERE customer_id = %s)",
            "the base of a tax is the sum of the lines that bear it, on its own document",
        ),
        (
            "UPDATE invoicing_taken SET line_id = NULL WHERE document_id IN (SELECT id FROM invoicing_document WHERE customer_id = %s)",
            "a line of an invoice is what it took, rounded",
        ),
        (
            "UPDATE customers_transfer SET debit_id = (SELECT id FROM customers_account WHERE kind = 'tax_payable' AND currency = customers_transfer.currency)"
            " WHERE kind = 'payment' AND customer_id = %s",
            "a movement goes between the accounts of its kind, the way its kind goes",
        ),
        (
            "UPDATE customers_transfer SET (debit_id, credit_id) = (credit_id, debit_id) WHERE kind = 'payment' AND customer_id = %s",
            "a movement goes between the accounts of its kind, the way its kind goes",
        ),
        (
            "DELETE FROM invoicing_waitingcall WHERE id = (SELECT min(id::text)::uuid FROM invoicing_waitingcall WHERE customer_id = %s)",
            "a record that was taken in is a call, or stands in the queue with what was decided",
        ),
        (
            "DELETE FROM customers_account WHERE kind = 'wallet' AND customer_id = %s",
            "a customer has one wallet and one receivable in its currency, and a standing",
        ),
    ],
)
def test_every_number_is_looked_at(month: Customer, sql: str, identity: str) -> None:
    plant(sql, str(month.pk))
    code, found = run()

    assert code == 1
    assert identity in places(found)


@pytest.mark.parametrize("billing_type", [BillingType.PREPAID, BillingType.POSTPAID])
def test_a_payment_that_is_off_is_found(month: Customer, billing_type: BillingType) -> None:
    vera = world.customer("Vera Ltd", on=world.plan("Other"), taxes=(world.vat("7.25"),), billing_type=billing_type)
    payments.record(vera, Decimal("20"), reference="", actor=jane, at=NOON, key="vera")
    assert run()[0] == 0

    plant("UPDATE invoicing_payment SET gross = gross + 0.0001")
    code, found = run()

    assert code == 1
    assert places(found) == {"a payment is the sum of its movements, its tax included": ("Vera Ltd", "20", "20.0001")}
    assert found["differences"][0]["place"] == "movement payment:vera"


@pytest.mark.parametrize(
    ("sql", "identity", "figures"),
    [
        (
            "UPDATE invoicing_document SET net = net + 0.01, total = total + 0.01 WHERE kind = 'receipt'",
            "a receipt says what its movements moved, and its tax what went to tax payable",
            ("Vera Ltd", "18.65", "18.66"),
        ),
        (
            "DELETE FROM invoicing_taken USING customers_transfer AS t WHERE t.id = transfer_id AND t.key LIKE 'payment:vera:tax:%%'",
            "a receipt says what its movements moved, and its tax what went to tax payable",
            ("Vera Ltd", "0", "1.35"),
        ),
        (
            "DELETE FROM invoicing_taken USING customers_transfer AS t WHERE t.id = transfer_id AND t.key = 'payment:vera'",
            "each top-up has its receipt",
            ("Vera Ltd", "18.65", None),
        ),
        (
            "UPDATE invoicing_documenttax SET amount = amount + 0.01 WHERE name = 'VAT 7.25'",
            "each tax of a document is posted as it is printed",
            ("Vera Ltd", "1.36", "1.35"),
        ),
    ],
)
def test_a_receipt_that_is_off_is_found(month: Customer, sql: str, identity: str, figures: tuple[str, str, str]) -> None:
    vera = world.customer("Vera Ltd", on=world.plan("Other"), taxes=(world.vat("7.25"),), billing_type=BillingType.PREPAID)
    payments.record(vera, Decimal("20"), reference="", actor=jane, at=NOON, key="vera")
    assert run()[0] == 0

    plant(sql)
    code, found = run()

    assert code == 1
    assert places(found)[identity] == figures


def test_a_customer_may_change_its_clock(month: Customer) -> None:
    customers.change(month, time_zone="Pacific/Kiritimati", actor=jane, at=NOON)

    assert run()[1]["differences"] == []


def test_all_resellers_are_looked_at_by_default(month: Customer) -> None:
    plant("UPDATE customers_standing SET wallet = wallet + 0.0001 WHERE customer_id = %s", str(month.pk))
    out = StringIO()
    with pytest.raises(CommandError, match="1 difference"):
        call_command("check_ledger", stdout=out)

    assert out.getvalue().splitlines()[0] == (
        f"acme: Anna Ltd ({month.account_number}): wallet: cached balance is the sum of its movements: expected 0, found 0.0001"
    )
    with schema_context("globex"):
        assert ledger_check.check().differences == []


@pytest.mark.parametrize(
    ("sql", "identity"),
    [
        (
            "UPDATE customers_transfer SET amount = 30 WHERE kind = 'refund' AND customer_id = %s",
            "no more of a movement is used and given back than it brought",
        ),
        (
            "UPDATE customers_transfer SET debit_id = (SELECT id FROM customers_account WHERE kind = 'wallet' AND customer_id = customers_transfer.customer_id)"
            " WHERE kind = 'refund' AND customer_id = %s",
            "what is given back goes out where it came in, to the same customer",
        ),
        (
            "UPDATE invoicing_giveback SET gross = gross + 0.0001 WHERE way = 'refund' AND %s <> ''",
            "a refund or chargeback is the sum of its movements, its tax included",
        ),
        ("UPDATE customers_transfer SET amount = 1 WHERE reverses_id IS NOT NULL AND customer_id = %s", "a movement is taken back by its mirror"),
    ],
)
def test_money_given_back_is_looked_at(month: Customer, sql: str, identity: str) -> None:
    paid = payments.record(month, Decimal("20"), reference="", actor=jane, at=NOON, key="paid")
    givebacks.refund(paid, Decimal("2"), reason="x", actor=jane, at=NOON, key="refund")
    back = givebacks.charge_back(paid, Decimal("3"), reason="x", actor=jane, at=NOON, key="chargeback")
    reversals.take_back(givebacks.movements_of(back)[0], reason="x", actor=jane, at=NOON)
    assert run()[0] == 0

    plant(sql, str(month.pk))
    code, found = run()

    assert code == 1
    assert identity in places(found)


@pytest.mark.parametrize(
    ("sql", "identity"),
    [
        ("UPDATE invoicing_match SET amount = amount - 0.0001 WHERE note_id IS NOT NULL AND %s <> ''", "a credit note settles its own invoice in full"),
        (
            "UPDATE invoicing_documentline SET amount = amount + 0.0001 WHERE credits_id IS NOT NULL AND %s <> ''",
            "a line of a credit note is the line it credits",
        ),
        ("UPDATE invoicing_linetax SET amount = amount + 0.0001 WHERE %s <> ''", "the parts of a tax on the lines add up to it"),
        ("UPDATE invoicing_document SET tax = 0, total = net WHERE credits_id IS NOT NULL AND %s <> ''", "a credit note gives back the taxes of the lines"),
        (
            "UPDATE customers_transfer SET amount = amount + 0.0001 WHERE kind = 'credit' AND customer_id = %s",
            "the net of a document is what it took and its rounding",
        ),
        (
            "UPDATE customers_transfer SET (debit_id, credit_id) = (credit_id, debit_id) WHERE key LIKE 'tax:%%' AND customer_id = %s"
            " AND about_id IN (SELECT id FROM invoicing_document WHERE kind = 'credit_note')",
            "each tax of a document is posted as it is printed",
        ),
    ],
)
def test_a_credit_note_is_looked_at(month: Customer, sql: str, identity: str) -> None:
    credit_notes.issue(Document.objects.select_related("customer").get(), reason="x", actor=jane, at=NOON, key="note")
    assert run()[0] == 0

    plant(sql, str(month.pk))
    code, found = run()

    assert code == 1
    assert any(one.startswith(identity) for one in places(found))
