"""What a wallet owes is not forgotten when a customer pays afterwards: it is billed, and nothing is refunded beside it (semantics 3)."""

from datetime import datetime
from decimal import Decimal

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from customers.domain import customers
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from invoicing.domain import credit_notes, givebacks, ledger_check, payments, reversals, wallet_debts
from invoicing.models import Document, Payment
from tests.support import months, world
from tests.support.months import D, due, figures, identity, lines
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Customer:
    """Bob Ltd pays first, with VAT 20 %."""
    return world.customer("Bob Ltd", billing_type=BillingType.PREPAID, on=world.plan(), taxes=(world.vat("20"),))


@pytest.fixture
def charged_back(bob: Customer, noon: datetime) -> Customer:
    """Bob topped up 120.00, spent 60.3333, paid afterwards from then on, and his bank took the 120.00 back."""
    paid = pay(bob, "120.00", noon)
    months.calls(bob, "2026-11-20 12:00", price="60.3333")
    changed = change(bob, BillingType.POSTPAID, noon)
    givebacks.charge_back(paid, D("120.00"), reason="disputed", actor=jane, at=noon, key="c")
    assert accounts(bob) == (D("-60.3333"), D(0))
    return changed


def pay(of: Customer, amount: str, at: datetime) -> Payment:
    return payments.record(of, D(amount), reference="", actor=jane, at=at, key=f"pay {amount}")


def change(of: Customer, billing_type: str, at: datetime) -> Customer:
    return customers.change(of, billing_type=billing_type, actor=jane, at=at)


def bill(of: Customer, at: datetime, key: str = "1") -> list[Transfer]:
    """What is seen is what is billed."""
    seen = Transfer.objects.filter(key=f"wallet-debt:{key}:0").first()
    owed = seen.amount if seen else -Standing.objects.get(customer=of).wallet
    return wallet_debts.bill(of, owed, actor=jane, at=at, key=key)


def accounts(of: Customer) -> tuple[Decimal, Decimal]:
    row = Standing.objects.get(customer=of)
    return row.wallet, row.receivable


@pytest.fixture
def december() -> datetime:
    return months.local("2026-12-01 06:00")


def test_the_debt_is_on_the_next_invoice_with_the_tax_on_calls(charged_back: Customer, noon: datetime, december: datetime) -> None:
    bill(charged_back, noon)
    assert accounts(charged_back) == (D(0), D("-60.3333"))

    [november] = months.issue("2026-12-01", december)
    assert lines(november) == [("Spent from the wallet beyond what was paid in", "Charge, 21 November 2026", "60.33")]
    assert (figures(november), accounts(charged_back)) == (("60.33", "12.07", "72.40"), (D(0), D("-72.40")))
    pay(charged_back, "72.40", december)
    assert (due(november), accounts(charged_back), identity(charged_back)) == ("0.00", (D(0), D(0)), D(0))
    assert ledger_check.check().differences == []


def test_who_pays_first_gets_it_billed_before_it_pays_afterwards(bob: Customer, noon: datetime) -> None:
    months.calls(bob, "2026-11-20 12:00", price="5.0000")
    with pytest.raises(DomainError, match="wallet_owes") as refused:
        change(bob, BillingType.POSTPAID, noon)
    assert refused.value.field == "billing_type"

    bill(bob, noon)
    change(bob, BillingType.POSTPAID, noon)
    assert figures(Document.objects.get(customer=bob)) == ("5.00", "1.00", "6.00")
    assert ledger_check.check().differences == []


def test_a_top_up_pays_it_as_well_and_then_how_bob_pays_may_change(bob: Customer, noon: datetime) -> None:
    months.calls(bob, "2026-11-20 12:00", price="5.0000")
    pay(bob, "6.00", noon)

    assert change(bob, BillingType.POSTPAID, noon).billing_type == BillingType.POSTPAID
    assert accounts(bob) == (D(0), D(0))


def test_a_wallet_that_owes_nothing_has_nothing_to_bill(bob: Customer, noon: datetime) -> None:
    with pytest.raises(DomainError, match="no_debt"):
        bill(bob, noon)
    assert not Transfer.objects.exists()


def test_a_debt_that_moved_since_it_was_seen_is_told_and_not_billed(charged_back: Customer, noon: datetime) -> None:
    months.moved(Kind.ADJUSTMENT, charged_back, "-1.00", "2026-11-21 12:00", account=AccountKind.WALLET)

    with pytest.raises(DomainError, match="debt_moved") as refused:
        wallet_debts.bill(charged_back, D("60.3333"), actor=jane, at=noon, key="1")
    assert refused.value.message == "The wallet owes 61.3333 GBP by now. Look at it again, then put that on the next invoice."
    assert accounts(charged_back) == (D("-61.3333"), D(0))

    wallet_debts.bill(charged_back, D("61.3333"), actor=jane, at=noon, key="1")
    assert accounts(charged_back) == (D(0), D("-61.3333"))


