"""The same key with other figures moves nothing and says so, whatever it is for; nor is told as done what was taken back since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import AccountKind, BillingType, Customer, Kind, Transfer, UsedKey
from invoicing.domain import credit_notes, entries, givebacks, payments, reversals, runs, settlements, wallet_debts, write_offs
from invoicing.models import Document, GiveBack, InvoiceRun, Payment
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
    topup: Payment
    free: Payment


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
    topup, free = (payments.record(who, D("120.00"), reference="", actor=jane, at=NOW, key=f"before {who.pk}") for who in (bob, world.customer("Ida Ltd")))
    months.moved(Kind.ADJUSTMENT, paul, "-7.5000", "2026-12-02 08:00", account=AccountKind.WALLET)
    months.moved(Kind.ADJUSTMENT, other, "-7.5000", "2026-12-02 08:00", account=AccountKind.WALLET)
    invoice, second, of_another = found
    return Ground(paul, bob, invoice, second, of_another, topup, free)


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


def refunded(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"verb": givebacks.refund, "payment": ground.topup, "amount": D("6.00"), "reason": "Paid twice"} | changes
    return asked.pop("verb")(asked.pop("payment"), asked.pop("amount"), **asked, **given)


def charged_back(ground: Ground, **changes: Any) -> Any:
    return refunded(ground, **({"verb": givebacks.charge_back} | changes))


def billed(ground: Ground, **changes: Any) -> Any:
    asked: dict[str, Any] = {"customer": ground.paul, "owed": D("7.5")} | changes
    return wallet_debts.bill(asked.pop("customer"), **asked, **given)


VERBS = [paid, written, settled, credited, written_off, refunded, charged_back, billed]


@pytest.mark.parametrize("verb", VERBS)
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
        (refunded, lambda ground: {"amount": D("12.00")}),
        (refunded, lambda ground: {"reason": "Something else"}),
        (refunded, lambda ground: {"payment": ground.free}),
        (refunded, lambda ground: {"verb": givebacks.charge_back}),
        (charged_back, lambda ground: {"reason": "Something else"}),
        (billed, lambda ground: {"customer": ground.of_another.customer}),
        (billed, lambda ground: {"owed": D("7.51")}),
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


@pytest.mark.parametrize("verb", VERBS)
def test_what_was_done_before_keys_were_remembered_is_neither_done_again_nor_told_as_done(ground: Ground, verb: Callable[..., Any]) -> None:
    verb(ground)
    UsedKey.objects.all().delete()
    moved = Transfer.objects.count()

    with pytest.raises(DomainError, match="key_reused"):
        verb(ground)

    assert Transfer.objects.count() == moved


@pytest.mark.parametrize("verb", [paid, written, written_off, refunded, charged_back])
def test_what_was_taken_back_since_is_not_told_as_done(ground: Ground, verb: Callable[..., Any]) -> None:
    made = verb(ground)
    movement = givebacks.movements_of(made)[0] if isinstance(made, GiveBack) else getattr(made, "transfer", made)
    reversals.take_back(movement, reason="a mistake", actor=jane, at=NOW)

    with pytest.raises(DomainError, match="taken_back"):
        verb(ground)


def test_a_run_under_the_key_of_another_date_is_refused(ground: Ground) -> None:
    entries.write(ground.paul, "charge", D("1.00"), note="Cable", actor=jane, at=months.local("2026-12-05 12:00"), key="later")
    runs.start(date(2027, 1, 1), key="k", actor=jane, at=NOW)

    with pytest.raises(DomainError, match="key_reused"):
        runs.start(date(2027, 2, 1), key="k", actor=jane, at=NOW)

    assert InvoiceRun.objects.get().as_of == date(2027, 1, 1)


def test_a_run_under_the_key_of_one_for_other_customers_is_refused(ground: Ground) -> None:
    for each in (ground.paul, ground.of_another.customer):
        entries.write(each, "charge", D("1.00"), note="Cable", actor=jane, at=months.local("2026-12-05 12:00"), key=f"later {each.pk}")
    ids = [ground.paul.pk, ground.bob.pk]
    made = runs.start(date(2027, 1, 1), key="k", actor=jane, at=NOW, customer_ids=ids)

    for others in ([ground.paul.pk], [*ids, ground.of_another.customer.pk], None):
        with pytest.raises(DomainError, match="key_reused"):
            runs.start(date(2027, 1, 1), key="k", actor=jane, at=NOW, customer_ids=others)

    assert runs.start(date(2027, 1, 1), key="k", actor=jane, at=NOW, customer_ids=ids[::-1]) == made
    assert InvoiceRun.objects.get().items.get().customer == ground.paul
