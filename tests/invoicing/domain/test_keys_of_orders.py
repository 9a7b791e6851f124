"""The same key with other figures moves nothing and says so, whatever it is for; nor is told as done what was taken back since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import BillingType, Customer, Transfer
from invoicing.domain import credit_notes, entries, payments, reversals, runs, settlements, write_offs
from invoicing.models import Document, InvoiceRun
from tests.support import months, world
from tests.support.months import D
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


@dataclass
class Ground:
    paul: Customer
    bob: Customer
    invoice: Document
    second: Document
    of_another: Document


@pytest.fixture
def ground(acme: Any) -> Ground:
    """Two invoices of Paul with two lines each, one of somebody else, and money in the wallet of Bob."""
    tax = world.vat("20")
    paul, other = (world.customer(name, taxes=(tax,), limit="500.00") for name in ("Paul Ltd", "Other Ltd"))
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(tax,))
    found = []
    for month, customer in ((10, paul), (11, paul), (10, other)):
        for number, amount in enumerate(("10.00", "20.00")):
            at = months.local(f"2026-{month}-05 12:00")
            entries.write(customer, "charge", D(amount), note="Router", actor=jane, at=at, key=f"{customer.pk}{month}{number}")
        found += months.issue(f"2026-{month + 1}-01", datetime(2026, month + 1, 1, 6, tzinfo=UTC), customer)
    payments.record(bob, D("120.00"), reference="", actor=jane, at=NOW, key="before")
    return Ground(paul, bob, *found)


Verb = Callable[[Ground], Any]
given: Any = {"actor": jane, "at": NOW, "key": "1"}


def paid(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"customer": ground.paul, "amount": D("5.00"), "reference": "Bank", "pays": None} | changes
    return payments.record(asked.pop("customer"), asked.pop("amount"), **asked, **given)


def written(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"customer": ground.paul, "entry": "raise", "amount": D("5.00"), "note": "Goodwill", "scope": "charge"} | changes
    return entries.write(asked.pop("customer"), asked.pop("entry"), asked.pop("amount"), **asked, **given)


def settled(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"way": "out", "amount": D("10.00")} | changes
    return settlements.settle(ground.bob, asked["way"], asked["amount"], **given)


def credited(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"document": ground.invoice, "positions": [1], "reason": "Broken"} | changes
    return credit_notes.issue(asked.pop("document"), **asked, **given)


def written_off(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"document": ground.invoice, "amount": D("5.00"), "reason": "Gone"} | changes
    return write_offs.write_off(asked.pop("document"), asked.pop("amount"), **asked, **given)


@pytest.mark.parametrize("verb", [paid, written, settled, credited, written_off])
def test_the_same_again_is_the_same(ground: Ground, verb: Callable[..., Any]) -> None:
    first, moved = verb(ground), Transfer.objects.count()

    assert (verb(ground), Transfer.objects.count()) == (first, moved)


@pytest.mark.parametrize(
    ("verb", "change"),
    [
        (paid, lambda ground: {"amount": D("6.00")}),
        (paid, lambda ground: {"customer": ground.bob}),
        (paid, lambda ground: {"reference": "Cash"}),
        (paid, lambda ground: {"pays": ground.invoice}),
        (written, lambda ground: {"entry": "lower"}),
        (written, lambda ground: {"entry": "credit"}),
        (written, lambda ground: {"amount": D("6.00")}),
        (written, lambda ground: {"note": "Something else"}),
        (written, lambda ground: {"scope": "call"}),
        (written, lambda ground: {"customer": ground.bob}),
        (settled, lambda ground: {"amount": D("90.00")}),
        (settled, lambda ground: {"way": "into"}),
        (credited, lambda ground: {"positions": [2]}),
        (credited, lambda ground: {"positions": None}),
        (credited, lambda ground: {"document": ground.second}),
        (credited, lambda ground: {"document": ground.of_another}),
        (written_off, lambda ground: {"amount": D("6.00")}),
        (written_off, lambda ground: {"document": ground.second}),
        (written_off, lambda ground: {"document": ground.of_another}),
    ],
)
def test_the_same_key_with_anything_else_moves_nothing_and_says_so(
    ground: Ground, verb: Callable[..., Any], change: Callable[[Ground], dict[str, Any]]
) -> None:
    verb(ground)
    moved = Transfer.objects.count()

    with pytest.raises(DomainError, match="key_reused"):
        verb(ground, **change(ground))

    assert Transfer.objects.count() == moved


@pytest.mark.parametrize("verb", [paid, written, written_off])
def test_what_was_taken_back_since_is_not_told_as_done(ground: Ground, verb: Callable[..., Any]) -> None:
    made = verb(ground)
    reversals.take_back(getattr(made, "transfer", made), reason="a mistake", actor=jane, at=NOW)

    with pytest.raises(DomainError, match="taken_back"):
        verb(ground)


def test_a_run_under_the_key_of_another_date_is_refused(ground: Ground) -> None:
    entries.write(ground.paul, "charge", D("1.00"), note="Cable", actor=jane, at=months.local("2026-12-05 12:00"), key="later")
    runs.start(date(2027, 1, 1), key="k", actor=jane, at=NOW)

    with pytest.raises(DomainError, match="key_reused"):
        runs.start(date(2027, 2, 1), key="k", actor=jane, at=NOW)

    assert InvoiceRun.objects.get().as_of == date(2027, 1, 1)
