"""What was recorded by mistake is taken back whole and once; both stay."""

from datetime import datetime
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import new_id
from customers.models import AccountKind, BillingType, Customer, CustomerTax, Kind, Standing, Transfer
from invoicing.domain import credit_notes, entries, givebacks, ledger_check, payments, rerating, reversals, write_offs
from invoicing.domain.rerating import Named
from invoicing.models import Call, Document
from invoicing.queries import documents as queries
from rateplans.domain import decks
from rateplans.models import StoredRate
from tests.support import months, world
from tests.support.months import D, due, figures, identity, lines
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


def take_back(movement: Transfer, at: datetime) -> list[Transfer]:
    return reversals.take_back(movement, reason="wrong customer", actor=jane, at=at)


def test_a_payment_taken_back_opens_its_invoice_again(anna: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, anna, "50.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    paid = payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="1")

    take_back(paid.transfer, noon)

    assert (due(october), balance(anna)) == ("50.00", D(-50))
    assert identity(anna) == 0
    assert ledger_check.check().differences == []


@pytest.mark.parametrize("part", [50, 10])
def test_a_top_up_is_taken_back_with_its_tax_whichever_of_them_is_named(noon: datetime, part: int) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="1")

    assert sorted(mirror.amount for mirror in take_back(Transfer.objects.get(amount=part), noon)) == [10, 50]

    assert balance(bob) == 0
    kept = [(row.debit.kind, row.credit.kind) for row in Transfer.objects.filter(amount=10).order_by("pk")]
    assert kept == [(AccountKind.CASH_CLEARING, AccountKind.TAX_PAYABLE), (AccountKind.TAX_PAYABLE, AccountKind.CASH_CLEARING)]
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_twice_takes_back_once(anna: Customer, noon: datetime) -> None:
    paid = payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="1")

    assert len(take_back(paid.transfer, noon)) == 1
    assert take_back(paid.transfer, noon) == []
    assert balance(anna) == 0


def test_a_mirror_cannot_be_taken_back_nor_what_a_document_posted(anna: Customer, first: datetime, noon: datetime) -> None:
    vera = world.customer("Vera Ltd", taxes=(world.vat("7"),))
    months.moved(Kind.CHARGE, vera, "50.00", "2026-10-05 12:00")
    months.issue("2026-11-01", first)
    paid = payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="1")
    [mirror] = take_back(paid.transfer, noon)

    for movement in (mirror, Transfer.objects.get(kind=Kind.TAX)):
        with pytest.raises(DomainError, match="not_by_hand"):
            take_back(movement, noon)


def test_what_was_given_back_is_taken_back_first(anna: Customer, noon: datetime) -> None:
    paid = payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="1")
    givebacks.refund(paid, D("10.00"), reason="too much", actor=jane, at=noon, key="1")
    with pytest.raises(DomainError, match="given_back"):
        take_back(paid.transfer, noon)

    take_back(Transfer.objects.get(kind=Kind.REFUND), noon)
    assert balance(anna) == 60
    assert givebacks.most_refundable(paid, Standing.objects.get(customer=anna)) == 60
    take_back(paid.transfer, noon)
    assert balance(anna) == 0
    assert ledger_check.check().differences == []


def test_a_chargeback_that_was_won_pays_again(anna: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, anna, "50.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    paid = payments.record(anna, D("50.00"), reference="", actor=jane, at=noon, key="1")
    givebacks.charge_back(paid, D("50.00"), reason="disputed", actor=jane, at=noon, key="1")
    assert due(october) == "50.00"

    take_back(Transfer.objects.get(kind=Kind.CHARGEBACK), noon)

    assert (due(october), balance(anna)) == ("0.00", D(0))
    assert identity(anna) == 0


def test_a_refunded_top_up_comes_back_with_its_tax(noon: datetime) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    paid = payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="1")
    givebacks.refund(paid, D("60.00"), reason="too much", actor=jane, at=noon, key="1")

    take_back(Transfer.objects.get(kind=Kind.REFUND, amount=50), noon)

    assert balance(bob) == 50
    assert ledger_check.check().differences == []


def test_a_charge_taken_back_after_it_was_invoiced_is_on_the_next_invoice(anna: Customer, first: datetime, noon: datetime) -> None:
    charge = entries.write(anna, "charge", D("50.00"), note="Router", actor=jane, at=first.replace(day=5), key="1")
    months.issue("2026-12-01", first.replace(month=12))
    take_back(charge, first.replace(month=12, day=5))
    entries.write(anna, "charge", D("80.00"), note="Two routers", actor=jane, at=first.replace(month=12, day=6), key="2")

    [december] = months.issue("2027-01-01", first.replace(year=2027, month=1))

    assert lines(december) == [("wrong customer", "Charge taken back, 5 December 2026", "-50.00"), ("Two routers", "Charge, 6 December 2026", "80.00")]
    assert figures(december)[0] == "30.00"
    assert identity(anna) == 0


