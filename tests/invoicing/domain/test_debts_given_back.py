"""What a wallet spent beyond what was paid in, and was billed with its debt, is not given back beside that debt (semantics 3, 13, reliability 7)."""

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import new_id, records
from customers.domain import customers
from customers.models import BillingType, Customer, PlanAssignment, Standing, Transfer
from invoicing.domain import (
    credit_notes,
    entries,
    givebacks,
    ledger_check,
    payments,
    rerating,
    rerating_orders,
    reversals,
    settlements,
    wallet_debts,
    write_offs,
)
from invoicing.domain.rerating import Named
from invoicing.models import Call, Document, Payment
from invoicing.queries import documents as queries
from tests.support import months, world
from tests.support.months import D, due, figures
from tests.support.world import jane

pytestmark = [pytest.mark.django_db, pytest.mark.rel(7), pytest.mark.rel(31)]
LONDON = "442079460123"
MILLISECOND = 1_000_000


@pytest.fixture(autouse=True, params=["keys follow each other", "the clock goes back all the time"])
def clock_of_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of rows follow the clock of whoever wrote them; what came first is told by nothing of them (reliability 31)."""
    if request.param != "keys follow each other":
        ever_earlier = count(time.time_ns(), -MILLISECOND)
        monkeypatch.setattr(records, "uuid7", lambda: uuid7(nanoseconds=next(ever_earlier)))


@pytest.fixture
def bob() -> Customer:
    """Bob Ltd pays first, with VAT 20 %, and may owe 1,000.00; a minute costs 1.00."""
    dear = world.plan("Dear", rates={"44": ("United Kingdom", "1")})
    return world.customer("Bob Ltd", billing_type=BillingType.PREPAID, on=dear, taxes=(world.vat("20"),), limit="1000.00")


@pytest.fixture
def december() -> datetime:
    return months.local("2026-12-01 06:00")


def accounts(of: Customer) -> tuple[Decimal, Decimal]:
    row = Standing.objects.get(customer=of)
    return row.wallet, row.receivable


def charge(of: Customer, amount: str, at: datetime, key: str = "a") -> Transfer:
    made = entries.write(of, "charge", D(amount), note="phone", actor=jane, at=at, key=key, scope="product")
    return Transfer.objects.select_related("customer", "debit", "credit").get(pk=made.pk)


def bill(of: Customer, at: datetime, key: str = "b") -> Transfer:
    owed = -Standing.objects.get(customer=of).wallet
    made = wallet_debts.bill(of, owed, actor=jane, at=at, key=key)
    return Transfer.objects.select_related("customer", "debit", "credit").get(pk=made[0].pk)


def take_back(movement: Transfer, at: datetime) -> list[Transfer]:
    return reversals.take_back(movement, reason="by mistake", actor=jane, at=at)


def credit(document: Document, at: datetime) -> Document:
    return credit_notes.issue(Document.objects.select_related("customer").get(pk=document.pk), reason="wrong", actor=jane, at=at, key=str(document.pk))


def give_up(document: Document, at: datetime) -> Transfer:
    found: Any = queries.with_figures(Document.objects.filter(pk=document.pk).select_related("customer")).get()
    made = write_offs.write_off(found, found.left, reason="insolvent", actor=jane, at=at, key=str(document.pk))
    return Transfer.objects.select_related("customer", "debit", "credit").get(pk=made.pk)


def call_costs(of: Customer, price: str) -> None:
    PlanAssignment.objects.filter(customer=of).update(plan=world.plan(f"At {price}", rates={"44": ("United Kingdom", price)}))


def again(of: Customer, at: datetime) -> int:
    return rerating.rate_again(Named.of(Call.objects.filter(customer_id=of.pk)), new_id(), actor=jane, at=at).changed


ANSWERS: list[tuple[Callable[[Document, datetime], object], str, str]] = [
    (credit, "credited", "Credited on their invoice; charge by hand what is still owed"),
    (give_up, "written_off", "Written off on their invoice; take the write-off back first"),
]


@pytest.mark.parametrize(("answer", "code", "_said"), ANSWERS)
def test_what_a_debt_was_made_of_is_not_taken_back_once_its_line_was_answered(
    bob: Customer, noon: datetime, december: datetime, answer: Callable[[Document, datetime], object], code: str, _said: str
) -> None:
    made = charge(bob, "100.00", noon)
    bill(bob, noon)
    [document] = months.issue("2026-12-01", december)
    answer(document, december)
    assert accounts(bob) == (D(0), D(0))

    with pytest.raises(DomainError) as refused:
        take_back(made, december)
    assert (refused.value.code, accounts(bob)) == (code, (D(0), D(0)))
    assert ledger_check.check().differences == []


@pytest.mark.parametrize(("answer", "_code", "said"), ANSWERS)
def test_a_call_that_a_debt_stands_for_keeps_its_price_once_the_line_was_answered(
    bob: Customer, noon: datetime, december: datetime, answer: Callable[[Document, datetime], object], _code: str, said: str
) -> None:
    months.dialled(bob, "2026-11-20 12:00", LONDON, seconds=6000)
    bill(bob, noon)
    [document] = months.issue("2026-12-01", december)
    answer(document, december)
    call_costs(bob, "0")

    assert rerating_orders.preview(Call.objects.all()).reasons == [(said, 1)]
    assert (again(bob, december), accounts(bob)) == (0, (D(0), D(0)))


def test_as_long_as_the_debt_is_billed_what_it_was_made_of_stays_and_after_it_was_taken_back_it_goes(bob: Customer, noon: datetime) -> None:
    made = charge(bob, "60.00", noon)
    months.dialled(bob, "2026-11-20 12:00", LONDON, seconds=2400)
    debt = bill(bob, noon)
    call_costs(bob, "0.5")
    with pytest.raises(DomainError, match="debt_billed") as refused:
        take_back(made, noon)
    assert refused.value.message == "The wallet's debt was billed with this in it. Take that debt back first."
    assert rerating_orders.preview(Call.objects.all()).reasons == [
        ("Billed with the wallet's debt; take that back first, or credit by hand what was too much", 1)
    ]
    assert (again(bob, noon), accounts(bob)) == (0, (D(0), D(-100)))

    take_back(debt, noon)
    take_back(made, noon)
    assert (again(bob, noon), accounts(bob)) == (1, (D(-20), D(0)))
    assert ledger_check.check().differences == []


def test_of_who_pays_afterwards_by_now_it_is_credited_by_hand(bob: Customer, noon: datetime) -> None:
    made = charge(bob, "60.00", noon)
    bill(bob, noon)
    bob = customers.change(bob, billing_type="postpaid", actor=jane, at=noon)

    with pytest.raises(DomainError, match="debt_billed") as refused:
        take_back(made, noon)
    assert refused.value.message == "The wallet's debt was billed with this in it, and no invoice asks for it otherwise. Write a credit where it was wrong."


def test_what_was_paid_for_is_taken_back_beside_a_debt_that_came_later(bob: Customer, noon: datetime) -> None:
    """Paid in 50.00: of 50.00, 30.00 and 20.00 the debt of 50.00 is the last two."""
    payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="p")
    paid, owed, last = charge(bob, "50.00", noon, "1"), charge(bob, "30.00", noon, "2"), charge(bob, "20.00", noon, "3")
    bill(bob, noon)
    later = charge(bob, "5.00", noon, "4")

    for movement in (owed, last):
        with pytest.raises(DomainError, match="debt_billed"):
            take_back(movement, noon)
    take_back(later, noon)
    take_back(paid, noon)
    assert accounts(bob) == (D(50), D(-50))


def test_what_the_debt_stands_for_in_part_stays_whole(bob: Customer, noon: datetime) -> None:
    payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="p")
    first, half = charge(bob, "30.00", noon, "1"), charge(bob, "40.00", noon, "2")
    bill(bob, noon)
    with pytest.raises(DomainError, match="debt_billed"):
        take_back(half, noon)
    take_back(first, noon)
    assert accounts(bob) == (D(30), D(-20))


def test_a_second_debt_stands_for_what_the_first_does_not(bob: Customer, noon: datetime) -> None:
    """Two top-ups are spent and charged back one after the other, each debt billed: both charges are, and only the free one before them is not."""
    paid = [payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key=f"p{number}") for number in range(3)]
    made = [charge(bob, "50.00", noon, str(number)) for number in range(3)]
    debts = []
    for number in (2, 1):
        givebacks.charge_back(paid[number], D("60.00"), reason="bank", actor=jane, at=noon, key=f"c{number}")
        debts.append(bill(bob, noon, f"b{number}"))
    for movement in made[1:]:
        with pytest.raises(DomainError, match="debt_billed"):
            take_back(movement, noon)
    take_back(made[0], noon)
    assert accounts(bob) == (D(50), D(-100))

    take_back(debts[0], noon)
    with pytest.raises(DomainError, match="debt_billed"):
        take_back(made[2], noon)
    take_back(made[1], noon)
    assert accounts(bob) == (D(50), D(-50))


def test_a_call_rated_cheaper_before_the_debt_owes_so_much_less(bob: Customer, noon: datetime) -> None:
    made = charge(bob, "10.00", noon)
    months.dialled(bob, "2026-11-20 12:00", LONDON, seconds=600)
    call_costs(bob, "0.4")
    assert again(bob, noon) == 1
    assert accounts(bob) == (D(-14), D(0))
    bill(bob, noon)
    call_costs(bob, "0")
    assert again(bob, noon) == 0
    with pytest.raises(DomainError, match="debt_billed"):
        take_back(made, noon)


def test_a_call_that_was_paid_for_is_rated_cheaper_once_more_beside_a_debt_that_came_later(bob: Customer, noon: datetime) -> None:
    """50.00 paid the call; the debt stands for the charge alone, as far as the call that got cheaper left one."""
    payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="p")
    months.dialled(bob, "2026-11-20 12:00", LONDON, seconds=600)
    charge(bob, "60.00", noon)
    call_costs(bob, "0.4")
    assert (again(bob, noon), accounts(bob)) == (1, (D(-14), D(0)))
    bill(bob, noon)

    call_costs(bob, "0")
    assert (again(bob, noon), accounts(bob)) == (1, (D(4), D(-14)))


def charged_back(payment: Payment, at: datetime) -> Transfer:
    made = givebacks.charge_back(payment, payment.gross, reason="bank", actor=jane, at=at, key="c")
    return Transfer.objects.select_related("customer", "debit", "credit").get(pk=givebacks.movements_of(made)[0].pk)


@pytest.mark.parametrize("afterwards", [False, True])
def test_a_chargeback_is_won_only_after_the_write_off_of_the_debt_that_it_made_was_taken_back(
    bob: Customer, noon: datetime, december: datetime, afterwards: bool
) -> None:
    paid = payments.record(bob, D("120.00"), reference="", actor=jane, at=noon, key="p")
    charge(bob, "100.00", noon)
    if afterwards:
        bob = customers.change(bob, billing_type="postpaid", actor=jane, at=noon)
    gone = charged_back(paid, noon)
    bill(bob, noon)
    [document] = months.issue("2026-12-01", december)
    given_up = give_up(document, december)
    win = partial(take_back, gone, december)
    with pytest.raises(DomainError, match="written_off") as refused:
        win()
    assert (refused.value.message, accounts(bob)) == ("What was due without this money was written off. Take the write-off back first.", (D(0), D(0)))

    take_back(given_up, december)
    win()
    assert (accounts(bob), due(document)) == ((D(100), D(-120)), "120.00")
    assert ledger_check.check().differences == []


def test_a_chargeback_is_won_only_after_the_write_off_of_the_invoice_that_it_opened_was_taken_back(anna: Customer, noon: datetime, december: datetime) -> None:
    charge(anna, "100.00", noon)
    [document] = months.issue("2026-12-01", december, anna)
    paid = payments.record(anna, Document.objects.get(pk=document.pk).total, reference="", actor=jane, at=december, key="p")
    gone = charged_back(paid, december)
    given_up = give_up(document, december)
    with pytest.raises(DomainError, match="written_off"):
        take_back(gone, december)

    take_back(given_up, december)
    take_back(gone, december)
    assert (due(document), accounts(anna)) == ("0.00", (D(0), D(0)))
    assert ledger_check.check().differences == []


def test_a_debt_is_not_written_off_while_the_money_of_a_chargeback_won_since_is_in_the_wallet(bob: Customer, noon: datetime, december: datetime) -> None:
    paid = payments.record(bob, D("12.00"), reference="", actor=jane, at=noon, key="p")
    charge(bob, "10.00", noon)
    gone = charged_back(paid, noon)
    bill(bob, noon)
    [document] = months.issue("2026-12-01", december, bob)
    take_back(gone, december)
    assert (due(document), accounts(bob)) == ("12.00", (D(10), D(-12)))

    with pytest.raises(DomainError, match="wallet_holds") as refused:
        give_up(document, december)
    assert refused.value.message == "A debt of the wallet is on it, and the wallet holds 10.00 GBP. Settle that out of the wallet first."
    settlements.settle(bob, "out", D("10.00"), actor=jane, at=december, key="s")
    assert (due(document), accounts(bob)) == ("0.00", (D(0), D(0)))
    assert ledger_check.check().differences == []


def test_a_write_off_before_the_chargeback_does_not_stop_it_from_being_won(anna: Customer, noon: datetime, december: datetime) -> None:
    charge(anna, "100.00", noon)
    [document] = months.issue("2026-12-01", december, anna)
    give_up(document, december)
    paid = payments.record(anna, D("30.00"), reference="", actor=jane, at=december, key="p")
    gone = charged_back(paid, december)

    take_back(gone, december)
    assert accounts(anna) == (D(0), D(30))


def test_a_debt_taken_back_before_its_invoice_does_not_stop_another_way_of_paying(bob: Customer, noon: datetime, december: datetime) -> None:
    """The two of them cancel out; they stay open, and stand on the next document."""
    charge(bob, "10.00", noon)
    take_back(bill(bob, noon), noon)
    payments.record(bob, D("12.00"), reference="", actor=jane, at=noon, key="p")

    bob = customers.change(bob, billing_type="postpaid", actor=jane, at=noon)
    assert (bob.billing_type, Document.objects.filter(kind="invoice").count(), accounts(bob)) == ("postpaid", 0, (D(0), D(0)))
    charge(bob, "1.00", noon, "later")
    [november] = months.issue("2026-12-01", december)
    assert figures(november) == ("1.00", "0.20", "1.20")
    assert ledger_check.check().differences == []


def test_less_than_the_minor_unit_does_not_stop_another_way_of_paying(noon: datetime) -> None:
    yens = world.plan("Yens", "JPY", {"44": ("United Kingdom", "0.4")})
    yuki = world.customer("Yuki", on=yens, currency="JPY", billing_type=BillingType.PREPAID, taxes=(world.vat("10"),), limit="1000")
    months.dialled(yuki, "2026-11-20 12:00", LONDON, seconds=60)
    bill(yuki, noon)
    yuki = customers.change(yuki, billing_type="postpaid", actor=jane, at=noon)
    assert (yuki.billing_type, accounts(yuki)) == ("postpaid", (D(0), D("-0.4")))


def test_a_tax_that_is_left_of_what_comes_to_nothing_stops_it(acme: Any, noon: datetime) -> None:
    """A charge of 10.00 bears 2.00, an adjustment of 12.00 none: the tax is still to be invoiced."""
    paul = world.customer("Paul Ltd", on=world.plan("Other"), taxes=(world.vat("20"),))
    charge(paul, "10.00", noon)
    entries.write(paul, "raise", D("12.00"), note="sorry", actor=jane, at=noon, key="r")
    with pytest.raises(DomainError, match="zero"):
        customers.change(paul, billing_type="prepaid", actor=jane, at=noon)
    assert Customer.objects.get(pk=paul.pk).billing_type == "postpaid"
