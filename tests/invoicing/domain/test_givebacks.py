"""Money goes back to who paid it: only what is free to go, its tax in proportion, and what it had settled is open again."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from invoicing.domain import givebacks, ledger_check, payments
from invoicing.models import GiveBack, Payment
from tests.support import months, world
from tests.support.months import D, due, identity
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice(anna: Customer, first: datetime) -> Any:
    """October over 50.00, nothing of it tax."""
    months.moved(Kind.CHARGE, anna, "50.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    return october


@pytest.fixture
def prepaid() -> Customer:
    """Bob Ltd pays first, with two taxes that come to 27.25 %."""
    return world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"), world.vat("7.25")))


def pay(of: Customer, amount: str, at: datetime) -> Payment:
    return payments.record(of, D(amount), reference="BACS 17", actor=jane, at=at, key=f"pay {of.pk} {amount}")


def refund(payment: Payment, amount: str, at: datetime, key: str = "1") -> GiveBack:
    return givebacks.refund(payment, D(amount), reason="paid twice", actor=jane, at=at, key=key)


def charge_back(payment: Payment, amount: str, at: datetime, key: str = "1") -> GiveBack:
    return givebacks.charge_back(payment, D(amount), reason="disputed", actor=jane, at=at, key=key)


def wallet(of: Customer) -> Decimal:
    return Decimal(Standing.objects.get(customer=of).wallet)


def tax_kept() -> Decimal:
    """What is owed to the tax office."""
    came = Transfer.objects.filter(credit__kind=AccountKind.TAX_PAYABLE)
    went = Transfer.objects.filter(debit__kind=AccountKind.TAX_PAYABLE)
    return sum((row.amount for row in came), D(0)) - sum((row.amount for row in went), D(0))


def test_what_no_invoice_has_used_can_be_refunded(anna: Customer, invoice: Any, noon: datetime) -> None:
    paid = pay(anna, "60.00", noon)

    refund(paid, "10.00", noon)

    assert (due(invoice), balance(anna)) == ("0.00", D(0))
    assert identity(anna) == 0
    assert ledger_check.check().differences == []


def test_what_an_invoice_has_used_cannot_be_refunded(anna: Customer, invoice: Any, noon: datetime) -> None:
    paid = pay(anna, "60.00", noon)

    assert givebacks.most_refundable(paid, Standing.objects.get(customer=anna)) == 10
    with pytest.raises(DomainError, match="not_unapplied"):
        refund(paid, "10.01", noon)
    assert GiveBack.objects.count() == 0
    assert balance(anna) == 10


def test_no_more_is_refunded_than_was_paid(anna: Customer, noon: datetime) -> None:
    paid = pay(anna, "60.00", noon)
    refund(paid, "59.00", noon)

    with pytest.raises(DomainError, match="more_than_paid"):
        refund(paid, "1.01", noon, "2")
    refund(paid, "1.00", noon, "3")
    assert balance(anna) == 0


def test_the_same_form_twice_is_one_refund_and_cannot_carry_other_figures(anna: Customer, noon: datetime) -> None:
    paid = pay(anna, "60.00", noon)

    assert refund(paid, "5.00", noon) == refund(paid, "5.00", noon)
    with pytest.raises(DomainError, match="key_reused"):
        refund(paid, "6.00", noon)
    assert balance(anna) == 55


@pytest.mark.parametrize(("amount", "reason", "code"), [("0", "x", "amount_not_positive"), ("1.001", "x", "amount_too_fine"), ("1.00", " ", "reason_missing")])
def test_a_refund_that_is_none_cannot_be_made(anna: Customer, noon: datetime, amount: str, reason: str, code: str) -> None:
    paid = pay(anna, "60.00", noon)
    with pytest.raises(DomainError, match=code):
        givebacks.refund(paid, D(amount), reason=reason, actor=jane, at=noon, key="1")


def test_a_top_up_goes_back_with_its_taxes_in_proportion(prepaid: Customer, noon: datetime) -> None:
    paid = pay(prepaid, "100.00", noon)
    assert (wallet(prepaid), tax_kept()) == (D("78.59"), D("21.41"))

    for number, (amount, kept, left) in enumerate([("33.33", "14.27", "52.40"), ("33.33", "7.14", "26.20"), ("33.34", "0.00", "0.00")]):
        refund(paid, amount, noon, str(number))
        assert (tax_kept(), wallet(prepaid)) == (D(kept), D(left))

    assert ledger_check.check().differences == []


def test_a_cent_goes_back_alone(prepaid: Customer, noon: datetime) -> None:
    paid = pay(prepaid, "0.05", noon)
    for number in range(5):
        refund(paid, "0.01", noon, str(number))

    assert (tax_kept(), wallet(prepaid)) == (D(0), D(0))
    assert ledger_check.check().differences == []


def test_what_was_spent_cannot_be_refunded(prepaid: Customer, noon: datetime) -> None:
    paid = pay(prepaid, "100.00", noon)
    months.moved(Kind.FEE, prepaid, "50.00", "2026-11-21 12:00")

    most = givebacks.most_refundable(paid, Standing.objects.get(customer=prepaid))
    with pytest.raises(DomainError, match="wallet_used"):
        refund(paid, str(most + D("0.01")), noon)
    refund(paid, str(most), noon)

    assert most == D("36.38")
    assert wallet(prepaid) == 0


@pytest.mark.rel(12)
@pytest.mark.parametrize("billing_type", BillingType)
def test_what_a_call_in_progress_holds_cannot_be_refunded(noon: datetime, billing_type: BillingType) -> None:
    of = world.customer("Carl Ltd", billing_type=billing_type)
    paid = pay(of, "10.00", noon)
    Standing.objects.filter(customer=of).update(held=D("4.00"))

    with pytest.raises(DomainError, match="held"):
        refund(paid, "6.01", noon)
    refund(paid, "6.00", noon)
    assert Standing.objects.get(customer=of).available == 0


@pytest.mark.rel(94)
def test_a_chargeback_opens_the_invoice_again_and_pushes_the_balance_below(anna: Customer, invoice: Any, noon: datetime) -> None:
    paid = pay(anna, "60.00", noon)

    charge_back(paid, "60.00", noon)

    assert (due(invoice), balance(anna)) == ("50.00", D(-50))
    assert months.matches(anna) == [(invoice.number, "50.00"), (invoice.number, "-50.00")]
    assert identity(anna) == 0
    assert ledger_check.check().differences == []


def test_a_chargeback_takes_what_is_free_first_and_the_latest_invoice_next(anna: Customer, invoice: Any, first: datetime, noon: datetime) -> None:
    paid = pay(anna, "85.00", noon)
    months.moved(Kind.CHARGE, anna, "30.00", "2026-11-05 12:00")
    [november] = months.issue("2026-12-01", first + timedelta(days=30))
    assert (due(invoice), due(november)) == ("0.00", "0.00")

    charge_back(paid, "20.00", noon + timedelta(days=12))

    assert (due(invoice), due(november)) == ("0.00", "15.00")
    assert identity(anna) == 0


def test_another_payment_takes_the_place_of_one_charged_back(anna: Customer, invoice: Any, noon: datetime) -> None:
    paid = pay(anna, "50.00", noon)
    pay(anna, "20.00", noon)

    charge_back(paid, "50.00", noon)

    assert (due(invoice), balance(anna)) == ("30.00", D(-30))
    assert Standing.objects.get(customer=anna).overdue_since == invoice.due_on


@pytest.mark.rel(94)
def test_a_chargeback_after_the_money_was_talked_away_leaves_a_debt_and_parks_the_top_up(prepaid: Customer, noon: datetime) -> None:
    Customer.objects.filter(pk=prepaid.pk).update(topup=Customer.TopUp.FIXED, topup_amount=D("10.00"))
    paid = pay(prepaid, "100.00", noon)
    months.moved(Kind.FEE, prepaid, "70.00", "2026-11-21 12:00")

    charge_back(Payment.objects.get(pk=paid.pk), "100.00", noon)

    row = Standing.objects.get(customer=prepaid)
    assert (row.wallet, row.may_spend, tax_kept()) == (D(-70), D(-70), D(0))
    assert Customer.objects.get(pk=prepaid.pk).topup_parked
    assert ledger_check.check().differences == []


def test_refunds_and_chargebacks_together_give_back_no_more_than_was_paid(prepaid: Customer, noon: datetime) -> None:
    paid = pay(prepaid, "100.00", noon)
    refund(paid, "40.00", noon)

    with pytest.raises(DomainError, match="more_than_paid"):
        charge_back(paid, "60.01", noon, "2")
    charge_back(paid, "60.00", noon, "3")
    assert (tax_kept(), wallet(prepaid)) == (D(0), D(0))
