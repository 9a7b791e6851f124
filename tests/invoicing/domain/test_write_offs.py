"""What will never be paid settles the invoice as bad debt, no more than is due, and can be taken back."""

from datetime import datetime
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import Customer, Standing, Transfer
from invoicing.domain import entries, ledger_check, reversals, write_offs
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


def test_a_write_off_taken_back_makes_it_due_again(october: Any, noon: datetime) -> None:
    gone = write_off(october, "12.00", noon)
    reversals.take_back(gone, reason="paid after all", actor=jane, at=noon)

    assert (due(october), balance(october.customer)) == ("12.00", D(-12))
    assert Standing.objects.get(customer=october.customer).overdue_since == october.due_on
    assert ledger_check.check().differences == []
