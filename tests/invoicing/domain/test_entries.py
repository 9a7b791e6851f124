"""Charges, credits and adjustments by hand: on the next invoice, taxed by what they are for; a wallet pays only what it has."""

from datetime import datetime

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from customers.models import BillingType, Customer, Transfer
from invoicing.domain import entries, ledger_check
from rateplans.models import Tax
from tests.support import months, world
from tests.support.months import D, figures, lines
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


def write(of: Customer, entry: str, amount: str, at: datetime, *, scope: str = "charge", key: str = "") -> Transfer:
    return entries.write(of, entry, D(amount), note=f"{entry} for {scope}", scope=scope, actor=jane, at=at, key=key or f"{entry} {scope} {amount}")


def test_they_are_lines_of_the_next_invoice(first: datetime) -> None:
    anna = world.customer("Anna Ltd", taxes=(world.vat("20"),))
    at = first.replace(month=10, day=5)
    for entry, amount in (("charge", "50.00"), ("credit", "10.00"), ("raise", "3.00"), ("lower", "1.00")):
        write(anna, entry, amount, at)
    assert balance(anna) == -38

    [october] = months.issue("2026-11-01", first)

    assert [(line[0], line[2]) for line in lines(october)] == [
        ("charge for charge", "50.00"),
        ("credit for charge", "-10.00"),
        ("raise for charge", "-3.00"),
        ("lower for charge", "1.00"),
    ]
    assert figures(october) == ("38.00", "8.00", "46.00")
    assert ledger_check.check().differences == []


@pytest.mark.parametrize(
    ("entry", "scope", "taxed"),
    [
        ("charge", "charge", "on_charges"),
        ("charge", "product", "on_products"),
        ("credit", "fee", "on_account_fees"),
        ("credit", "feature", "on_features"),
        ("credit", "call", "on_calls"),
    ],
)
def test_each_is_taxed_by_what_it_is_for(first: datetime, entry: str, scope: str, taxed: str) -> None:
    scopes = dict.fromkeys(("on_account_fees", "on_features", "on_calls", "on_products", "on_charges"), False)
    anna = world.customer("Anna Ltd", taxes=(Tax.objects.create(name="VAT", percent=D("10"), **(scopes | {taxed: True})),))
    at = first.replace(month=10, day=5)
    write(anna, entry, "10.00", at, scope=scope)
    write(anna, "lower", "100.00", at)

    [october] = months.issue("2026-11-01", first)

    assert figures(october)[1] == ("1.00" if entry == "charge" else "-1.00")


def test_a_wallet_pays_what_it_may_spend_and_no_more(noon: datetime) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, limit="5.00")
    write(bob, "credit", "10.00", noon)

    for entry in ("charge", "lower"):
        with pytest.raises(DomainError, match="no_funds"):
            write(bob, entry, "15.01", noon)
    write(bob, "charge", "15.00", noon)
    assert balance(bob) == -5


def test_the_same_form_twice_is_one_charge(noon: datetime) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID)
    write(bob, "raise", "10.00", noon)

    assert write(bob, "charge", "10.00", noon, key="k") == write(bob, "charge", "10.00", noon, key="k")
    assert balance(bob) == 0
    assert AuditEntry.objects.filter(action="entry.written").count() == 2


@pytest.mark.parametrize(
    ("entry", "amount", "note", "scope", "code"),
    [
        ("charge", "0", "x", "charge", "amount_not_positive"),
        ("charge", "1.001", "x", "charge", "amount_too_fine"),
        ("raise", "1.00", " ", "charge", "note_missing"),
        ("charge", "1.00", "x", "call", "scope_unknown"),
    ],
)
def test_what_is_none_cannot_be_written(noon: datetime, entry: str, amount: str, note: str, scope: str, code: str) -> None:
    anna = world.customer("Anna Ltd")
    with pytest.raises(DomainError, match=code):
        entries.write(anna, entry, D(amount), note=note, scope=scope, actor=jane, at=noon, key="1")
    assert not Transfer.objects.exists()
