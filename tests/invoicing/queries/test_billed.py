"""What an invoice took is given back once: by crediting its line, or by what answers its movements, never by both (semantics 13)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import new_id
from customers.domain import customers
from customers.models import Customer, CustomerTax, Kind
from invoicing.domain import credit_notes, ledger_check, payments, rerating, rerating_orders, write_offs
from invoicing.domain.rerating import Named, RatedAgain
from invoicing.models import Call, Document, Taken
from invoicing.queries import billed
from rateplans.domain import decks
from rateplans.models import StoredRate
from tests.support import months, world
from tests.support.months import D, due, identity
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(acme: Any) -> Customer:
    """Anna Ltd, post-paid; ten calls of October at 6.00."""
    made = world.customer("Anna Ltd", on=world.plan(), limit="500.00")
    months.dialled(made, "2026-10-03 09:00", "442079460123", seconds=6000, times=10)
    return made


@pytest.fixture
def october(anna: Customer, first: datetime) -> Document:
    """Anna's invoice over 60.00."""
    [document] = months.issue("2026-11-01", first)
    return document


def minute_costs(price: str) -> None:
    StoredRate.objects.filter(prefix="4420").update(per_minute=Decimal(price))
    decks._decks.clear()


def again(at: datetime) -> RatedAgain:
    return rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=at)


def credit(document: Document, at: datetime, positions: list[int] | None = None) -> Document:
    return credit_notes.issue(document, positions=positions, reason="wrong rates", actor=jane, at=at, key=str(document.pk))


@pytest.mark.rel(7)
def test_calls_of_a_credited_line_keep_their_price(anna: Customer, october: Document, noon: datetime) -> None:
    payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="p")
    credit(october, noon)
    minute_costs("0.03")

    seen = rerating_orders.preview(Call.objects.all())
    assert (seen.is_empty, seen.reasons) == (True, [("Credited on their invoice; charge by hand what is still owed", 10)])
    assert again(noon) == RatedAgain(0, 10)
    assert (balance(anna), identity(anna)) == (D(60), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_calls_of_another_invoice_are_rated_again(anna: Customer, october: Document, first: datetime, noon: datetime) -> None:
    months.dialled(anna, "2026-11-03 09:00", "442079460123", seconds=6000)
    credit(october, noon)
    minute_costs("0.03")

    assert again(noon) == RatedAgain(1, 10)
    assert balance(anna) == -3


@pytest.mark.rel(7)
def test_calls_that_were_written_off_keep_their_price(anna: Customer, october: Document, noon: datetime) -> None:
    write_offs.write_off(october, D("60.00"), reason="gone", actor=jane, at=noon, key="w")
    minute_costs("0.03")

    seen = rerating_orders.preview(Call.objects.all())
    assert seen.reasons == [("Written off on their invoice; take the write-off back first", 10)]
    assert again(noon) == RatedAgain(0, 10)
    assert (balance(anna), identity(anna)) == (D(0), D(0))


@pytest.mark.rel(7)
def test_a_line_whose_calls_were_rated_again_is_not_credited(anna: Customer, october: Document, first: datetime, noon: datetime) -> None:
    payments.record(anna, D("60.00"), reference="", actor=jane, at=noon, key="p")
    minute_costs("0.03")
    assert again(noon) == RatedAgain(10, 0)
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, noon)
    assert (balance(anna), identity(anna)) == (D(30), D(0))
    minute_costs("0.05")
    assert again(noon) == RatedAgain(10, 0)
    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, noon)


@pytest.mark.rel(7)
def test_nor_is_it_once_another_invoice_has_the_difference(anna: Customer, october: Document, first: datetime, noon: datetime) -> None:
    minute_costs("0.09")
    again(noon)
    [november] = months.issue("2026-12-01", first.replace(month=12))
    assert november.total == 30

    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, noon)
    credit(november, noon)
    minute_costs("0.01")
    assert again(noon) == RatedAgain(0, 10)
    assert (balance(anna), due(october), identity(anna)) == (D(-60), "60.00", D(0))


