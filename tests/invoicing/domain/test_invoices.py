"""What an invoice takes, what it says, and what it leaves alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django_tenants.utils import schema_context

from customers.domain import ledger
from customers.models import AccountKind, BillingType, Customer, Kind, Standing, Transfer
from invoicing.domain import drafts, invoices, ledger_check, payments
from invoicing.models import CallBatch, CallKey, Document, Series, Taken, WaitingCall
from rateplans.models import BillingTerms, Tax
from tests.support import months, world
from tests.support.months import D, calls, due, figures, identity, issue, lines, money, moved, reasons
from tests.support.world import jane

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> Customer:
    return world.customer("Anna Ltd", taxes=(world.vat("20"),))


# --- what is taken --------------------------------------------------------------------------------------------------------
def test_everything_that_moved_on_the_receivable_is_taken_once(anna: Customer, first: datetime) -> None:
    took = [
        calls(anna, "2026-10-01 00:00", price="1.0000"),
        calls(anna, "2026-10-31 23:59", price="1.0000"),
        moved(Kind.CHARGE, anna, "5.00", "2026-10-02 12:00"),
        moved(Kind.CREDIT, anna, "1.00", "2026-10-02 12:00"),
        moved(Kind.ADJUSTMENT, anna, "-3.00", "2026-10-02 12:00", note="Forgotten in May"),
        moved(Kind.OPENING, anna, "-7.00", "2026-10-02 12:00"),
        moved(Kind.FEE, anna, "9.00", "2026-11-01 00:00"),
    ]
    moved(Kind.OPENING, anna, "2.00", "2026-10-02 12:00")
    moved(Kind.PAYMENT, anna, "1.00", "2026-10-02 12:00")
    calls(anna, "2026-11-01 00:00", price="1.0000")
    moved(Kind.FEE, anna, "9.00", "2026-11-01 00:01")

    [october] = issue("2026-11-01", first)

    assert set(Taken.objects.filter(document=october).values_list("transfer_id", flat=True)) == {transfer.pk for transfer in took}
    assert figures(october) == ("25.00", "3.00", "28.00")
    assert identity(anna) == 0


def test_a_movement_that_was_taken_back_is_taken_with_its_mirror(anna: Customer, first: datetime) -> None:
    charge = moved(Kind.CHARGE, anna, "5.00", "2026-10-02 12:00", note="Wrong")
    ledger.reverse(charge, at=months.local("2026-10-03 12:00"), actor=jane, key="back", note="Wrong")
    moved(Kind.CHARGE, anna, "8.00", "2026-10-02 12:00", note="Right")

    [october] = issue("2026-11-01", first)

    assert [line[2] for line in lines(october)] == ["5.00", "8.00", "-5.00"]
    assert identity(anna) == 0


def test_untaxed_kinds_and_scopes_stay_untaxed(first: datetime) -> None:
    calls_only = Tax.objects.create(name="Call tax", percent=D("10"), on_account_fees=False, on_features=False, on_products=False, on_charges=False)
    bob = world.customer("Bob Ltd", taxes=(world.vat("20"), calls_only))
    calls(bob, "2026-10-01 09:00", price="10.0000")
    moved(Kind.FEE, bob, "5.00", "2026-10-02 12:00")
    moved(Kind.ADJUSTMENT, bob, "-3.00", "2026-10-02 12:00", note="x")

    [october] = issue("2026-11-01", first)

    taxes = [(tax.name, money(tax.base), money(tax.amount)) for tax in october.taxes.order_by("name")]
    assert taxes == [("Call tax", "10.00", "1.00"), ("VAT 20", "15.00", "3.00")]
    assert [line["tax_percent"] for line in october.snapshot["lines"]] == ["30.0000", "20.0000", None]
    assert identity(bob) == 0


def test_the_net_is_rounded_once_and_spread_over_the_lines(anna: Customer, first: datetime) -> None:
    for note in ("a", "b", "c"):
        moved(Kind.CHARGE, anna, "0.333400", "2026-10-02 12:00", note=note)

    [october] = issue("2026-11-01", first)

    assert [line[2] for line in lines(october)] == ["0.34", "0.33", "0.33"]
    assert figures(october) == ("1.00", "0.20", "1.20")
    rounding = Transfer.objects.get(kind=Kind.ROUNDING)
    assert (rounding.key, rounding.credit.kind, money(rounding.amount)) == (f"rounding:{october.pk}", AccountKind.RECEIVABLE, "0.0002")
    assert identity(anna) == 0


@pytest.mark.parametrize(("currency", "amount", "shown"), [("JPY", "1234.500000", "1235.00"), ("KWD", "1.234500", "1.235"), ("GBP", "0.005000", "0.01")])
def test_amounts_have_the_decimals_of_their_currency(first: datetime, currency: str, amount: str, shown: str) -> None:
    bob = world.customer("Bob Ltd", currency=currency)
    moved(Kind.CHARGE, bob, amount, "2026-10-02 12:00")

    [october] = issue("2026-11-01", first)

    assert money(october.total) == shown
    assert identity(bob) == 0


# --- periods --------------------------------------------------------------------------------------------------------------
def test_the_first_period_begins_with_billing(first: datetime) -> None:
    bob = world.customer("Bob Ltd", since=date(2026, 10, 15))
    calls(bob, "2026-10-20 09:00", price="1.0000")
    [document] = issue("2026-11-01", first)
    assert (document.period_start, document.period_end) == (date(2026, 10, 15), date(2026, 11, 1))


def test_what_moved_before_billing_began_opens_the_month_it_moved_in(first: datetime) -> None:
    bob = world.customer("Bob Ltd", since=date(2026, 10, 15))
    calls(bob, "2026-09-20 09:00", price="1.0000")
    calls(bob, "2026-10-01 09:00", price="2.0000")
    documents = issue("2026-11-01", first)
    assert [(str(each.period_start), str(each.period_end), money(each.total)) for each in documents] == [
        ("2026-09-01", "2026-10-01", "1.00"),
        ("2026-10-01", "2026-11-01", "2.00"),
    ]


def test_a_run_after_months_of_silence_makes_each_month_oldest_first(anna: Customer) -> None:
    for month in (10, 11, 12):
        calls(anna, f"2026-{month}-05 09:00", price="1.0000")

    documents = issue("2027-01-20", datetime(2027, 1, 20, tzinfo=UTC))

    assert [each.number for each in documents] == ["ACM-2027-0001", "ACM-2027-0002", "ACM-2027-0003"]
    assert [str(each.period_start) for each in documents] == ["2026-10-01", "2026-11-01", "2026-12-01"]
    assert [Decimal(each.snapshot["previous_balance"]) for each in documents] == [D("0"), D("1.2"), D("2.4")]
    assert identity(anna) == 0


def test_a_month_without_anything_is_passed_over(anna: Customer) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    calls(anna, "2026-12-05 09:00", price="1.0000")
    documents = issue("2027-01-01", datetime(2027, 1, 1, 6, tzinfo=UTC))
    assert [str(each.period_start) for each in documents] == ["2026-10-01", "2026-12-01"]


def test_a_period_ends_in_the_customers_own_zone() -> None:
    york, perth = (world.customer(name, time_zone=zone) for name, zone in (("York Inc", "America/New_York"), ("Perth Pty", "Australia/Perth")))
    for customer in (york, perth):
        calls(customer, "2026-10-31 23:59", price="1.0000")
        calls(customer, "2026-11-01 00:00", price="2.0000")

    documents = issue("2026-11-01", datetime(2026, 11, 1, 2, tzinfo=UTC))

    assert [(each.customer.name, money(each.total), str(each.issued_on)) for each in documents] == [
        ("Perth Pty", "1.00", "2026-11-01"),
        ("York Inc", "1.00", "2026-10-31"),
    ]


def test_no_instant_is_lost_where_midnight_comes_twice() -> None:
    cuba = world.customer("Cuba SA", time_zone="America/Havana", since=date(2026, 10, 1))
    for minute in range(0, 180, 10):
        at = datetime(2026, 11, 1, 3, 30, tzinfo=UTC) + timedelta(minutes=minute)
        ledger.post(Kind.CHARGE, cuba, D("1.00"), at=at, actor=jane, key=f"havana:{minute}")

    documents = issue("2026-12-01", datetime(2026, 12, 1, 12, tzinfo=UTC))

    assert [money(each.total) for each in documents] == ["3.00", "15.00"]
    assert sum(Taken.objects.filter(document=each).count() for each in documents) == 18
    assert identity(cuba) == 0


def test_a_run_ahead_takes_what_stands_now_and_the_rest_comes_later(anna: Customer) -> None:
    calls(anna, "2026-11-05 09:00", price="1.0000")
    [november] = issue("2026-12-01", datetime(2026, 11, 21, tzinfo=UTC))
    calls(anna, "2026-11-25 09:00", price="2.0000")
    [december] = issue("2027-01-01", datetime(2027, 1, 1, 6, tzinfo=UTC))

    assert (str(november.issued_on), figures(november)[0]) == ("2026-11-21", "1.00")
    assert (str(december.period_start), figures(december)[0]) == ("2026-12-01", "2.00")
    assert [line["earlier"] for line in december.snapshot["lines"]] == [True]


# --- who is skipped -------------------------------------------------------------------------------------------------------
def test_a_second_run_issues_nothing(anna: Customer, first: datetime) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    assert len(issue("2026-11-01", first)) == 1

    assert issue("2026-11-01", first) == []
    assert reasons("2026-11-01") == [("Anna Ltd", "already_issued")]
    assert Document.objects.count() == 1


def test_each_reason_to_skip(first: datetime) -> None:
    world.customer("Nothing Ltd")
    world.customer("Young Ltd", since=date(2026, 11, 5))
    world.customer("Pat Ltd", billing_type=BillingType.PREPAID)
    moved(Kind.CREDIT, world.customer("Credit Ltd"), "5.00", "2026-10-05 09:00")
    calls(world.customer("Zero Ltd"), "2026-10-05 09:00", price="0.0040")

    assert sorted(reasons("2026-11-01")) == [
        ("Credit Ltd", "credit"),
        ("Nothing Ltd", "nothing_to_bill"),
        ("Pat Ltd", "prepaid"),
        ("Young Ltd", "not_due"),
        ("Zero Ltd", "zero"),
    ]
    assert issue("2026-11-01", first) == []
    assert Taken.objects.count() == 0


def test_a_tax_that_is_given_back_makes_the_invoice_smaller(anna: Customer, first: datetime) -> None:
    moved(Kind.CREDIT, anna, "10.00", "2026-10-05 09:00")
    moved(Kind.ADJUSTMENT, anna, "-30.00", "2026-10-05 09:00", note="Forgotten in May")

    [october] = issue("2026-11-01", first)

    assert figures(october) == ("20.00", "-2.00", "18.00")
    tax = Transfer.objects.get(kind=Kind.TAX)
    assert (tax.debit.kind, tax.credit.kind, tax.amount) == (AccountKind.TAX_PAYABLE, AccountKind.RECEIVABLE, 2)
    assert world.balance(anna) == -18
    assert ledger_check.check().differences == []


def test_taxes_that_come_to_less_than_nothing_wait_with_the_rest(anna: Customer, first: datetime) -> None:
    moved(Kind.CREDIT, anna, "30.00", "2026-10-05 09:00")
    moved(Kind.ADJUSTMENT, anna, "-35.00", "2026-10-05 09:00", note="Forgotten in May")

    assert reasons("2026-11-01") == [("Anna Ltd", "credit")]
    assert issue("2026-11-01", first) == []


def test_what_came_to_nothing_comes_with_the_next(first: datetime) -> None:
    bob = world.customer("Bob Ltd")
    calls(bob, "2026-10-05 09:00", price="0.0040")
    calls(bob, "2026-11-05 09:00", price="0.0080")

    documents = issue("2026-12-01", first + timedelta(days=30))

    assert [(str(each.period_start), money(each.total)) for each in documents] == [("2026-11-01", "0.01")]
    assert Taken.objects.count() == 2
    assert identity(bob) == 0


def waiting(of: Customer, at: datetime | None, reason: str) -> WaitingCall:
    from billing_portal.accounts.models import Switch

    switch, _made = Switch.objects.get_or_create(name="default")
    batch = CallBatch.objects.create(switch=switch, source=CallBatch.Source.API, posted_at=months.local("2026-10-05 09:00"), actor_name="x")
    key = CallKey.objects.create(switch=switch, call_id=f"{reason}{at}", leg="a", record_hash="x", batch=batch)
    return WaitingCall.objects.create(key=key, batch=batch, customer=of, reason=reason, record={}, at=at)


@pytest.mark.parametrize(("when", "issued"), [("2026-09-05 09:00", 0), ("2026-10-31 23:59", 0), ("2026-11-01 00:00", 1)])
def test_a_waiting_call_holds_back_its_period_and_later_ones(anna: Customer, first: datetime, when: str, issued: int) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    call = waiting(anna, months.local(when), "no_rate")

    assert len(issue("2026-11-01", first)) == issued
    if not issued:
        assert reasons("2026-11-01") == [("Anna Ltd", "waiting_calls")]
    WaitingCall.objects.filter(pk=call.pk).update(state="rated")
    assert len(issue("2026-11-01", first)) == 1 - issued


@pytest.mark.parametrize("reason", ["conflict", "bad_record", "unknown_customer"])
def test_these_reasons_hold_back_nothing(anna: Customer, first: datetime, reason: str) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    waiting(anna, months.local("2026-10-05 09:00"), reason)
    assert len(issue("2026-11-01", first)) == 1


# --- numbers and dates ----------------------------------------------------------------------------------------------------
def test_numbers_have_no_gap_when_customers_fail(first: datetime) -> None:
    for name in "ABCDEF":
        calls(world.customer(f"{name} Ltd"), "2026-10-05 09:00", price="1.0000")
    Customer.objects.filter(name="B Ltd").update(time_zone="Mars/Olympus")
    huge = Customer.objects.get(name="E Ltd")
    for number in range(2):
        moved(Kind.CHARGE, huge, "40000000000000", f"2026-10-0{number + 1} 09:00")
    huge.taxes.add(world.vat("50"))

    done = invoices.issue_all(date(2026, 11, 1), actor=jane, at=first)

    assert sorted((each.customer.name, each.reason) for each in done.skipped) == [("B Ltd", "unknown_time_zone"), ("E Ltd", "failed")]
    assert [(each.customer.name, each.number) for each in done.documents] == [
        ("A Ltd", "ACM-2026-0001"),
        ("C Ltd", "ACM-2026-0002"),
        ("D Ltd", "ACM-2026-0003"),
        ("F Ltd", "ACM-2026-0004"),
    ]
    assert Series.objects.get().next_number == 5
    assert identity(huge) == 0


def test_prefix_and_due_days_come_from_the_terms_and_the_plan(first: datetime) -> None:
    BillingTerms.objects.create(document_prefix="HV/A", due_days=30)
    for name, plan in (("A Ltd", None), ("B Ltd", world.plan(due_days=0)), ("C Ltd", world.plan("Other"))):
        calls(world.customer(name, on=plan), "2026-10-05 09:00", price="1.0000")

    documents = issue("2026-11-01", first)

    assert [(each.number, str(each.due_on)) for each in documents] == [
        ("HV/A-2026-0001", "2026-12-01"),
        ("HV/A-2026-0002", "2026-11-01"),
        ("HV/A-2026-0003", "2026-12-01"),
    ]


# --- frozen ---------------------------------------------------------------------------------------------------------------
def test_what_changes_later_does_not_change_the_document(anna: Customer, first: datetime) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    [october] = issue("2026-11-01", first)
    Customer.objects.filter(pk=anna.pk).update(name="Other Ltd")
    Tax.objects.update(percent=D("5"))

    again = Document.objects.get(pk=october.pk)

    assert again.snapshot["buyer"]["name"] == "Anna Ltd"
    assert figures(again) == ("1.00", "0.20", "1.20")


@pytest.mark.parametrize("change", ["UPDATE invoicing_document SET total = 0", "DELETE FROM invoicing_taken", "UPDATE invoicing_match SET amount = 1"])
def test_the_database_refuses_to_change_an_issued_document(anna: Customer, first: datetime, change: str) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    issue("2026-11-01", first)
    payments.record(anna, D("1.00"), reference="", actor=jane, at=first, key="1")
    with pytest.raises((ProgrammingError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_the_database_refuses_a_second_invoice_of_a_period(anna: Customer, first: datetime) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0000")
    [october] = issue("2026-11-01", first)
    october.pk, october._state.adding, october.sequence, october.number = None, True, 99, "X"
    with pytest.raises(IntegrityError, match="one_invoice_per_period"), transaction.atomic():
        october.save(force_insert=True)


# --- the work it costs ----------------------------------------------------------------------------------------------------
def test_drafting_asks_as_much_for_many_customers_as_for_one() -> None:
    def asked() -> int:
        ids = list(Customer.objects.values_list("pk", flat=True))
        with CaptureQueriesContext(connection) as seen:
            drafts.draft_all(ids, date(2026, 11, 1))
        return len(seen)

    calls(world.customer("A Ltd", taxes=(world.vat("20"),)), "2026-10-05 09:00", price="1.0000")
    one = asked()
    for name in "BCDE":
        calls(world.customer(f"{name} Ltd"), "2026-10-05 09:00", price="1.0000")
    assert asked() == one <= 7


def test_the_preview_writes_nothing_and_says_what_will_be_issued(anna: Customer, first: datetime) -> None:
    calls(anna, "2026-10-05 09:00", price="1.0049")
    [draft] = invoices.preview(date(2026, 11, 1)).drafts
    assert Transfer.objects.filter(kind=Kind.TAX).count() == Document.objects.count() == Series.objects.count() == 0

    [october] = issue("2026-11-01", first)

    assert (draft.net, draft.tax, draft.total) == (october.net, october.tax, october.total)
    assert Standing.objects.get(customer=anna).receivable == -october.total
    assert due(october) == "1.20"


@pytest.mark.rel(40)
@pytest.mark.parametrize("zone", ["Asia/Calcutta", "US/Eastern", "GB"])
def test_a_zone_by_its_old_name_still_bills(zone: str) -> None:
    months.calls(world.customer(time_zone=zone), "2026-10-31 23:30", price="1.0000")

    [october] = months.issue("2026-11-01", datetime(2026, 11, 1, 12, tzinfo=UTC))

    assert (str(october.period_end), october.time_zone) == ("2026-11-01", zone)


@pytest.mark.rel(34)
def test_each_reseller_numbers_by_itself(first: datetime, globex: Any) -> None:
    numbers: list[str] = []
    for schema in ("globex", "acme", "globex"):
        with schema_context(schema):
            months.calls(world.customer(f"Customer {len(numbers)}"), "2026-10-03 09:00", price="1.0000")
            numbers += [document.number for document in months.issue("2026-11-01", first)]

    assert numbers == ["GLO-2026-0001", "ACM-2026-0001", "GLO-2026-0002"]
