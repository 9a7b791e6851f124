"""Whatever door money moves by when it is entered by hand, commerce enters no more at once than the cap of the settings (contracts, Rights)."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from customers.models import BillingType, Customer, Kind, Transfer
from invoicing.domain import credit_notes, decisions, entries, givebacks, payments, reversals, settlements, topups, wallet_debts, write_offs
from invoicing.domain.settlements import Way
from invoicing.models import Document, Payment
from rateplans.models import BillingTerms, OwnExchangeRate
from tests.support import months, world
from tests.support.months import D
from tests.support.people import user
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db

MOST = "Commerce may enter at most 500.00 GBP at once"
Verb = Callable[[Actor], object]
WHY: dict[str, Any] = {"reason": "x", "key": "k"}


@pytest.fixture
def carl(acme: Any) -> Actor:
    """Of commerce, where 500.00 GBP are entered at most."""
    BillingTerms.objects.create(amount_cap=D("500.00"))
    return Actor.of(user("carl", Role.COMMERCE))


@pytest.fixture
def boss(acme: Any) -> Actor:
    return Actor.of(user("boss"))


def paid(amount: Decimal, at: datetime, **given: Any) -> Payment:
    """Received from somebody who owes nothing."""
    customer = world.customer(f"Payer of {amount}", **given)
    return payments.record(customer, amount, reference="", actor=jane, at=at, key=f"paid {customer.pk}")


def invoiced(amount: Decimal) -> Document:
    """Over this amount, nothing of it tax."""
    customer = world.customer(f"Buyer for {amount}")
    months.moved(Kind.CHARGE, customer, str(amount), "2026-10-05 12:00")
    [document] = months.issue("2026-11-01", months.local("2026-11-01 06:00"), customer)
    return document


def payment(amount: Decimal, at: datetime) -> Verb:
    customer = world.customer(f"Anna {amount}")
    return lambda who: payments.record(customer, amount, reference="", actor=who, at=at, key=f"k {amount}")


def top_up(amount: Decimal, at: datetime) -> Verb:
    """With tax: the amount that was entered counts, not what reaches the wallet."""
    customer = world.customer(f"Anna {amount}", billing_type=BillingType.PREPAID, taxes=(world.vat(str(amount % 20)),))
    return lambda who: payments.record(customer, amount, reference="", actor=who, at=at, key=f"k {amount}")


def request(amount: Decimal, at: datetime) -> Verb:
    asked = topups.ask(world.customer(f"Anna {amount}"), amount, actor=jane, at=at)
    return lambda who: decisions.approve(asked, actor=who, at=at)


def entry(kind: str) -> Callable[[Decimal, datetime], Verb]:
    def door(amount: Decimal, at: datetime) -> Verb:
        customer = world.customer(f"Anna {amount}")
        return lambda who: entries.write(customer, kind, amount, note="x", actor=who, at=at, key=f"k {amount}")

    return door


def refund(amount: Decimal, at: datetime) -> Verb:
    received = paid(amount, at)
    return lambda who: givebacks.refund(received, amount, reason="x", actor=who, at=at, key=f"k {amount}")


def chargeback(amount: Decimal, at: datetime) -> Verb:
    received = paid(amount, at)
    return lambda who: givebacks.charge_back(received, amount, reason="x", actor=who, at=at, key=f"k {amount}")


def credit_note(amount: Decimal, at: datetime) -> Verb:
    document = invoiced(amount)
    return lambda who: credit_notes.issue(document, reason="x", actor=who, at=at, key=f"k {amount}")


def write_off(amount: Decimal, at: datetime) -> Verb:
    document = invoiced(amount)
    return lambda who: write_offs.write_off(document, amount, reason="x", actor=who, at=at, key=f"k {amount}")


def settlement(amount: Decimal, at: datetime) -> Verb:
    customer = paid(amount, at).transfer.customer
    return lambda who: settlements.settle(customer, Way.INTO, amount, actor=who, at=at, key=f"k {amount}")


def wallet_debt(amount: Decimal, at: datetime) -> Verb:
    customer = world.customer(f"Anna {amount}", billing_type=BillingType.PREPAID)
    months.calls(customer, "2026-11-20 12:00", price=str(amount))
    return lambda who: wallet_debts.bill(customer, amount, actor=who, at=at, key=f"k {amount}")


def taking_back(made: Callable[[Decimal, datetime], Transfer]) -> Callable[[Decimal, datetime], Verb]:
    def door(amount: Decimal, at: datetime) -> Verb:
        movement = made(amount, at)
        return lambda who: reversals.take_back(movement, reason="x", actor=who, at=at)

    return door


def a_top_up(amount: Decimal, at: datetime) -> Transfer:
    return paid(amount, at, billing_type=BillingType.PREPAID, taxes=(world.vat(str(amount % 20)),)).transfer


def a_charge(amount: Decimal, at: datetime) -> Transfer:
    return entries.write(world.customer(f"Anna {amount}"), "charge", amount, note="x", actor=jane, at=at, key=f"k {amount}")


def a_debt(amount: Decimal, at: datetime) -> Transfer:
    made: list[Transfer] = wallet_debt(amount, at)(jane)  # type: ignore[assignment]
    return made[0]


DOORS: dict[str, Callable[[Decimal, datetime], Verb]] = {
    "payment": payment,
    "top-up": top_up,
    "request": request,
    **{kind: entry(kind) for kind in ("charge", "credit", "raise", "lower")},
    "refund": refund,
    "chargeback": chargeback,
    "credit note": credit_note,
    "write-off": write_off,
    "settlement": settlement,
    "debt of a wallet": wallet_debt,
    "top-up taken back": taking_back(a_top_up),
    "charge taken back": taking_back(a_charge),
    "debt taken back": taking_back(a_debt),
}


@pytest.mark.parametrize("door", DOORS)
def test_commerce_enters_the_cap_and_no_more_and_an_administrator_any_amount(carl: Actor, boss: Actor, noon: datetime, door: str) -> None:
    within, beyond = (DOORS[door](D(amount), noon) for amount in ("500.00", "500.01"))
    moved = Transfer.objects.count()

    with pytest.raises(DomainError) as refused:
        beyond(carl)
    said = refused.value
    assert (said.code, said.message, said.field) == ("over_cap", f"{MOST}; ask an administrator.", "lines" if door == "credit note" else "amount")
    assert Transfer.objects.count() == moved
    within(carl)
    beyond(boss)
    assert Transfer.objects.count() >= moved + 2


def test_what_is_left_of_an_invoice_is_credited_by_commerce_line_by_line(carl: Actor, noon: datetime) -> None:
    """The cap is for what is entered at once."""
    anna = world.customer()
    for amount in ("300.00", "300.01"):
        months.moved(Kind.CHARGE, anna, amount, "2026-10-05 12:00", note=amount)
    [document] = months.issue("2026-11-01", months.local("2026-11-01 06:00"))

    with pytest.raises(DomainError, match="over_cap"):
        credit_notes.issue(document, actor=carl, at=noon, **WHY)
    notes = [credit_notes.issue(document, positions=[position], reason="x", actor=carl, at=noon, key=f"k{position}") for position in (1, 2)]
    assert [str(note.total) for note in notes] == ["300.000000", "300.010000"]


def test_another_currency_counts_at_the_rate_of_the_day_and_is_refused_while_there_is_none(carl: Actor, boss: Actor, noon: datetime) -> None:
    def enter(who: Actor, amount: str, *, key: str = "k") -> Payment:
        return payments.record(anna, D(amount), reference="", actor=who, at=noon, key=key)

    def refusal(amount: str) -> tuple[str, str]:
        with pytest.raises(DomainError) as refused:
            enter(carl, amount, key=amount)
        return refused.value.code, refused.value.message

    anna: Customer = world.customer(currency="EUR")
    OwnExchangeRate.objects.create(day=date(2026, 11, 13), currency="GBP", per_euro=D("0.8"))
    unknown = f"{MOST}, and no exchange rate says what EUR are in GBP today; ask an administrator."
    assert refusal("1.00") == ("no_exchange_rate", unknown)
    enter(boss, "1.00")

    OwnExchangeRate.objects.create(day=date(2026, 11, 14), currency="GBP", per_euro=D("0.8"))
    assert refusal("625.01") == ("over_cap", f"{MOST}, and this is 500.01 GBP today; ask an administrator.")
    enter(carl, "625.00", key="k2")
    assert Payment.objects.count() == 2


def test_a_form_that_was_saved_answers_the_same_after_the_cap_was_lowered(carl: Actor, noon: datetime) -> None:
    saved, later = payment(D("400.00"), noon), payment(D("400.01"), noon)
    first = saved(carl)
    BillingTerms.objects.update(amount_cap=D("100.00"))

    assert saved(carl) == first
    with pytest.raises(DomainError, match="over_cap"):
        later(carl)


def test_what_commerce_settled_out_of_a_wallet_it_takes_back_with_the_tax_that_came_with_it(carl: Actor, noon: datetime) -> None:
    customer = paid(D("720.00"), noon, billing_type=BillingType.PREPAID, taxes=(world.vat("20"),)).transfer.customer
    made = settlements.settle(customer, Way.OUT, D("500.00"), actor=carl, at=noon, key="k")
    assert balance(customer) == 600 + 100

    assert len(reversals.take_back(made[0], reason="x", actor=carl, at=noon)) == len(made)
    assert balance(customer) == 600
