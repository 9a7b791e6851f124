"""Before how a customer pays changes, what waits is invoiced out of turn; a debt stays, credit is settled by a verb of its own (semantics 3)."""

from datetime import datetime

import pytest

from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError
from customers.domain import customers
from customers.models import AccountKind, BillingType, Customer, Kind, Standing
from invoicing.domain import calls, ledger_check, payments, settlements
from invoicing.models import Document
from tests.support import months, tree, world
from tests.support.months import D, due, figures
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def paul() -> Customer:
    """Paul Ltd pays afterwards, with VAT 20 %."""
    return world.customer("Paul Ltd", on=world.plan("Other"), taxes=(world.vat("20"),))


def change(of: Customer, billing_type: str, at: datetime) -> Customer:
    return customers.change(of, billing_type=billing_type, actor=jane, at=at)


def accounts(of: Customer) -> tuple[str, str]:
    """Wallet and receivable."""
    row = Standing.objects.get(customer=of)
    return months.money(row.wallet), months.money(row.receivable)


def test_to_paying_first_what_is_unbilled_is_invoiced_and_the_debt_stays(paul: Customer, noon: datetime) -> None:
    months.calls(paul, "2026-11-03 09:00", price="5.0000")
    months.moved(Kind.CHARGE, paul, "5.00", "2026-11-21 11:00")

    change(paul, "prepaid", noon)

    [document] = Document.objects.filter(customer=paul)
    assert (str(document.period_start), str(document.period_end), figures(document)) == ("2026-10-01", "2026-11-22", ("10.00", "2.00", "12.00"))
    assert accounts(paul) == ("0.00", "-12.00")
    assert ledger_check.check().differences == []

    payments.record(paul, D("12.00"), reference="", actor=jane, at=noon, key="pay", pays=document)
    assert (due(document), accounts(paul)) == ("0.00", ("0.00", "0.00"))


def test_there_and_back_in_one_day_each_has_a_period_of_its_own(paul: Customer, noon: datetime) -> None:
    for billing_type in ("prepaid", "postpaid", "prepaid"):
        months.moved(Kind.CHARGE, paul, "5.00", "2026-11-21 11:00", account=AccountKind.RECEIVABLE)
        paul = change(paul, billing_type, noon)

    found = Document.objects.filter(customer=paul).order_by("sequence").values_list("period_start", "period_end")
    assert [(str(start), str(end)) for start, end in found] == [("2026-10-01", "2026-11-22"), ("2026-11-22", "2026-11-23"), ("2026-11-23", "2026-11-24")]
    assert ledger_check.check().differences == []


def test_to_paying_afterwards_the_wallet_stays_until_it_is_settled(first: datetime, noon: datetime) -> None:
    bob = world.customer("Bob Ltd", billing_type=BillingType.PREPAID, taxes=(world.vat("20"),))
    payments.record(bob, D("60.00"), reference="", actor=jane, at=noon, key="pay")
    bob = change(bob, "postpaid", noon)
    assert accounts(bob) == ("50.00", "0.00")

    months.moved(Kind.CHARGE, bob, "40.00", "2026-11-22 12:00")
    [november] = months.issue("2026-12-01", first.replace(month=12))
    settlements.settle(bob, "out", D("50.00"), actor=jane, at=noon, key="1")

    assert (due(november), accounts(bob)) == ("0.00", ("0.00", "12.00"))
    assert ledger_check.check().differences == []


def test_the_next_month_begins_where_the_invoice_out_of_turn_ended(paul: Customer, first: datetime, noon: datetime) -> None:
    months.moved(Kind.CHARGE, paul, "5.00", "2026-11-21 11:00")
    paul = change(change(paul, "prepaid", noon), "postpaid", noon)
    months.moved(Kind.CHARGE, paul, "7.00", "2026-11-23 11:00")

    [rest] = months.issue("2026-12-01", first.replace(month=12))

    assert (str(rest.period_start), str(rest.period_end), figures(rest)) == ("2026-11-22", "2026-12-01", ("7.00", "1.40", "8.40"))


def test_a_credit_that_cannot_be_invoiced_keeps_how_a_customer_pays(paul: Customer, noon: datetime) -> None:
    months.moved(Kind.CREDIT, paul, "5.00", "2026-11-21 11:00")

    with pytest.raises(DomainError, match="credit") as refused:
        change(paul, "prepaid", noon)
    assert refused.value.field == "billing_type"
    assert Standing.objects.get(customer=paul).billing_type == "postpaid"


def test_calls_without_a_price_keep_how_a_customer_pays(paul: Customer, noon: datetime) -> None:
    months.moved(Kind.CHARGE, paul, "5.00", "2026-11-21 11:00")
    record = tree.call(paul, to=tree.PARIS, at=noon)
    calls.ingest([record], switch=Switch.objects.get_or_create(name="default")[0], source="api", actor=jane, at=noon)

    with pytest.raises(DomainError, match="waiting_calls"):
        change(paul, "prepaid", noon)
    assert Document.objects.count() == 0


def test_what_lands_on_the_receivable_of_who_pays_first_is_invoiced_with_the_month(paul: Customer, first: datetime) -> None:
    paul = change(paul, "prepaid", first)
    months.moved(Kind.CHARGE, paul, "5.00", "2026-11-21 11:00", account=AccountKind.RECEIVABLE)
    months.moved(Kind.TOPUP, paul, "3.00", "2026-11-21 11:00")

    [november] = months.issue("2026-12-01", first.replace(month=12))

    assert (figures(november), accounts(paul)) == (("5.00", "1.00", "6.00"), ("3.00", "-6.00"))
    assert ledger_check.check().differences == []
