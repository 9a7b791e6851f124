"""Credit moves between the two accounts: out of the wallet its tax comes back, into it it is taxed as a top-up (semantics 3)."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from invoicing.domain import givebacks, ledger_check, payments, reversals, settlements, wallet_debts
from invoicing.models import Payment
from tests.support import months, world
from tests.support.months import D, identity
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> Customer:
    """Bob Ltd pays first, with VAT 20 %."""
    return world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))


@pytest.fixture
def paul() -> Customer:
    """Paul Ltd pays afterwards, with VAT 20 %."""
    return world.customer("Paul Ltd", taxes=(world.vat("20"),))


def pay(of: Customer, amount: str, at: datetime) -> Payment:
    return payments.record(of, D(amount), reference="", actor=jane, at=at, key=f"{of.pk} {amount}")


def settle(of: Customer, way: str, amount: str, at: datetime, key: str = "1") -> list[Transfer]:
    return settlements.settle(of, way, D(amount), actor=jane, at=at, key=key)


def back(movement: Transfer, at: datetime) -> list[Transfer]:
    return reversals.take_back(movement, reason="by mistake", actor=jane, at=at)


def accounts(of: Customer) -> tuple[Decimal, Decimal, Decimal]:
    """Wallet, receivable, and what is owed to the tax office for it."""
    row = Standing.objects.get(customer=of)
    came = Transfer.objects.filter(customer=of, credit__kind=AccountKind.TAX_PAYABLE).values_list("amount", flat=True)
    went = Transfer.objects.filter(customer=of, debit__kind=AccountKind.TAX_PAYABLE).values_list("amount", flat=True)
    return row.wallet, row.receivable, sum(came, D(0)) - sum(went, D(0))


def books(of: Customer) -> list[str]:
    """What the whole check finds, but for the calls that the usage of these tests never had."""
    found = [each for each in ledger_check.check().differences if each.identity != "a usage movement is the sum of its calls"]
    return [str(each) for each in found if each.customer_id == of.pk]


def test_out_of_the_wallet_the_tax_of_the_top_up_comes_back(bob: Customer, noon: datetime) -> None:
    pay(bob, "60.00", noon)

    settle(bob, "out", "30.00", noon)
    assert accounts(bob) == (D(20), D(36), D(4))
    settle(bob, "out", "20.00", noon, "2")
    assert accounts(bob) == (D(0), D(60), D(0))
    assert ledger_check.check().differences == []


def test_the_same_key_again_answers_with_the_same_movements_in_their_order(paul: Customer, noon: datetime) -> None:
    """Also where there are more than ten of them."""
    for pence in range(12):
        pay(paul, f"1.{pence:02}", noon)

    made = settle(paul, "into", "12.66", noon)

    assert len(made) == 24
    assert settle(paul, "into", "12.66", noon) == made


def test_what_was_never_taxed_brings_no_tax_back(bob: Customer, noon: datetime) -> None:
    months.moved(Kind.ADJUSTMENT, bob, "10.00", "2026-11-20 12:00", note="Goodwill")
    pay(bob, "60.00", noon)

    settle(bob, "out", "60.00", noon)

    assert accounts(bob) == (D(0), D(70), D(0))
    assert ledger_check.check().differences == []


def test_no_more_leaves_the_wallet_than_is_in_it(bob: Customer, noon: datetime) -> None:
    pay(bob, "60.00", noon)
    months.moved(Kind.FEE, bob, "20.00", "2026-11-21 12:00")
    with pytest.raises(DomainError, match="wallet_empty"):
        settle(bob, "out", "30.01", noon)

    settle(bob, "out", "30.00", noon)
    assert accounts(bob)[0] == 0


@pytest.mark.rel(12)
def test_what_a_call_in_progress_holds_cannot_be_settled(bob: Customer, noon: datetime) -> None:
    pay(bob, "60.00", noon)
    Standing.objects.filter(customer=bob).update(held=D("5.00"))
    with pytest.raises(DomainError, match="held"):
        settle(bob, "out", "45.01", noon)

    settle(bob, "out", "45.00", noon)
    assert accounts(bob)[0] == 5


def test_into_the_wallet_it_is_taxed_as_a_top_up(paul: Customer, noon: datetime) -> None:
    pay(paul, "10.00", noon)
    pay(paul, "50.00", noon)

    settle(paul, "into", "30.00", noon)

    assert accounts(paul) == (D(25), D(30), D(5))
    assert settlements.unapplied(paul) == 30
    assert identity(paul) == 0
    assert ledger_check.check().differences == []


def test_only_what_no_invoice_has_used_goes_into_the_wallet(paul: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, paul, "10.00", "2026-10-05 12:00")
    months.issue("2026-11-01", first)
    pay(paul, "20.00", noon)

    with pytest.raises(DomainError, match="not_unapplied"):
        settle(paul, "into", "8.01", noon)
    settle(paul, "into", "8.00", noon)
    assert accounts(paul)[1] == 0


def test_there_and_back_again_is_as_before(bob: Customer, noon: datetime) -> None:
    pay(bob, "60.00", noon)
    settle(bob, "out", "50.00", noon)
    settle(bob, "into", "60.00", noon, "2")

    assert accounts(bob) == (D(50), D(0), D(10))
    assert ledger_check.check().differences == []


def test_the_same_form_twice_settles_once(bob: Customer, noon: datetime) -> None:
    pay(bob, "60.00", noon)
    assert settle(bob, "out", "30.00", noon) == settle(bob, "out", "30.00", noon)
    assert accounts(bob)[0] == 20


def test_what_was_settled_is_not_refunded_as_well(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "60.00", noon)
    settle(bob, "out", "50.00", noon)
    months.moved(Kind.ADJUSTMENT, bob, "50.00", "2026-11-21 12:00", note="Goodwill")

    with pytest.raises(DomainError, match="more_than_paid"):
        givebacks.refund(paid, D("0.01"), reason="x", actor=jane, at=noon, key="1")
    assert accounts(bob) == (D(50), D(60), D(0))


def test_a_rest_of_a_top_up_goes_back_to_the_last_cent(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "10.00", noon)
    for number in range(8):
        settle(bob, "out", "1.01", noon, str(number))
        rest = givebacks.most_refundable(paid, Standing.objects.get(customer=bob))
        if rest:
            givebacks.refund(paid, D("0.01"), reason="x", actor=jane, at=noon, key=str(number))

    rest = givebacks.most_refundable(paid, Standing.objects.get(customer=bob))
    givebacks.refund(paid, rest, reason="x", actor=jane, at=noon, key="rest")
    wallet, receivable, tax = accounts(bob)
    assert (wallet, tax) == (D(0), D(0))
    assert receivable + rest + D("0.08") == 10
    assert ledger_check.check().differences == []


def test_into_the_wallet_and_out_again_brings_all_of_the_tax_back(paul: Customer, noon: datetime) -> None:
    pay(paul, "120.00", noon)
    settle(paul, "into", "120.00", noon)
    assert accounts(paul) == (D(100), D(0), D(20))

    settle(paul, "out", "33.33", noon, "2")
    assert accounts(paul) == (D("66.67"), D("40.00"), D("13.33"))
    settle(paul, "out", "66.67", noon, "3")
    assert accounts(paul) == (D(0), D(120), D(0))
    assert ledger_check.check().differences == []


def test_out_in_and_out_again_is_as_out_once(bob: Customer, noon: datetime) -> None:
    pay(bob, "120.00", noon)
    settle(bob, "out", "100.00", noon, "1")
    settle(bob, "into", "120.00", noon, "2")
    settle(bob, "out", "100.00", noon, "3")

    assert accounts(bob) == (D(0), D(120), D(0))
    assert ledger_check.check().differences == []


def test_the_tax_of_what_was_spent_stays(bob: Customer, noon: datetime) -> None:
    """What is spent is spent oldest first."""
    pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "100.00", "2026-11-21 12:30")
    months.moved(Kind.ADJUSTMENT, bob, "50.00", "2026-11-21 12:40", note="Goodwill, never taxed")
    assert accounts(bob) == (D(50), D(0), D(20))

    settle(bob, "out", "50.00", noon)
    assert accounts(bob) == (D(0), D(50), D(20))


def test_the_tax_of_what_is_left_of_the_latest_top_up_comes_back(bob: Customer, noon: datetime) -> None:
    pay(bob, "120.00", noon)
    pay(bob, "60.00", noon + timedelta(hours=1))
    months.moved(Kind.USAGE, bob, "110.00", "2026-11-21 12:30")

    settle(bob, "out", "40.00", noon + timedelta(days=2))
    assert accounts(bob) == (D(0), D(48), D(22))


def test_calls_that_came_to_less_leave_more_of_the_top_up(bob: Customer, noon: datetime) -> None:
    pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "100.00", "2026-11-21 12:30")
    months.moved(Kind.USAGE, bob, "-50.00", "2026-11-21 12:40")

    settle(bob, "out", "50.00", noon + timedelta(days=2))
    assert accounts(bob) == (D(0), D(60), D(10))


def test_a_debt_that_was_billed_hides_no_top_up(bob: Customer, noon: datetime) -> None:
    """Its tax is on the invoice: whatever comes back of what was spent is what was paid in."""
    paid = pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "160.00", "2026-11-21 12:30")
    wallet_debts.bill(bob, D("60.00"), actor=jane, at=noon + timedelta(hours=1), key="1")
    months.moved(Kind.USAGE, bob, "-50.00", "2026-11-21 14:00")
    assert givebacks.most_refundable(paid, Standing.objects.get(customer=bob)) == 60

    settle(bob, "out", "50.00", noon + timedelta(days=2))
    assert accounts(bob) == (D(0), D(0), D(10))
    assert books(bob) == []


def test_a_gift_that_filled_what_a_wallet_owed_is_still_a_gift(bob: Customer, noon: datetime) -> None:
    """Tax stays for what was consumed, whoever paid for it: 60.00 in the end."""
    paid = pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "60.00", "2026-11-21 12:30")
    lost = givebacks.charge_back(paid, D("120.00"), reason="disputed", actor=jane, at=noon + timedelta(hours=1), key="1")
    months.moved(Kind.ADJUSTMENT, bob, "60.00", "2026-11-21 14:00", note="Goodwill, never taxed")
    assert accounts(bob) == (D(0), D(0), D(0))
    back(givebacks.movements_of(lost)[0], noon + timedelta(hours=3))

    settle(bob, "out", "100.00", noon + timedelta(days=2))
    assert accounts(bob) == (D(0), D(108), D(12))
    assert books(bob) == []


def test_what_is_settled_of_a_gift_is_no_longer_there(bob: Customer, noon: datetime) -> None:
    pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "40.00", "2026-11-21 12:30")
    gift = months.moved(Kind.ADJUSTMENT, bob, "50.00", "2026-11-21 12:40", note="Goodwill")
    out = settle(bob, "out", "80.00", noon + timedelta(hours=1), "1")
    assert accounts(bob) == (D(30), D(92), D(8))
    with pytest.raises(DomainError, match="given_back"):
        back(gift, noon + timedelta(hours=1))

    months.moved(Kind.USAGE, bob, "-40.00", "2026-11-21 14:00")
    settle(bob, "out", "70.00", noon + timedelta(hours=3), "2")
    assert accounts(bob) == (D(0), D(170), D(0))
    assert books(bob) == []

    back(out[0], noon + timedelta(hours=4))
    assert accounts(bob) == (D(80), D(78), D(12))
    assert books(bob) == []


@pytest.mark.rel(94)
def test_a_chargeback_takes_what_was_settled_into_the_wallet(paul: Customer, noon: datetime) -> None:
    paid = pay(paul, "120.00", noon)
    settle(paul, "into", "120.00", noon)
    months.moved(Kind.ADJUSTMENT, paul, "-70.00", "2026-11-21 12:40", account=AccountKind.WALLET)

    givebacks.charge_back(paid, D("60.00"), reason="disputed", actor=jane, at=noon, key="1")
    assert accounts(paul) == (D(-20), D(0), D(10))
    with pytest.raises(DomainError, match="more_than_paid"):
        givebacks.charge_back(paid, D("60.01"), reason="disputed", actor=jane, at=noon, key="2")
    givebacks.charge_back(paid, D("60.00"), reason="disputed", actor=jane, at=noon, key="3")
    assert accounts(paul) == (D(-70), D(0), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(94)
def test_a_chargeback_takes_what_was_settled_out_of_the_wallet_and_its_invoice_is_open_again(bob: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, bob, "50.00", "2026-10-05 12:00", account=AccountKind.RECEIVABLE)
    [october] = months.issue("2026-11-01", first)
    paid = pay(bob, "120.00", noon)
    settle(bob, "out", "80.00", noon)
    assert (accounts(bob), months.due(october)) == ((D(20), D(36), D(14)), "0.00")

    back = givebacks.charge_back(paid, D("120.00"), reason="disputed", actor=jane, at=noon, key="1")
    assert (accounts(bob), months.due(october), identity(bob)) == ((D(0), D(-60), D(10)), "60.00", D(0))
    assert ledger_check.check().differences == []

    reversals.take_back(givebacks.movements_of(back)[0], reason="won", actor=jane, at=noon)
    assert (accounts(bob), months.due(october), identity(bob)) == ((D(20), D(36), D(14)), "0.00", D(0))
    assert givebacks.most_chargeable(paid) == 120
    assert ledger_check.check().differences == []


@pytest.mark.rel(94)
def test_a_chargeback_follows_the_money_there_and_back(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "120.00", noon)
    settle(bob, "out", "100.00", noon, "1")
    settle(bob, "into", "90.00", noon, "2")
    settle(bob, "out", "15.00", noon, "3")
    assert accounts(bob) == (D(60), D(48), D(12))

    givebacks.charge_back(paid, D("120.00"), reason="disputed", actor=jane, at=noon, key="1")
    assert accounts(bob) == (D(0), D(0), D(0))
    assert (identity(bob), givebacks.most_chargeable(paid)) == (D(0), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_settlement_is_taken_back_whole_and_once(bob: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, bob, "50.00", "2026-10-05 12:00", account=AccountKind.RECEIVABLE)
    [october] = months.issue("2026-11-01", first)
    pay(bob, "120.00", noon)
    made = settle(bob, "out", "100.00", noon)

    assert len(back(made[0], noon)) == 2
    assert [back(each, noon) for each in made] == [[], []]
    assert (accounts(bob), months.due(october), identity(bob)) == ((D(100), D(-60), D(30)), "60.00", D(0))
    settle(bob, "out", "100.00", noon, "2")
    assert (accounts(bob), months.due(october)) == ((D(0), D(60), D(10)), "0.00")
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_mistaken_payment_that_was_settled_is_taken_back_after_its_settlements(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "120.00", noon)
    out, into = settle(bob, "out", "100.00", noon, "1"), settle(bob, "into", "120.00", noon, "2")
    for movement in (paid.transfer, out[0]):
        with pytest.raises(DomainError, match="given_back"):
            back(movement, noon)

    for movement in (into[0], out[0], paid.transfer):
        back(movement, noon)
    assert accounts(bob) == (D(0), D(0), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_settlement_into_the_wallet_is_taken_back_while_it_is_there(paul: Customer, noon: datetime) -> None:
    pay(paul, "120.00", noon)
    made = settle(paul, "into", "120.00", noon)
    spent = months.moved(Kind.ADJUSTMENT, paul, "-0.01", "2026-11-21 12:40", account=AccountKind.WALLET)
    with pytest.raises(DomainError, match="wallet_used"):
        back(made[0], noon)
    assert accounts(paul) == (D("99.99"), D(0), D(20))

    back(spent, noon)
    back(made[0], noon)
    assert accounts(paul) == (D(0), D(120), D(0))


def test_what_was_spent_is_not_refunded_out_of_goodwill(bob: Customer, noon: datetime) -> None:
    paid = pay(bob, "120.00", noon)
    months.moved(Kind.USAGE, bob, "90.00", "2026-11-21 12:30")
    months.moved(Kind.ADJUSTMENT, bob, "50.00", "2026-11-21 12:40", note="Goodwill")

    assert givebacks.most_refundable(paid, Standing.objects.get(customer=bob)) == 12
    with pytest.raises(DomainError, match="wallet_used"):
        givebacks.refund(paid, D("12.02"), reason="x", actor=jane, at=noon, key="1")
    givebacks.refund(paid, D("12.00"), reason="x", actor=jane, at=noon, key="2")
    assert accounts(bob) == (D(50), D(0), D(18))