@pytest.mark.rel(7)
@pytest.mark.parametrize("taken_first", [False, True])
def test_a_line_whose_calls_were_rated_again_by_a_slip_and_put_right_is_credited_whole(
    anna: Customer, october: Document, noon: datetime, taken_first: bool
) -> None:
    for price in ("0.03", "0.06"):
        minute_costs(price)
        assert again(noon) == RatedAgain(10, 0)
    months.dialled(anna, "2026-11-03 09:00", "442079460123", seconds=6000)
    if taken_first:
        months.issue("2026-12-01", months.local("2026-12-01 06:00"))

    assert credit(october, noon).total == 60
    months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    minute_costs("0.01")
    assert again(noon) == RatedAgain(1, 10)
    assert (balance(anna), due(october), identity(anna)) == (D(-1), "0.00", D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_it_is_not_where_one_difference_went_into_the_wallet_and_the_other_is_still_to_be_billed(anna: Customer, october: Document, noon: datetime) -> None:
    for billing_type, price in (("prepaid", "0.03"), ("postpaid", "0.06")):
        customers.change(anna, billing_type=billing_type, actor=jane, at=noon)
        minute_costs(price)
        assert again(noon) == RatedAgain(10, 0)

    with pytest.raises(DomainError, match="nothing_to_credit"):
        credit(october, noon)
    assert (balance(anna), identity(anna)) == (D(-60), D(0))


@pytest.mark.rel(7)
def test_calls_rated_again_give_back_the_tax_of_their_invoice_beside_the_calls_of_today(anna: Customer, october: Document, noon: datetime) -> None:
    CustomerTax.objects.create(customer=anna, tax=world.vat("20"))
    minute_costs("0.03")
    assert again(noon) == RatedAgain(10, 0)
    months.dialled(anna, "2026-10-04 09:00", "442079460123", seconds=6000, times=2)
    months.dialled(anna, "2026-11-03 09:00", "442079460123", seconds=6000, times=20)

    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))

    assert [(line.description, months.money(line.amount), line.taxes.count()) for line in november.lines.all()] == [
        ("Calls", "60.00", 1),
        ("Calls rated again", "-30.00", 0),
        ("Calls", "6.00", 1),
    ]
    assert (months.figures(november), identity(anna)) == (("36.00", "13.20", "49.20"), D(0))
    assert ledger_check.check().differences == []


@pytest.mark.rel(7)
def test_calls_rated_again_stand_with_the_others_of_their_month_while_the_tax_is_the_same(first: datetime, noon: datetime) -> None:
    vera = world.customer("Vera Ltd", on=world.plan(), limit="500.00", taxes=(world.vat("20"),))
    months.dialled(vera, "2026-10-03 09:00", "442079460123", seconds=6000, times=10)
    months.issue("2026-11-01", first)
    minute_costs("0.03")
    again(noon)
    months.dialled(vera, "2026-10-04 09:00", "442079460123", seconds=6000, times=20)

    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    assert [(line.description, months.money(line.amount)) for line in november.lines.all()] == [("Calls", "30.00")]
    assert months.figures(november) == ("30.00", "6.00", "36.00")


@pytest.mark.rel(7)
def test_a_call_that_was_free_first_gives_back_the_tax_of_the_invoice_that_has_its_difference(first: datetime, noon: datetime) -> None:
    vera = world.customer("Vera Ltd", on=world.plan(), limit="500.00", taxes=(world.vat("20"),))
    minute_costs("0")
    months.dialled(vera, "2026-10-03 09:00", "442079460123", seconds=6000)
    minute_costs("1.00")
    again(months.local("2026-10-05 12:00"))
    [october] = months.issue("2026-11-01", first)
    CustomerTax.objects.all().delete()
    minute_costs("0")
    again(noon)
    months.moved(Kind.CHARGE, vera, "500.00", "2026-11-22 12:00", note="Switch")

    [november] = months.issue("2026-12-01", months.local("2026-12-01 06:00"))
    assert (months.figures(october), months.figures(november)) == (("100.00", "20.00", "120.00"), ("400.00", "-20.00", "380.00"))


@pytest.mark.rel(7)
def test_a_line_with_calls_and_their_differences_is_credited_whole(anna: Customer, first: datetime, noon: datetime) -> None:
    minute_costs("0.03")
    again(first)
    [october] = months.issue("2026-11-01", first)
    assert october.total == 30

    assert credit(october, noon).total == 30
    assert (balance(anna), identity(anna)) == (D(0), D(0))


def test_the_line_of_every_movement_is_found_in_invoices_issued_before_it_was_kept(anna: Customer, first: datetime) -> None:
    """The migration places what an older release took, on the line that says so."""
    for day, amount in (("2026-10-09", "1.00"), ("2026-10-07", "2.00")):
        months.moved(Kind.CHARGE, anna, amount, f"{day} 12:00", note=f"charge of {amount}")
    months.issue("2026-11-01", first)
    months.moved(Kind.CHARGE, anna, "4.00", "2026-10-20 12:00", note="late charge of 4.00")
    months.dialled(anna, "2026-10-21 09:00", "442079460123", seconds=60)
    months.dialled(anna, "2026-11-21 09:00", "442079460123", seconds=60)
    months.moved(Kind.CHARGE, anna, "3.00", "2026-11-09 12:00", note="charge of 3.00")
    months.issue("2026-12-01", first.replace(month=12))
    kept = dict(Taken.objects.values_list("pk", "line_id"))
    assert None not in kept.values()
    assert len(set(kept.values())) == 7

    migration = import_module("invoicing.migrations.0009_the_line_of_what_was_taken")
    with connection.cursor() as cursor:
        cursor.execute(migration.PLACES)
        assert dict(cursor.fetchall()) == kept
    for taken in Taken.objects.filter(transfer__kind=Kind.CHARGE).select_related("line", "transfer"):
        assert taken.line is not None
        assert taken.line.description == taken.transfer.note


def test_nothing_is_closed_about_what_no_invoice_took(anna: Customer) -> None:
    assert billed.closed_calls(Call.objects.all()) == {}
