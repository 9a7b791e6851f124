"""A credit note gives back an invoice or lines of it, once, with the tax; it settles that invoice first and nothing issued is changed."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pypdf import PdfReader

from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from customers.domain import customers, ledger, once
from customers.models import Customer, CustomerTax, Kind, Standing, Transfer
from invoicing.domain import credit_notes, entries, givebacks, ledger_check, payments, rendering, reversals, write_offs
from invoicing.models import Document, DocumentLine, LineTax, Taken
from invoicing.queries import credits
from rateplans.models import Tax
from tests.support import months, world
from tests.support.months import D, due, figures, identity, lines, money, run_jobs
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera() -> Customer:
    """Vera Ltd, with VAT 20 % on everything and a levy of 7.25 % on account fees."""
    none = dict.fromkeys(("on_features", "on_calls", "on_products", "on_charges"), False)
    return world.customer("Vera Ltd", taxes=(world.vat("20"), Tax.objects.create(name="Levy", percent=D("7.25"), **none)))


@pytest.fixture
def invoice(vera: Customer, first: datetime) -> Document:
    """October: calls 3.33, a fee 10.01, a router 50.00, a goodwill credit of 5.00."""
    months.calls(vera, "2026-10-03 09:00", price="3.3333")
    months.moved(Kind.FEE, vera, "10.01", "2026-10-04 09:00", note="Line")
    months.moved(Kind.CHARGE, vera, "50.00", "2026-10-05 12:00", note="Router")
    months.moved(Kind.CREDIT, vera, "5.00", "2026-10-06 12:00", note="Goodwill")
    [october] = months.issue("2026-11-01", first)
    assert figures(october) == ("58.34", "12.40", "70.74")
    return october


def credit(document: Document, at: datetime, positions: list[int] | None = None, key: str = "") -> Document:
    key = key or f"{document.pk}{positions}"
    return credit_notes.issue(document, positions=positions, reason="Billed by mistake", actor=jane, at=at, key=key)


def figures_due(document: Document) -> tuple[str, str]:
    return money(document.total), due(document)


def test_an_unpaid_invoice_credited_in_full_leaves_nothing(vera: Customer, invoice: Document, noon: datetime) -> None:
    note = credit(invoice, noon)

    assert (note.number, note.kind, note.credits, figures(note)) == ("ACM-2026-C0001", "credit_note", invoice, figures(invoice))
    assert [line[0] for line in lines(note)] == ["Calls", "Line", "Router", "Goodwill"]
    assert due(invoice) == "0.00"
    assert balance(vera) == 0
    assert identity(vera) == 0
    assert ledger_check.check().differences == []


def test_the_reverse_of_net_and_tax_is_posted_and_taken(invoice: Document, noon: datetime) -> None:
    note = credit(invoice, noon)

    posted = Transfer.objects.filter(about_id=note.pk).order_by("kind", "amount")
    assert [(row.kind, row.debit.kind, row.credit.kind, money(row.amount)) for row in posted] == [
        ("credit", "revenue", "receivable", "58.34"),
        ("tax", "tax_payable", "receivable", "0.73"),
        ("tax", "tax_payable", "receivable", "11.67"),
    ]
    assert [row.transfer.kind for row in Taken.objects.filter(document=note)] == ["credit"]


def test_lines_are_credited_with_their_part_of_each_tax(vera: Customer, invoice: Document, noon: datetime) -> None:
    fee = credit(invoice, noon, [2])
    assert figures(fee) == ("10.01", "2.73", "12.74")
    assert [(row.name, money(row.base), money(row.amount)) for row in fee.taxes.order_by("name")] == [("Levy", "10.01", "0.73"), ("VAT 20", "10.01", "2.00")]
    assert due(invoice) == "58.00"

    rest = credit(invoice, noon)
    assert [line[0] for line in lines(rest)] == ["Calls", "Router", "Goodwill"]
    assert (fee.total + rest.total, due(invoice)) == (invoice.total, "0.00")
    assert balance(vera) == 0
    assert ledger_check.check().differences == []


def test_the_parts_of_a_tax_add_up_to_it(invoice: Document) -> None:
    for tax in invoice.taxes.all():
        assert sum((part.amount for part in LineTax.objects.filter(tax=tax)), D(0)) == tax.amount


def test_a_line_is_credited_once(vera: Customer, invoice: Document, noon: datetime) -> None:
    credit(invoice, noon, [2])
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(invoice, noon, [2], key="again")
    with pytest.raises(IntegrityError, match="credits_id"), transaction.atomic():
        DocumentLine.objects.create(document=invoice, position=9, kind="fee", description="x", quantity=1, amount=1, credits=invoice.lines.get(position=2))
    credit(invoice, noon)
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(invoice, noon, key="again")
    assert balance(vera) == 0


def test_the_same_form_twice_is_one_note(invoice: Document, noon: datetime) -> None:
    assert credit(invoice, noon, [2], key="1") == credit(invoice, noon, [2], key="1")
    assert Document.objects.filter(kind="credit_note").count() == 1


def test_no_more_is_credited_than_is_left(invoice: Document, noon: datetime) -> None:
    credit(invoice, noon, [3])
    with pytest.raises(DomainError, match="more_than_left"):
        credit(invoice, noon, [1, 2])
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(invoice, noon, [4])
    assert credit(invoice, noon).total == invoice.total - D("60.00")


def test_a_note_settles_its_invoice_before_the_payment_which_pays_what_else_is_open(vera: Customer, invoice: Document, first: datetime, noon: datetime) -> None:
    paid = payments.record(vera, invoice.total, reference="", actor=jane, at=noon, key="1")
    months.moved(Kind.CHARGE, vera, "10.00", "2026-11-05 12:00")
    [november] = months.issue("2026-12-01", first + timedelta(days=30))
    assert (due(invoice), due(november)) == ("0.00", "12.00")

    credit(invoice, first + timedelta(days=31))

    assert (due(invoice), due(november)) == ("0.00", "0.00")
    assert balance(vera) == invoice.total - 12
    assert givebacks.most_refundable(paid, Standing.objects.get(customer=vera)) == invoice.total - 12
    assert identity(vera) == 0
    assert ledger_check.check().differences == []


def test_after_the_payment_was_charged_back_the_credited_invoice_stays_settled(vera: Customer, invoice: Document, noon: datetime) -> None:
    paid = payments.record(vera, D("40.00"), reference="", actor=jane, at=noon, key="1")
    credit(invoice, noon)
    givebacks.charge_back(paid, D("40.00"), reason="disputed", actor=jane, at=noon, key="1")

    assert (due(invoice), balance(vera)) == ("0.00", D(0))
    assert identity(vera) == 0


def test_what_was_written_off_is_taken_back_before_a_credit_note(vera: Customer, invoice: Document, noon: datetime) -> None:
    gone = write_offs.write_off(invoice, D("10.00"), reason="insolvent", actor=jane, at=noon, key="1")
    with pytest.raises(DomainError, match="written_off"):
        credit(invoice, noon)

    reversals.take_back(gone, reason="paid after all", actor=jane, at=noon)
    credit(invoice, noon, key="2")
    assert (due(invoice), balance(vera)) == ("0.00", D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_line_that_was_taken_back_on_the_next_invoice_is_left_out(vera: Customer, invoice: Document, noon: datetime) -> None:
    payments.record(vera, D("70.74"), reference="", actor=jane, at=noon, key="1")
    take_back("Router", noon)
    take_back("Goodwill", noon)
    assert balance(vera) == 45
    months.moved(Kind.CHARGE, vera, "100.00", "2026-11-20 12:00", about=("charge", vera.pk))
    december = months.local("2026-12-01 06:00")
    [november] = months.issue("2026-12-01", december)
    assert (figures(november), due(november)) == (("55.00", "11.00", "66.00"), "66.00")
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(invoice, december, [3, 4])

    note = credit(invoice, december)
    assert [line[0] for line in lines(note)] == ["Calls", "Line"]
    assert (money(note.total), due(november), balance(vera), identity(vera)) == ("16.74", "49.26", D("-49.26"), D(0))
    assert ledger_check.check().differences == []


def take_back(what: str, at: datetime) -> None:
    reversals.take_back(Transfer.objects.get(note=what, reverses=None), reason="never sent", actor=jane, at=at)


@pytest.mark.rel(7)
def test_a_charge_that_was_taken_back_and_waits_is_on_the_note_and_its_tax_alone_is_posted(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, vera, "100.00", "2026-10-05 12:00", note="Router", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    take_back("Router", noon)
    assert (due(october), balance(vera)) == ("120.00", D(-20))

    march = months.local("2027-03-01 06:00")
    note = credit(october, march)
    assert (figures(note), lines(note)) == (figures(october), lines(october))
    assert [(row.kind, money(row.amount)) for row in Transfer.objects.filter(about_id=note.pk)] == [("tax", "20.00")]
    assert list(Taken.objects.filter(document=note).values_list("transfer__reverses__note", flat=True)) == ["Router"]
    assert (due(october), balance(vera), identity(vera)) == ("0.00", D(0), D(0))
    assert Standing.objects.get(customer=vera).overdue_since is None
    assert months.reasons("2027-04-01", vera) == [("Vera Ltd", "nothing_to_bill")]
    assert ledger_check.check().differences == []

    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, march, key="again")
    assert reversals.take_back(Transfer.objects.get(note="Router"), reason="again", actor=jane, at=march) == []
    assert balance(vera) == 0


@pytest.mark.rel(7)
def test_a_line_that_waits_is_taken_beside_one_that_is_credited_and_the_rest_waits_on(vera: Customer, invoice: Document, noon: datetime) -> None:
    payments.record(vera, D("70.74"), reference="", actor=jane, at=noon, key="1")
    take_back("Router", noon)
    take_back("Goodwill", noon)

    note = credit(invoice, noon, [1, 3])
    assert [(line[0], line[2]) for line in lines(note)] == [("Calls", "3.33"), ("Router", "50.00")]
    assert (money(note.total), due(invoice), balance(vera), identity(vera)) == ("64.00", "0.00", D("59.00"), D(0))
    months.moved(Kind.CHARGE, vera, "10.00", "2026-11-20 12:00", about=("charge", vera.pk))
    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    assert [line[2] for line in lines(november)] == ["10.00", "5.00"]
    assert (figures(november), due(november), identity(vera)) == (("15.00", "3.00", "18.00"), "0.00", D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_the_note_gives_back_the_tax_of_its_invoice_though_the_customer_has_none_by_now(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, vera, "100.00", "2026-10-05 12:00", note="Router", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    CustomerTax.objects.filter(customer=vera).delete()
    take_back("Router", noon)

    assert figures(credit(october, noon)) == ("100.00", "20.00", "120.00")
    assert (due(october), balance(vera), identity(vera)) == ("0.00", D(0), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_charge_with_more_decimals_than_its_line_goes_back_to_the_last_of_them(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, vera, "12.345678", "2026-10-05 12:00", note="Debt", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    take_back("Debt", noon)

    note = credit(october, noon)
    assert figures(note) == figures(october) == ("12.35", "2.47", "14.82")
    assert [(row.kind, money(row.amount)) for row in Transfer.objects.filter(about_id=note.pk).order_by("kind")] == [("rounding", "0.004322"), ("tax", "2.47")]
    assert (due(october), balance(vera), identity(vera)) == ("0.00", D(0), D(0))
    assert ledger_check.check().differences == []


def test_without_taxes_the_note_posts_nothing_and_is_asked_for_twice(first: datetime, noon: datetime) -> None:
    paul = world.customer("Paul Ltd", taxes=())
    months.moved(Kind.CHARGE, paul, "100.00", "2026-10-05 12:00", note="Router", about=("charge", paul.pk))
    [october] = months.issue("2026-11-01", first)
    take_back("Router", noon)

    note = credit(october, noon)
    assert not Transfer.objects.filter(about_id=note.pk).exists()
    assert credit(october, noon) == note
    assert (due(october), balance(paul), identity(paul)) == ("0.00", D(0), D(0))
    assert ledger_check.check().differences == []


def test_a_note_of_taxes_alone_is_one_however_often_its_form_is_sent(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, vera, "100.00", "2026-10-05 12:00", note="Router", about=("charge", vera.pk))
    months.moved(Kind.CREDIT, vera, "100.00", "2026-10-05 12:00", note="Voucher", about=("charge", vera.pk))
    Tax.objects.filter(name="Levy").update(on_charges=False, on_account_fees=False, on_features=True)
    months.moved(Kind.FEE, vera, "100.00", "2026-10-05 12:00", note="Line", about=("feature", vera.pk))
    months.moved(Kind.CREDIT, vera, "100.00", "2026-10-05 12:00", note="Gift", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    assert figures(october) == ("0.00", "7.25", "7.25")

    note = credit(october, noon, key="n")
    assert credit(october, noon, key="n") == note
    with pytest.raises(DomainError, match="key_reused"):
        credit(october, noon, [1], key="n")
    assert (Document.objects.filter(kind="credit_note").count(), balance(vera)) == (1, D(0))
    assert ledger_check.check().differences == []


def test_a_note_that_an_earlier_version_issued_is_found_by_the_movement_of_its_net(invoice: Document, noon: datetime) -> None:
    note, key = credit(invoice, noon, [2]), "credit-note:before"
    ledger.post(Kind.CREDIT, invoice.customer, D("10.01"), at=noon, actor=jane, key=key, about=("document", note.pk))
    once.same(key, invoice.pk, "Billed by mistake", "2", stands=False)

    assert credit(invoice, noon, [2], key="before") == note


def test_adjustments_go_back_to_the_account_they_came_from(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, vera, "50.00", "2026-10-05 12:00", note="Router", about=("charge", vera.pk))
    months.moved(Kind.ADJUSTMENT, vera, "-30.00", "2026-10-05 12:00", note="Forgotten in May")
    [october] = months.issue("2026-11-01", first)
    note = credit(october, noon)

    net = Transfer.objects.filter(about_id=note.pk).exclude(kind="tax").order_by("kind")
    assert [(row.kind, row.debit.kind, row.credit.kind, money(row.amount)) for row in net] == [
        ("adjustment", "adjustments", "receivable", "30.00"),
        ("credit", "revenue", "receivable", "50.00"),
    ]
    assert Taken.objects.filter(document=note).count() == 2
    assert (figures(note), due(october), balance(vera), identity(vera)) == (figures(october), "0.00", D(0), D(0))
    assert not any(reversals.is_reversible(row) for row in net)
    assert {row.note for row in credits.by_hand(vera)} == {"Router", "Forgotten in May"}
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_what_one_invoice_charged_and_took_back_is_left_out_on_both_lines(vera: Customer, first: datetime, noon: datetime) -> None:
    at = months.local("2026-10-05 12:00")
    router = entries.write(vera, "charge", D("50.00"), note="Router", actor=jane, at=at, key="1")
    reversals.take_back(router, reason="never sent", actor=jane, at=at)
    entries.write(vera, "charge", D("30.00"), note="Cable", actor=jane, at=at, key="2")
    [october] = months.issue("2026-11-01", first)

    note = credit(october, noon)
    assert [line[0] for line in lines(note)] == ["Cable"]
    assert (figures(note), due(october), balance(vera)) == (figures(october), "0.00", D(0))


@pytest.mark.rel(7)
def test_what_a_note_over_the_next_invoice_charged_again_is_given_back_by_one_of_its_own(vera: Customer, first: datetime, noon: datetime) -> None:
    charge = months.moved(Kind.CHARGE, vera, "100.00", "2026-10-05 12:00", note="Never ordered", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(charge, reason="Never ordered", actor=jane, at=noon)
    months.moved(Kind.CHARGE, vera, "150.00", "2026-11-22 12:00", note="Router", about=("charge", vera.pk))
    december = months.local("2026-12-01 06:00")
    [november] = months.issue("2026-12-01", december)
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, december)

    assert figures(credit(november, december)) == ("50.00", "10.00", "60.00")
    assert figures(credit(october, december)) == ("100.00", "20.00", "120.00")

    assert (due(october), due(november), balance(vera), identity(vera)) == ("0.00", "0.00", D(0), D(0))
    assert ledger_check.check().differences == []


def test_the_base_of_a_tax_is_every_line_that_bears_it_to_the_smallest(vera: Customer, first: datetime, noon: datetime) -> None:
    for amount in ("100.00", "0.02", "0.02", "0.02"):
        months.moved(Kind.CHARGE, vera, amount, "2026-10-05 12:00", note="x", about=("charge", vera.pk))
    [october] = months.issue("2026-11-01", first)
    [billed], [given_back] = october.taxes.all(), credit(october, noon).taxes.all()

    assert (billed.base, billed.amount) == (D("100.06"), D("20.01"))
    assert (given_back.base, given_back.amount) == (D("100.06"), D("20.01"))


def test_only_an_invoice_is_credited_and_why_must_be_said(invoice: Document, noon: datetime) -> None:
    note = credit(invoice, noon, [2])
    with pytest.raises(DomainError, match="not_an_invoice"):
        credit(note, noon)
    with pytest.raises(DomainError, match="reason_missing"):
        credit_notes.issue(invoice, reason=" ", actor=jane, at=noon, key="x")


def test_a_credited_tax_that_was_itself_given_back_is_charged_again(vera: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CREDIT, vera, "10.00", "2026-10-05 09:00")
    months.moved(Kind.ADJUSTMENT, vera, "-30.00", "2026-10-05 09:00", note="Forgotten in May")
    [october] = months.issue("2026-11-01", first)
    assert figures(october) == ("20.00", "-2.00", "18.00")

    credit(october, noon)

    assert balance(vera) == 0
    assert ledger_check.check().differences == []


def test_a_customer_who_changed_to_paying_first_is_credited_on_what_it_owed(vera: Customer, invoice: Document, noon: datetime) -> None:
    payments.record(vera, invoice.total, reference="", actor=jane, at=noon, key="1")
    customers.change(vera, billing_type="prepaid", actor=jane, at=noon)

    credit(invoice, noon)

    row = Standing.objects.get(customer=vera)
    assert (row.wallet, row.receivable) == (D(0), invoice.total)
    assert ledger_check.check().differences == []


@months.renders
def test_it_is_printed_and_mailed_like_an_invoice(tmp_path: Path, settings: Any, vera: Customer, invoice: Document, noon: datetime) -> None:
    settings.MEDIA_ROOT = tmp_path
    note = credit(invoice, noon, [2])
    run_jobs()

    file = rendering.pdf_file(note)
    text = " ".join(page.extract_text() for page in PdfReader(tmp_path / file.path).pages).replace("\u00a0", " ")
    for said in ("Credit note", "ACM-2026-C0001", "ACM-2026-0001", "Credited to you", "12.74", "Billed by mistake"):
        assert said in text, said
    [mail] = MailLog.objects.filter(kind="credit_note")
    assert mail.subject == "Credit note ACM-2026-C0001 from Acme"
    for said in ("12.74 GBP of invoice ACM-2026-0001", "Billed by mistake", "58.00 GBP"):
        assert said in mail.text, said
    assert mail.attachments[0]["name"] == "ACM-2026-C0001.pdf"