def taxes(document: Document) -> list[tuple[str, str, str]]:
    return [(f"{tax.percent.normalize():f}", months.money(tax.base), months.money(tax.amount)) for tax in document.taxes.order_by("percent")]


@pytest.fixture
def taxed(first: datetime, noon: datetime) -> tuple[Customer, Document]:
    """Paul Ltd's October over a router for 100.00 with VAT 20 %, taken back in November; a cable for 300.00 is on the next invoice."""
    paul = world.customer("Paul Ltd", taxes=(world.vat("20"),), limit="500.00")
    router = entries.write(paul, "charge", D("100.00"), note="Router", actor=jane, at=months.local("2026-10-05 12:00"), key="1")
    [october] = months.issue("2026-11-01", first)
    take_back(router, noon)
    entries.write(paul, "charge", D("300.00"), note="Cable", actor=jane, at=noon, key="2")
    return paul, october


def december(paul: Customer) -> Document:
    [document] = months.issue("2026-12-01", months.local("2026-12-01 06:00"), paul)
    return document


@pytest.mark.rel(7)
def test_a_charge_taken_back_gives_back_the_tax_that_it_bore_whatever_the_tax_is_by_now(taxed: tuple[Customer, Document], noon: datetime) -> None:
    paul, october = taxed
    paul.taxes.update(percent=D("25"))
    assert write_offs.most_of(queries.with_figures(Document.objects.filter(pk=october.pk)).get(), Standing.objects.get(customer=paul)) == 0

    november = december(paul)
    assert taxes(november) == [("20", "-100.00", "-20.00"), ("25", "300.00", "75.00")]
    assert (figures(november), balance(paul), identity(paul)) == (("200.00", "55.00", "255.00"), D(-375), D(0))
    assert [line["tax_percent"] for line in november.snapshot["lines"]] == ["20.0000", "25.0000"]
    assert ledger_check.check().differences == []

    note = credit(november, noon)
    assert (figures(note), balance(paul), ledger_check.check().differences) == (figures(november), D(-120), [])


@pytest.mark.rel(7)
def test_a_charge_taken_back_gives_back_its_tax_also_to_who_pays_none_any_more(taxed: tuple[Customer, Document]) -> None:
    paul, _october = taxed
    CustomerTax.objects.filter(customer=paul).delete()

    november = december(paul)
    assert (taxes(november), figures(november)) == ([("20", "-100.00", "-20.00")], ("200.00", "-20.00", "180.00"))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_who_paid_no_tax_then_gets_none_back(first: datetime, noon: datetime) -> None:
    paul = world.customer("Paul Ltd", limit="500.00")
    router = entries.write(paul, "charge", D("100.00"), note="Router", actor=jane, at=months.local("2026-10-05 12:00"), key="1")
    months.issue("2026-11-01", first)
    CustomerTax.objects.create(customer=paul, tax=world.vat("20"))
    take_back(router, noon)
    cable = entries.write(paul, "charge", D("300.00"), note="Cable", actor=jane, at=noon, key="2")
    entries.write(paul, "charge", D("7.00"), note="Plug", actor=jane, at=noon, key="3")
    take_back(cable, noon)
    entries.write(paul, "charge", D("200.00"), note="Phone", actor=jane, at=noon, key="4")

    assert taxes(december(paul)) == [("20", "207.00", "41.40")]


