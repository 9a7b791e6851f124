"""Many rows go in by one statement and are what was given."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.forms.models import model_to_dict

from billing_portal.tenancy import rows
from billing_portal.tenancy.models import ExchangeRate, new_id
from customers.models import Account, AccountKind, Customer, Kind, Transfer
from tests.support import world

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def transfer(of: Customer, key: str, number: int, **given: Any) -> Transfer:
    sides = {account.kind: account for account in Account.objects.filter(customer=of)}
    fields: dict[str, Any] = {"customer": of, "debit": sides[AccountKind.WALLET], "credit": sides[AccountKind.RECEIVABLE], "currency": "GBP"}
    fields |= {"amount": Decimal("0.000001"), "kind": Kind.SETTLE, "occurred_at": NOON, "posted_at": NOON, "key": key, "number": number, "actor_name": "Jane"}
    return Transfer(**fields | given)


def test_each_value_of_each_row_is_kept(acme: Any) -> None:
    anna = world.customer()
    given = [transfer(anna, "k1", 1, note="it's 100 % \\N {}\n„ä“", about_kind="call", about_id=new_id()), transfer(anna, "k2", 2, actor_id=new_id())]

    rows.insert(given)

    kept = list(Transfer.objects.order_by("key"))
    assert [model_to_dict(each) for each in kept] == [model_to_dict(each) for each in given]
    assert [(each.pk, each.created_at) for each in kept] == [(each.pk, each.created_at) for each in given]


def test_nothing_is_nothing(acme: Any) -> None:
    rows.insert([])

    assert not Transfer.objects.exists()


def test_a_row_that_the_database_refuses_takes_the_others_with_it(db: None) -> None:
    good, bad = (ExchangeRate(day=date(2026, 11, day), currency="GBP", per_euro=Decimal(units)) for day, units in ((20, "0.8"), (21, "-1")))

    with pytest.raises(IntegrityError, match="exchange_rate_above_zero"), transaction.atomic():
        rows.insert([good, bad])

    assert not ExchangeRate.objects.exists()


def test_an_inserted_row_is_changed_when_it_is_saved_again(db: None) -> None:
    rate = ExchangeRate(day=date(2026, 11, 20), currency="GBP", per_euro=Decimal("0.8"))
    rows.insert([rate])

    rate.per_euro = Decimal("0.9")
    rate.save()

    assert ExchangeRate.objects.get().per_euro == Decimal("0.9")
