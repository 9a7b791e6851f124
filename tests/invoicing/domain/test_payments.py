"""Money received settles what it should, once."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from billing_portal.kernel.errors import DomainError
from customers.models import BillingType, Customer, Kind, Transfer
from invoicing.domain import payments
from invoicing.models import Payment
from rateplans.models import Tax
from tests.support import months, world
from tests.support.months import D, due, identity
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def postpaid() -> Customer:
    return world.customer("Anna Ltd")


@pytest.fixture
def two(postpaid: Customer, first: datetime) -> tuple[Any, Any]:
    """October over 50.00 and November over 30.00."""
    months.moved(Kind.CHARGE, postpaid, "50.00", "2026-10-05 12:00")
    [old] = months.issue("2026-11-01", first)
    months.moved(Kind.CHARGE, postpaid, "30.00", "2026-11-05 12:00")
    [new] = months.issue("2026-12-01", first + timedelta(days=30))
    return old, new


def test_a_payment_settles_the_oldest_invoice_first(postpaid: Customer, two: tuple[Any, Any], noon: datetime) -> None:
    payments.record(postpaid, D("60.00"), reference="BACS 17", actor=jane, at=noon, key="1")

    assert [due(each) for each in two] == ["0.00", "20.00"]
    assert balance(postpaid) == -20
    assert identity(postpaid) == 0


def test_a_payment_settles_the_invoice_named_first(postpaid: Customer, two: tuple[Any, Any], noon: datetime) -> None:
    payments.record(postpaid, D("40.00"), reference="BACS 17", actor=jane, at=noon, key="1", pays=two[1])

    assert [due(each) for each in two] == ["40.00", "0.00"]
    assert identity(postpaid) == 0


def test_more_than_is_owed_stays_as_credit_and_pays_the_next_invoice(postpaid: Customer, first: datetime, noon: datetime) -> None:
    payments.record(postpaid, D("60.00"), reference="early", actor=jane, at=first - timedelta(days=20), key="1")
    months.moved(Kind.CHARGE, postpaid, "50.00", "2026-10-15 12:00")

    [invoice] = months.issue("2026-11-01", first)

    assert due(invoice) == "0.00"
    assert balance(postpaid) == 10
    assert (invoice.snapshot["previous_balance"], invoice.snapshot["to_pay"]) == ("-60.000000", "-10.000000")
    assert identity(postpaid) == 0


def test_several_payments_pay_one_invoice(postpaid: Customer, two: tuple[Any, Any], noon: datetime) -> None:
    for number in range(4):
        payments.record(postpaid, D("20.00"), reference="", actor=jane, at=noon, key=str(number))

    assert [due(each) for each in two] == ["0.00", "0.00"]
    one, other = "ACM-2026-0001", "ACM-2026-0002"
    assert months.matches(postpaid) == [(one, "20.00"), (one, "20.00"), (one, "10.00"), (other, "10.00"), (other, "20.00")]
    assert identity(postpaid) == 0


def test_the_same_form_twice_is_one_payment(postpaid: Customer, noon: datetime) -> None:
    first, second = (payments.record(postpaid, D("5.00"), reference="", actor=jane, at=noon, key="1") for _click in range(2))

    assert first == second
    assert balance(postpaid) == 5


def test_the_same_key_with_other_figures_cannot_be_recorded(postpaid: Customer, noon: datetime) -> None:
    payments.record(postpaid, D("5.00"), reference="", actor=jane, at=noon, key="1")
    with pytest.raises(DomainError, match="key_reused"):
        payments.record(postpaid, D("6.00"), reference="", actor=jane, at=noon, key="1")
    with pytest.raises(DomainError, match="key_reused"):
        payments.record(world.customer("Bob Ltd"), D("5.00"), reference="", actor=jane, at=noon, key="1")
    assert Payment.objects.count() == 1


def test_a_payment_cannot_settle_another_customers_invoice(two: tuple[Any, Any], noon: datetime) -> None:
    other = world.customer("Bob Ltd")
    with pytest.raises(DomainError, match="not_their_document"):
        payments.record(other, D("50.00"), reference="x", actor=jane, at=noon, key="1", pays=two[0])
    assert not Transfer.objects.filter(customer=other).exists()


@pytest.mark.parametrize(("amount", "code"), [("0", "amount_not_positive"), ("-1", "amount_not_positive"), ("1.001", "amount_too_fine")])
def test_an_amount_that_is_none_cannot_be_recorded(postpaid: Customer, noon: datetime, amount: str, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        payments.record(postpaid, D(amount), reference="", actor=jane, at=noon, key="1")
    assert Payment.objects.count() == 0


@pytest.mark.parametrize(
    ("gross", "percents", "tax"),
    [("60.00", ["20"], "10.00"), ("10.00", ["20"], "1.67"), ("0.01", ["20"], "0.00"), ("100.00", ["5", "9.975"], "13.02"), ("7.00", [], "0.00")],
)
def test_a_top_up_includes_the_taxes_on_calls(noon: datetime, gross: str, percents: list[str], tax: str) -> None:
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=tuple(world.vat(percent) for percent in percents))

    payments.record(pat, D(gross), reference="", actor=jane, at=noon, key="1")

    assert balance(pat) == Decimal(gross) - Decimal(tax)


def test_taxes_that_are_not_on_calls_are_not_taken_from_a_top_up(noon: datetime) -> None:
    levy = Tax.objects.create(name="Levy", percent=D("10"), on_calls=False)
    pat = world.customer("Pat Ltd", billing_type=BillingType.PREPAID, taxes=(levy,))

    payments.record(pat, D("10.00"), reference="", actor=jane, at=noon, key="1")

    assert balance(pat) == 10


def test_what_was_told_of_another_way_of_paying_is_refused_also_when_that_changed_in_the_last_moment(postpaid: Customer, noon: datetime) -> None:
    """The form was right when it was looked at; another person's change was waited for then."""
    for how, told in ((BillingType.PREPAID, False), (BillingType.POSTPAID, True)):
        record = partial(payments.record, postpaid, D("60.00"), reference="", actor=jane, at=noon, key="1", how=how)
        if told:
            assert record().transfer.kind == Kind.PAYMENT
        else:
            with pytest.raises(DomainError, match="pays_otherwise"):
                record()
