"""A top-up of a wallet is receipted at once: a number of its own series, frozen, equal to its movements, and never due (semantics 16, A26)."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.period import Period
from billing_portal.mail.models import MailLog
from customers.domain import ledger
from customers.models import AccountKind, BillingType, Customer, Kind
from invoicing.domain import invoices, ledger_check, payments, receipts, rendering, statement
from invoicing.models import Document, Payment, Series
from invoicing.queries import documents as queries
from tests.support import months, world
from tests.support.months import D, figures, lines, run_jobs
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def pat(acme: Any) -> Customer:
    """Pays in advance, liable for VAT 20 %, at a desk in Tokyo."""
    taxes = (world.vat("20"),)
    return world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=taxes, time_zone="Asia/Tokyo", street="1 Harbour Road", city="London")


def paid(of: Customer, amount: str, at: datetime, key: str = "1", reference: str = "Bank transfer 17") -> Payment:
    return payments.record(of, D(amount), reference=reference, actor=jane, at=at, key=key)


def test_a_topup_is_receipted_with_its_tax_and_what_the_wallet_got(pat: Customer, noon: datetime) -> None:
    paid(pat, "60.00", noon)

    receipt = Document.objects.get()
    assert (receipt.kind, receipt.number, receipt.customer, receipt.issued_on) == ("receipt", "ACM-2026-R0001", pat, date(2026, 11, 21))
    assert figures(receipt) == ("50.00", "10.00", "60.00")
    assert lines(receipt) == [("Top-up", "Bank transfer 17", "50.00")]
    [tax] = receipt.taxes.all()
    assert (tax.name, tax.percent, tax.base, tax.amount) == ("VAT 20", D("20"), D("50.00"), D("10.00"))
    assert tax.transfer is not None
    assert (tax.transfer.credit.kind, tax.transfer.amount) == ("tax_payable", D("10.00"))
    assert sorted(receipt.taken.values_list("transfer__amount", flat=True)) == [D("10.00"), D("50.00")]
    assert AuditEntry.objects.filter(action="receipt.issued", customer_id=pat.pk).count() == 1


def test_it_is_frozen_with_seller_and_buyer_and_without_period(pat: Customer, acme: Any, noon: datetime) -> None:
    paid(pat, "60.00", noon)
    Customer.objects.filter(pk=pat.pk).update(name="Pat Holdings")

    value = rendering.value_of(Document.objects.get())
    assert (value.seller.name, value.buyer.name, value.buyer.address) == (acme.name, "Pat Ltd", ("1 Harbour Road", "London"))
    assert (value.period_start, value.due_on, value.to_pay) == (None, None, None)
    assert value.note == "50.00 GBP were added to the balance."


def test_several_taxes_are_shown_each_with_its_movement(acme: Any, noon: datetime) -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("5"), world.vat("9.975")))
    paid(pat, "100.00", noon)

    receipt = Document.objects.get()
    assert figures(receipt) == ("86.98", "13.02", "100.00")
    assert sorted(receipt.taxes.values_list("name", "amount", "transfer__amount")) == [
        ("VAT 5", D("4.35"), D("4.35")),
        ("VAT 9.975", D("8.67"), D("8.67")),
    ]


@pytest.mark.parametrize(("gross", "tax"), [("0.01", "0.00"), ("0.03", "0.01")])
def test_a_tax_that_comes_to_nothing_is_not_there(pat: Customer, noon: datetime, gross: str, tax: str) -> None:
    paid(pat, gross, noon)
    assert figures(Document.objects.get())[1:] == (tax, gross)
    assert Document.objects.get().taxes.count() == int(D(tax) > 0)
    assert ledger_check.check().differences == []


def test_without_taxes_it_says_only_what_was_paid(acme: Any, noon: datetime) -> None:
    paid(world.customer("Pat Ltd", billing_type=BillingType.PREPAID), "25.00", noon)
    assert figures(Document.objects.get()) == ("25.00", "0.00", "25.00")
    assert rendering.value_of(Document.objects.get()).note == ""


def test_its_day_is_the_customers(pat: Customer) -> None:
    paid(pat, "60.00", datetime(2026, 12, 31, 15, 30, tzinfo=UTC))
    assert (Document.objects.get().issued_on, Document.objects.get().number) == (date(2027, 1, 1), "ACM-2027-R0001")


@pytest.mark.rel(33)
def test_its_numbers_run_beside_those_of_invoices(pat: Customer, noon: datetime) -> None:
    months.calls(world.customer("Anna Ltd"), "2026-10-04 09:00", price="1.00")
    for number in range(3):
        paid(pat, "10.00", noon, key=str(number))
    [invoice] = months.issue("2026-11-01", noon)

    assert invoice.number == "ACM-2026-0001"
    assert sorted(Document.objects.filter(queries.RECEIPTS).values_list("number", flat=True)) == ["ACM-2026-R0001", "ACM-2026-R0002", "ACM-2026-R0003"]
    assert dict(Series.objects.values_list("name", "next_number")) == {"ACM-2026-": 2, "ACM-2026-R": 4}
    assert ledger_check.check().differences == []


def test_the_same_payment_again_is_the_same_receipt(pat: Customer, noon: datetime) -> None:
    for _click in range(2):
        paid(pat, "60.00", noon)
    assert Document.objects.count() == 1


def test_who_pays_afterwards_gets_none(acme: Any, noon: datetime) -> None:
    paid(world.customer("Anna Ltd"), "60.00", noon)
    assert Document.objects.count() == 0


def test_it_is_never_due_and_never_paid_by_a_credit(pat: Customer, noon: datetime) -> None:
    paid(pat, "60.00", noon)
    ledger.post(Kind.PAYMENT, pat, D("30.00"), at=noon, actor=jane, key="receivable")
    paid(pat, "10.00", noon, key="2")

    assert [months.due(each) for each in Document.objects.all()] == ["0.00", "0.00"]
    assert list(queries.open_documents([pat.pk])) == []
    assert queries.owed_by([pat.pk]) == {pat.pk: Decimal("-30.00")}
    assert months.identity(pat) == 0
    assert ledger_check.check().differences == []


def test_it_is_no_invoice_of_its_day(pat: Customer, noon: datetime) -> None:
    """Turned to paying afterwards the customer is invoiced from its first day on, receipts or not."""
    paid(pat, "60.00", noon)
    ledger.post(Kind.REFUND, pat, D("50.00"), at=noon, actor=jane, key="back", account=AccountKind.WALLET)
    Customer.objects.filter(pk=pat.pk).update(billing_type=BillingType.POSTPAID)
    ledger.post(Kind.CHARGE, pat, D("5.00"), at=noon, actor=jane, key="charge", account=AccountKind.RECEIVABLE)
    [invoice] = invoices.issue_all(date(2026, 12, 1), actor=jane, at=datetime(2026, 12, 1, 6, tzinfo=UTC)).documents
    assert (invoice.kind, figures(invoice)) == ("invoice", ("5.00", "1.00", "6.00"))


def test_the_statement_names_it(pat: Customer, noon: datetime) -> None:
    paid(pat, "60.00", noon)
    [row] = statement.of(pat, Period(date(2026, 11, 1), date(2026, 12, 1), pat.time_zone)).rows
    assert (row.text, row.detail, row.number) == ("Top-up", "Bank transfer 17 · 60.00 GBP paid, 10.00 GBP of it tax", "ACM-2026-R0001")


@months.renders
def test_its_pdf_is_made_and_mailed_once(pat: Customer, acme: Any, noon: datetime, tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    paid(pat, "60.00", noon)
    run_jobs()
    run_jobs()

    [mail] = MailLog.objects.filter(kind="receipt")
    assert (mail.recipients, mail.subject) == ([pat.billing_email], f"Receipt ACM-2026-R0001 from {acme.name}: 60.00 GBP")
    for said in ("Amount: 60.00 GBP", "Tax in it: 10.00 GBP", "Added to your balance: 50.00 GBP", "Balance now: 50.00 GBP", "/my/invoices/"):
        assert said in mail.text
    assert [each["name"] for each in mail.attachments] == ["ACM-2026-R0001.pdf"]
    assert queries.with_figures(Document.objects.all()).get().mailed  # type: ignore[attr-defined]


def test_a_charge_of_a_wallet_can_have_one_too(pat: Customer, noon: datetime) -> None:
    """The verb takes any movement of the wallet: one-off charges and fees use it (semantics 16)."""
    paid(pat, "60.00", noon)
    charge = ledger.post(Kind.CHARGE, pat, D("12.50"), at=noon, actor=jane, key="charge")
    content = receipts.Content(pat, [receipts.Paid(charge, "Number +44 20 7946 0123", "Set-up")])
    first, second = (receipts.issue(content, actor=jane, at=noon) for _click in range(2))

    assert first == second
    assert (first.number, figures(first), lines(first)) == ("ACM-2026-R0002", ("12.50", "0.00", "12.50"), [("Number +44 20 7946 0123", "Set-up", "12.50")])
    assert ledger_check.check().differences == []