@pytest.mark.rel(7)
def test_the_same_form_twice_bills_once_and_of_who_pays_first_it_is_taken_back_whole(bob: Customer, noon: datetime) -> None:
    months.calls(bob, "2026-11-20 12:00", price="60.3333")
    charge, given = bill(bob, noon)
    assert bill(bob, noon) == [charge, given]
    assert accounts(bob) == (D(0), D("-60.3333"))

    assert len(take_back(given, noon)) == 2
    assert take_back(charge, noon) == []
    assert accounts(bob) == (D("-60.3333"), D(0))
    with pytest.raises(DomainError, match="taken_back"):
        bill(bob, noon)
    bill(bob, noon, "2")
    assert (accounts(bob), identity(bob)) == ((D(0), D("-60.3333")), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_of_who_pays_afterwards_no_debt_goes_back_into_the_wallet(charged_back: Customer, noon: datetime) -> None:
    """Nothing would ask for it there."""
    for movement in bill(charged_back, noon):
        with pytest.raises(DomainError, match="debt_billed") as refused:
            take_back(movement, noon)
    assert refused.value.message == "The customer pays afterwards, and no invoice asks for the debt of a wallet. Write a credit where billing it was wrong."
    assert accounts(charged_back) == (D(0), D("-60.3333"))


@pytest.mark.rel(7)
def test_what_was_spent_of_a_top_up_that_is_taken_back_later_is_on_the_next_invoice(bob: Customer, noon: datetime, december: datetime) -> None:
    paid, other = pay(bob, "120.00", noon), pay(bob, "24.00", noon)
    months.calls(bob, "2026-11-20 12:00", price="60.3333")
    changed = change(bob, BillingType.POSTPAID, noon)
    assert (reversals.missing(paid.transfer), reversals.missing(other.transfer)) == (D("40.3333"), D(0))

    take_back(paid.transfer, noon)
    assert accounts(bob) == (D(0), D("-40.3333"))
    assert take_back(paid.transfer, noon) == []
    take_back(other.transfer, noon)
    assert (accounts(bob), identity(bob)) == ((D(0), D("-60.3333")), D(0))

    [november] = months.issue("2026-12-01", december)
    assert [line[0] for line in lines(november)] == ["Spent from the wallet beyond what was paid in"] * 2
    assert (figures(november), accounts(changed)) == (("60.33", "12.07", "72.40"), (D(0), D("-72.40")))
    assert ledger_check.check().differences == []


def test_of_who_pays_first_the_wallet_owes_what_was_spent_of_it(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "120.00", noon)
    months.calls(bob, "2026-11-20 12:00", price="60.3333")
    assert reversals.missing(paid.transfer) == 0

    take_back(paid.transfer, noon)
    assert accounts(bob) == (D("-60.3333"), D(0))
    assert ledger_check.check().differences == []


def take_back(movement: Transfer, at: datetime) -> list[Transfer]:
    return reversals.take_back(movement, reason="mistake", actor=jane, at=at)


@pytest.mark.rel(7)
def test_a_debt_whose_line_was_credited_does_not_come_back(charged_back: Customer, noon: datetime, december: datetime) -> None:
    for movement in (made := bill(charged_back, noon)):
        assert movement.kind in {Kind.CHARGE, Kind.CREDIT}
    [november] = months.issue("2026-12-01", december)
    credit_notes.issue(november, reason="forgiven", actor=jane, at=december, key="n")

    for movement in made:
        with pytest.raises(DomainError, match="credited"):
            reversals.take_back(movement, reason="mistake", actor=jane, at=december)
    assert accounts(charged_back) == (D(0), D(0))


def test_a_refund_leaves_what_the_wallet_owes_with_its_tax(charged_back: Customer, noon: datetime) -> None:
    paid, other = pay(charged_back, "60.00", noon), pay(charged_back, "20.00", noon)
    row = Standing.objects.get(customer=charged_back)
    assert wallet_debts.to_pay(charged_back, row) == D("72.40")
    assert (givebacks.most_refundable(paid, row), givebacks.most_refundable(other, row)) == (D("7.60"), D("7.60"))

    with pytest.raises(DomainError, match="wallet_owes") as refused:
        givebacks.refund(paid, D("7.61"), reason="x", actor=jane, at=noon, key="1")
    assert refused.value.message == "The wallet owes the rest: 7.60 GBP of this payment can be refunded."
    givebacks.refund(paid, D("7.60"), reason="x", actor=jane, at=noon, key="2")
    assert givebacks.most_refundable(other, row) == 0
    assert accounts(charged_back) == (D("-60.3333"), D("72.40"))


def test_once_it_is_billed_all_that_is_left_can_be_refunded(charged_back: Customer, noon: datetime) -> None:
    paid = pay(charged_back, "60.00", noon)
    bill(charged_back, noon)

    assert givebacks.most_refundable(paid, Standing.objects.get(customer=charged_back)) == 60


def test_the_history_names_it(charged_back: Customer, noon: datetime) -> None:
    made = bill(charged_back, noon)

    entry = AuditEntry.objects.get(action="wallet.debt_billed")
    assert (entry.customer_id, entry.changes) == (charged_back.pk, {"amount": ["", "60.3333 GBP"]})
    assert [(row.debit.kind, row.credit.kind) for row in made] == [(AccountKind.RECEIVABLE, AccountKind.REVENUE), (AccountKind.REVENUE, AccountKind.WALLET)]
