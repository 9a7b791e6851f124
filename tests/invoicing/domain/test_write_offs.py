"""What will never be paid settles the invoice as bad debt, no more than is due, and can be taken back."""

from datetime import datetime
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import Customer, Kind, Standing, Transfer
from invoicing.domain import credit_notes, entries, ledger_check, reversals, write_offs
from tests.support import months, world
from tests.support.months import D, due, identity
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def october(switch: Any, first: datetime) -> Any:
    """Anna's invoice over 12.00, of which 2.00 are tax."""
    months.anna()
    [document] = months.issue("2026-11-01", first)
    return document


def write_off(document: Any, amount: str, at: datetime, key: str = "1") -> Transfer:
    return write_offs.write_off(document, D(amount), reason="insolvent", actor=jane, at=at, key=key)


def test_what_is_due_is_written_off_once(october: Any, noon: datetime) -> None:
    anna: Customer = october.customer
    assert write_off(october, "5.00", noon) == write_off(october, "5.00", noon)
    write_off(october, "7.00", noon, "2")

    assert (due(october), balance(anna), identity(anna)) == ("0.00", D(0), D(0))
    assert Standing.objects.get(customer=anna).overdue_since is None
    assert ledger_check.check().differences == []


def test_no_more_is_written_off_than_is_due(october: Any, noon: datetime) -> None:
    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "12.01", noon)
    assert due(october) == "12.00"


@pytest.mark.rel(7)
def test_no_more_is_written_off_than_is_owed_in_all(first: datetime, noon: datetime) -> None:
    paul = world.customer("Paul Ltd", limit="500.00")
    at = months.local("2026-10-05 12:00")
    router, _cable = (entries.write(paul, "charge", D(amount), note="x", actor=jane, at=at, key=amount) for amount in ("100.00", "7.00"))
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(router, reason="never sent", actor=jane, at=noon)

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "7.01", noon)
    write_off(october, "7.00", noon)
    assert (balance(paul), due(october), identity(paul)) == (D(0), "100.00", D(0))
    assert ledger_check.check().differences == []


@pytest.fixture
def paul() -> Customer:
    """Paul Ltd pays afterwards, with VAT 20 %."""
    return world.customer("Paul Ltd", limit="500.00", taxes=(world.vat("20"),))


def charge(of: Customer, amount: str, when: str, entry: str = "charge") -> Transfer:
    return entries.write(of, entry, D(amount), note="x", actor=jane, at=months.local(when), key=f"{entry} {amount} {when}")


@pytest.mark.rel(7)
def test_the_tax_of_a_charge_that_was_taken_back_is_not_written_off_before_the_next_invoice_gives_it_back(
    paul: Customer, first: datetime, noon: datetime
) -> None:
    router = charge(paul, "100.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(router, reason="never sent", actor=jane, at=noon)
    assert (due(october), balance(paul)) == ("120.00", D(-20))

    with pytest.raises(DomainError, match="more_than_due") as refused:
        write_off(october, "0.01", noon)
    assert refused.value.field == "amount"
    assert refused.value.message == "At most 0.00 GBP can be given up: what else is due waits as a credit for the next invoice, or for a credit note."

    charge(paul, "300.00", "2026-11-22 12:00")
    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    assert (months.figures(november), balance(paul)) == (("200.00", "40.00", "240.00"), D(-360))
    write_off(october, "120.00", months.local("2026-12-02 06:00"), "2")
    assert (due(october), due(november), balance(paul), identity(paul)) == ("0.00", "240.00", D(-240), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_what_was_taken_back_of_an_invoice_is_not_given_up_with_it_because_another_is_open(paul: Customer, first: datetime) -> None:
    mistake = charge(paul, "100.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    charge(paul, "100.00", "2026-11-05 12:00")
    december = months.local("2026-12-01 06:00")
    [november] = months.issue("2026-12-01", december)
    reversals.take_back(mistake, reason="never ordered", actor=jane, at=december)

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "0.01", december)
    write_off(november, "120.00", december, "2")
    assert (due(october), due(november), balance(paul)) == ("120.00", "0.00", D(-20))  # the tax of what was taken back comes with the next invoice


@pytest.mark.rel(7)
def test_what_was_charged_again_by_hand_makes_no_room_because_that_can_be_taken_back_too(paul: Customer, first: datetime, noon: datetime) -> None:
    router = charge(paul, "100.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(router, reason="never sent", actor=jane, at=noon)
    charge(paul, "100.00", "2026-11-20 12:00")

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "0.01", noon)
    credit_notes.issue(october, reason="never sent", actor=jane, at=noon, key="n")  # closes it, and takes the credit that waits
    assert (due(october), balance(paul), identity(paul)) == ("0.00", D(-100), D(0))


@pytest.mark.rel(7)
def test_beside_what_was_taken_back_the_rest_is_written_off_to_the_cent(paul: Customer, first: datetime, noon: datetime) -> None:
    router, _cable = (charge(paul, amount, "2026-10-05 12:00") for amount in ("100.00", "7.00"))
    [october] = months.issue("2026-11-01", first)
    reversals.take_back(router, reason="never sent", actor=jane, at=noon)

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "8.41", noon)
    write_off(october, "8.40", noon)

    charge(paul, "100.00", "2026-11-22 12:00")
    charge(paul, "1.00", "2026-11-22 13:00")
    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    assert (due(october), due(november), balance(paul), identity(paul)) == ("120.00", "1.20", D("-121.20"), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_a_credit_that_waits_for_the_next_invoice_counts_with_its_tax(paul: Customer, first: datetime, noon: datetime) -> None:
    charge(paul, "100.00", "2026-10-05 12:00")
    [october] = months.issue("2026-11-01", first)
    charge(paul, "40.00", "2026-11-20 12:00", "credit")

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "72.01", noon)
    write_off(october, "72.00", noon)
    assert (due(october), balance(paul)) == ("48.00", D(-8))


@pytest.mark.rel(7)
def test_what_calls_rated_again_came_to_less_is_not_written_off_with_its_tax(october: Any, noon: datetime) -> None:
    months.moved(Kind.USAGE, october.customer, "-5.00", "2026-11-20 12:00", about=("call", october.pk))

    with pytest.raises(DomainError, match="more_than_due"):
        write_off(october, "6.01", noon)
    write_off(october, "6.00", noon)
    assert (due(october), balance(october.customer)) == ("6.00", D(-1))


def test_a_write_off_taken_back_makes_it_due_again(october: Any, noon: datetime) -> None:
    gone = write_off(october, "12.00", noon)
    reversals.take_back(gone, reason="paid after all", actor=jane, at=noon)

    assert (due(october), balance(october.customer)) == ("12.00", D(-12))
    assert Standing.objects.get(customer=october.customer).overdue_since == october.due_on
    assert ledger_check.check().differences == []