@pytest.mark.rel(7)
@pytest.mark.parametrize(("which", "total"), [(0, "480.00"), (1, "720.00")])
def test_a_tax_that_came_to_nothing_on_the_invoice_comes_back_with_what_bore_it(first: datetime, noon: datetime, which: int, total: str) -> None:
    paul = world.customer("Paul Ltd", taxes=(world.vat("20"),), limit="500.00")
    at = months.local("2026-10-05 12:00")
    written = [entries.write(paul, entry, D("100.00"), note="x", actor=jane, at=at, key=entry) for entry in ("charge", "credit")]
    entries.write(paul, "lower", D("10.00"), note="Old books", actor=jane, at=at, key="3")
    [october] = months.issue("2026-11-01", first)
    assert (figures(october), taxes(october)) == (("10.00", "0.00", "10.00"), [("20", "0.00", "0.00")])
    take_back(written[which], noon)
    entries.write(paul, "charge", D("500.00"), note="Switch", actor=jane, at=noon, key="4")

    assert figures(december(paul))[2] == total
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_line_of_calls_that_came_to_nothing_still_says_which_tax_it_bore(first: datetime, noon: datetime) -> None:
    paul = world.customer("Paul Ltd", on=world.plan(), taxes=(world.vat("20"),), limit="500.00")
    months.dialled(paul, "2026-10-03 09:00", "442079460123", seconds=6000)
    at = months.local("2026-10-05 12:00")
    rated_again(paul, "0.00", at)
    entries.write(paul, "lower", D("10.00"), note="Old books", actor=jane, at=at, key="1")
    [october] = months.issue("2026-11-01", first)
    assert (figures(october), taxes(october)) == (("10.00", "0.00", "10.00"), [("20", "0.00", "0.00")])

    rated_again(paul, "0.06", noon)
    assert figures(december(paul)) == ("6.00", "1.20", "7.20")
    assert ledger_check.check().differences == []


def rated_again(of: Customer, per_minute: str, at: datetime) -> None:
    StoredRate.objects.filter(prefix="4420").update(per_minute=D(per_minute))
    decks._decks.clear()
    rerating.rate_again(Named.of(Call.objects.filter(customer_id=of.pk)), new_id(), actor=jane, at=at)


def test_as_long_as_the_tax_is_the_same_it_is_one(taxed: tuple[Customer, Document]) -> None:
    assert taxes(december(taxed[0])) == [("20", "200.00", "40.00")]


@pytest.fixture
def routers(first: datetime) -> tuple[Customer, Transfer, Document]:
    """Paul Ltd's October: a router for 100.00, and goodwill of 40.00; with VAT 20 % the invoice is over 72.00."""
    paul = world.customer("Paul Ltd", taxes=(world.vat("20"),), limit="500.00")
    at = months.local("2026-10-05 12:00")
    charge = entries.write(paul, "charge", D("100.00"), note="Router", actor=jane, at=at, key="charge")
    entries.write(paul, "credit", D("40.00"), note="Goodwill", actor=jane, at=at, key="credit")
    [document] = months.issue("2026-11-01", first, paul)
    return paul, charge, document


def credit(document: Document, at: datetime, positions: list[int] | None = None) -> Document:
    return credit_notes.issue(document, positions=positions, reason="mistake", actor=jane, at=at, key=f"{positions}")


@pytest.mark.rel(7)
def test_what_a_credit_note_gave_back_is_not_taken_back_as_well(routers: tuple[Customer, Transfer, Document], noon: datetime) -> None:
    paul, _charge, october = routers
    other = entries.write(paul, "charge", D("10.00"), note="Cable", actor=jane, at=noon, key="cable")
    credit(october, noon)

    for movement in Transfer.objects.filter(taken__document=october):
        with pytest.raises(DomainError, match="credited"):
            take_back(movement, noon)
    assert balance(paul) == -10
    take_back(other, noon)
    assert (balance(paul), identity(paul)) == (D(0), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_what_stands_on_another_line_than_the_credited_can_be_taken_back(first: datetime, noon: datetime) -> None:
    paul = world.customer("Paul Ltd", limit="500.00")
    at = months.local("2026-10-05 12:00")
    router, cable = (entries.write(paul, "charge", D(amount), note="x", actor=jane, at=at, key=amount) for amount in ("100.00", "7.00"))
    [october] = months.issue("2026-11-01", first, paul)
    credit(october, noon, [1])

    with pytest.raises(DomainError, match="credited"):
        take_back(router, noon)
    take_back(cable, noon)
    assert (balance(paul), due(october), identity(paul)) == (D(0), "7.00", D(0))


@pytest.mark.rel(7)
def test_what_was_written_off_is_not_taken_back_as_well(routers: tuple[Customer, Transfer, Document], noon: datetime) -> None:
    paul, charge, october = routers
    gone = write_offs.write_off(october, D("1.00"), reason="gone", actor=jane, at=noon, key="w")
    with pytest.raises(DomainError, match="written_off"):
        take_back(charge, noon)
    assert balance(paul) == -71

    take_back(gone, noon)
    take_back(charge, noon)
    assert (balance(paul), identity(paul)) == (D(28), D(0))


def test_why_must_be_said(anna: Customer, noon: datetime) -> None:
    paid: Any = payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="1")
    with pytest.raises(DomainError, match="reason_missing"):
        reversals.take_back(paid.transfer, reason=" ", actor=jane, at=noon)
    assert balance(anna) == 60
