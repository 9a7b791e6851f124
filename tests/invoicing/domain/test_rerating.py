"""Posted calls are rated again by what holds for their moment now: the difference alone moves, once, and every price they had is kept (semantics 5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from billing_portal.accounts.models import AuditEntry, Switch
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import Period
from billing_portal.tenancy.models import ExchangeRate, new_id
from customers.models import BillingType, Customer, Kind, Line, Lock, PlanAssignment, Standing, Transfer
from invoicing.domain import calls, invoices, ledger_check, rerating, rerating_orders, statement
from invoicing.domain.records import CallRecord
from invoicing.domain.rerating import Named, RatedAgain
from invoicing.models import Call, Document, PriceChange
from tests.support import jobs, world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db
D = Decimal
NINE = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 10, 7, 8, 0, tzinfo=UTC)
LONDON, PARIS = "442079460123", "33155550100"


@pytest.fixture
def cheap(acme: Any) -> Any:
    return world.plan("Cheap", rates={"44": ("United Kingdom", "0.60")})


@pytest.fixture
def dear(acme: Any) -> Any:
    return world.plan("Dear", rates={"44": ("United Kingdom", "0.90"), "33": ("France", "1.20")})


@pytest.fixture
def anna(cheap: Any) -> Customer:
    return world.customer("Anna Ltd", on=cheap)


def call(of: Customer, call_id: str = "c1", **given: Any) -> CallRecord:
    at = given.pop("at", NINE)
    fields: dict[str, Any] = {"account": of.account_number, "to": LONDON, "setup_at": at, "answered_at": at, "seconds": 60} | given
    return CallRecord(call_id=call_id, **fields)


def take(*records: CallRecord, at: datetime = NOON) -> list[Any]:
    switch = Switch.objects.get_or_create(name="default")[0]
    return calls.ingest(records, switch=switch, source="api", actor=jane, at=at)


def again(at: datetime = LATER, attempt: Any = None) -> RatedAgain:
    return rerating.rate_again(Named.of(Call.objects.all()), attempt or new_id(), actor=jane, at=at)


def put_on(customer: Customer, plan: Any) -> None:
    """The plan the customer should have had from the beginning."""
    PlanAssignment.objects.filter(customer=customer).update(plan=plan)


def differences() -> list[str]:
    return [str(each) for each in ledger_check.check().differences]


def usage() -> list[tuple[str, str, str]]:
    rows = Transfer.objects.filter(kind=Kind.USAGE).select_related("debit").order_by("posted_at", "pk")
    return [(row.about_kind, "takes" if row.debit.customer_id else "gives", f"{row.amount.normalize():f}") for row in rows]


def test_only_the_difference_is_posted(anna: Customer, dear: Any) -> None:
    take(call(anna), call(anna, "c2", seconds=120))
    put_on(anna, dear)

    assert again() == RatedAgain(2, 0)
    assert usage() == [("batch", "takes", "1.8"), ("call", "takes", "0.3"), ("call", "takes", "0.6")]
    assert (balance(anna), sorted(Call.objects.values_list("price", flat=True))) == (D("-2.70"), [D("0.9"), D("1.8")])
    difference = Transfer.objects.filter(about_kind="call").earliest("pk")
    named = next(row for row in Call.objects.all() if row.id == difference.about_id)
    assert difference.key == f"rated-again:{named.key_id}:2"
    assert (difference.occurred_at, difference.posted_at) == (NINE, LATER)
    assert differences() == []


def test_a_lower_price_gives_money_back(anna: Customer, dear: Any) -> None:
    put_on(anna, dear)
    take(call(anna))
    put_on(anna, world.plan("Free", rates={"44": ("United Kingdom", "0")}))

    again()

    assert (usage(), balance(anna)) == ([("batch", "takes", "0.9"), ("call", "gives", "0.9")], D(0))
    assert differences() == []


def test_a_call_that_cost_nothing_gets_a_price(anna: Customer, dear: Any) -> None:
    put_on(anna, world.plan("Free", rates={"44": ("United Kingdom", "0")}))
    take(call(anna))
    put_on(anna, dear)

    again()

    assert (usage(), balance(anna)) == ([("call", "takes", "0.9")], D("-0.90"))
    assert differences() == []


def test_without_a_change_nothing_is_posted_or_written(anna: Customer) -> None:
    take(call(anna))
    written = AuditEntry.objects.count()

    assert again() == RatedAgain(0, 1)
    assert (len(usage()), PriceChange.objects.count(), AuditEntry.objects.count()) == (1, 0, written)


@pytest.mark.rel(19)
def test_repeated_it_moves_nothing_more(anna: Customer, dear: Any) -> None:
    take(call(anna))
    put_on(anna, dear)
    attempt = new_id()

    assert [again(attempt=attempt), again(attempt=attempt), again()] == [RatedAgain(1, 0), RatedAgain(0, 1), RatedAgain(0, 1)]
    assert (len(usage()), balance(anna)) == (2, D("-0.90"))


@pytest.mark.rel(19)
def test_the_switch_gets_its_first_answer_again(anna: Customer, dear: Any) -> None:
    take(call(anna))
    put_on(anna, dear)
    again()

    [answer] = take(call(anna), at=LATER)

    assert (answer.status, answer.price, balance(anna)) == ("repeated", "0.6000", D("-0.90"))


def test_every_price_the_call_had_is_kept_with_its_numbers(anna: Customer, cheap: Any, dear: Any) -> None:
    take(call(anna))
    for plan, minutes in ((dear, 1), (cheap, 2), (dear, 3)):
        put_on(anna, plan)
        again(at=LATER + timedelta(minutes=minutes))

    told = [(row.price_before, row.price_after, row.before["per_minute"][:4], row.actor_name) for row in PriceChange.objects.all()]
    assert told == [
        (D("0.6"), D("0.9"), "0.60", "Jane Whitfield"),
        (D("0.9"), D("0.6"), "0.90", "Jane Whitfield"),
        (D("0.6"), D("0.9"), "0.60", "Jane Whitfield"),
    ]
    assert [step.value for step in calls.explain(Call.objects.get())][-1] == "0.9000"
    assert (Call.objects.get().plan_id, balance(anna), differences()) == (dear.pk, D("-0.90"), [])


@pytest.mark.rel(2)
def test_what_a_call_cost_before_cannot_be_changed(anna: Customer, dear: Any) -> None:
    take(call(anna))
    put_on(anna, dear)
    again()

    for act in ("UPDATE invoicing_pricechange SET price_before = 0", "DELETE FROM invoicing_pricechange"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)


@pytest.mark.rel(22)
def test_a_plan_dated_back_prices_the_calls_answered_since(anna: Customer, dear: Any) -> None:
    take(call(anna), call(anna, "c2", at=NINE + timedelta(hours=1)))
    PlanAssignment.objects.create(customer=anna, plan=dear, valid_from=NINE + timedelta(minutes=30))

    assert again() == RatedAgain(1, 1)
    assert sorted(Call.objects.values_list("at", "price")) == [(NINE, D("0.6")), (NINE + timedelta(hours=1), D("0.9"))]


def test_an_exchange_rate_entered_late_prices_the_calls_of_its_days(acme: Any) -> None:
    for currency, units in (("GBP", "0.8"), ("USD", "1.2")):
        ExchangeRate.objects.create(day=date(2026, 9, 30), currency=currency, per_euro=D(units))
    carl = world.customer("Carl Inc", on=world.plan("Pounds", rates={"44": ("UK", "0.60")}), currency="USD")
    take(call(carl))
    ExchangeRate.objects.create(day=date(2026, 10, 2), currency="USD", per_euro=D("1.0"))

    again()

    assert (Call.objects.get().price, Call.objects.get().exchange_rate, balance(carl)) == (D("0.75"), D("1.25"), D("-0.75"))
    assert differences() == []


def test_a_call_without_a_price_now_keeps_the_one_it_has(anna: Customer, dear: Any, cheap: Any) -> None:
    put_on(anna, dear)
    take(call(anna, to=PARIS))
    put_on(anna, cheap)

    assert again() == RatedAgain(0, 1)
    assert (Call.objects.get().price, balance(anna)) == (D("1.20"), D("-1.20"))


def test_what_costs_nothing_by_its_kind_stays_free(anna: Customer, dear: Any) -> None:
    Line.objects.create(customer=anna, name="1001")
    take(call(anna, to="1001"), call(anna, "c2", direction="in"), call(anna, "c3", answered_at=None, seconds=None))
    Line.objects.all().delete()
    put_on(anna, dear)

    assert again() == RatedAgain(0, 3)
    assert (balance(anna), differences()) == (D(0), [])


def test_calls_of_a_closed_customer_can_be_put_right(anna: Customer, dear: Any) -> None:
    take(call(anna))
    Customer.objects.filter(pk=anna.pk).update(status=Customer.Status.CLOSED)
    put_on(anna, dear)

    assert again() == RatedAgain(1, 0)


def test_a_wallet_pays_the_difference(cheap: Any, dear: Any) -> None:
    paul = world.customer("Paul Ltd", on=cheap, billing_type=BillingType.PREPAID)
    take(call(paul))
    put_on(paul, dear)

    again()

    assert (Standing.objects.get(customer=paul).wallet, differences()) == (D("-0.90"), [])


def test_spending_of_today_follows_while_it_is_today(anna: Customer, dear: Any) -> None:
    Standing.objects.filter(customer=anna).update(daily_limit=D("0.80"))
    take(call(anna))
    put_on(anna, dear)

    again(at=NOON + timedelta(hours=1))

    assert Standing.objects.get(customer=anna).spent_today == D("0.90")
    assert Lock.objects.get(customer=anna, lifted_at=None).reason == Lock.Reason.DAILY_LIMIT
    assert differences() == []


def test_spending_of_another_day_leaves_today_alone(anna: Customer, dear: Any) -> None:
    take(call(anna))
    take(call(anna, "c2", at=LATER - timedelta(hours=1)), at=LATER)
    put_on(anna, dear)

    rerating.rate_again(Named.of(Call.objects.filter(at=NINE)), new_id(), actor=jane, at=LATER)

    assert (Standing.objects.get(customer=anna).spent_today, differences()) == (D("0.60"), [])


@pytest.mark.rel(20)
def test_what_changes_after_the_invoice_is_on_the_next_as_of_an_earlier_period(anna: Customer, dear: Any) -> None:
    Customer.objects.filter(pk=anna.pk).update(call_detail=Customer.CallDetail.EVERY)
    take(call(anna), call(anna, "c2", seconds=120))
    invoices.issue([anna.pk], date(2026, 11, 1), actor=jane, at=datetime(2026, 11, 1, 6, tzinfo=UTC))
    first = Document.objects.get()
    frozen = first.snapshot
    put_on(anna, dear)
    again(at=datetime(2026, 11, 4, tzinfo=UTC))
    take(call(anna, "c3", at=datetime(2026, 11, 5, 9, tzinfo=UTC)), at=datetime(2026, 11, 5, 10, tzinfo=UTC))

    invoices.issue([anna.pk], date(2026, 12, 1), actor=jane, at=datetime(2026, 12, 1, 6, tzinfo=UTC))

    second = Document.objects.exclude(pk=first.pk).get()
    lines = [(line["description"], line["detail"], line["amount"], line["earlier"]) for line in second.snapshot["lines"]]
    assert lines == [("Calls", "November 2026, 1 call, 1:00 minutes", "0.90", False), ("Calls rated again", "October 2026", "0.90", True)]
    assert [(row["destination"], row["calls"], row["amount"]) for row in second.snapshot["destinations"]] == [("United Kingdom", 1, "1.80")]
    assert [(row["seconds"], row["amount"]) for row in second.snapshot["calls"]] == [(0, "0.300000"), (0, "0.600000"), (60, "0.900000")]
    assert (first.net, Document.objects.get(pk=first.pk).snapshot) == (D("1.80"), frozen)
    assert (differences(), balance(anna)) == ([], D("-3.60"))


def test_an_invoice_takes_a_call_with_its_difference(anna: Customer, dear: Any) -> None:
    take(call(anna), call(anna, "c2", seconds=120))
    put_on(anna, dear)
    again()

    invoices.issue([anna.pk], date(2026, 11, 1), actor=jane, at=datetime(2026, 11, 1, 6, tzinfo=UTC))

    document = Document.objects.get()
    assert [(line["description"], line["amount"]) for line in document.snapshot["lines"]] == [("Calls", "2.70")]
    assert [(row["calls"], row["amount"]) for row in document.snapshot["destinations"]] == [(2, "2.70")]
    assert differences() == []


def test_the_statement_says_what_was_rated_again(anna: Customer, dear: Any) -> None:
    take(call(anna))
    put_on(anna, dear)
    again()

    rows = statement.of(anna, Period(date(2026, 10, 1), date(2026, 11, 1), "Europe/London")).rows
    told = [(row.text, row.detail, row.amount) for row in rows]
    assert told == [("Calls of 3 October 2026", "", D("-0.60")), ("Calls of 3 October 2026", "Rated again", D("-0.30"))]


def test_the_audit_trail_says_who_changed_what(anna: Customer, dear: Any) -> None:
    take(call(anna), call(anna, "c2"))
    put_on(anna, dear)
    again()

    entry = AuditEntry.objects.get(action="call.price_changed")
    assert (entry.customer_id, entry.actor_name, entry.note, entry.changes) == (anna.pk, "Jane Whitfield", "2 calls", {"amount": ["1.20 GBP", "1.80 GBP"]})


def test_a_preview_says_what_would_change_and_changes_nothing(anna: Customer, cheap: Any, dear: Any) -> None:
    bert = world.customer("Bert Ltd", on=cheap)
    take(call(anna), call(anna, "c2"), call(bert, "c3"))
    put_on(anna, dear)

    seen = rerating_orders.preview(Call.objects.all())

    assert [(row.name, row.calls, row.before, row.after, row.difference) for row in seen.rows] == [("Anna Ltd", 2, D("1.2"), D("1.8"), D("0.6"))]
    assert (seen.calls, seen.costs, seen.reasons, PriceChange.objects.count(), balance(anna)) == (3, {}, [], 0, D("-1.20"))


def test_a_preview_counts_what_keeps_its_price(anna: Customer, cheap: Any, dear: Any) -> None:
    put_on(anna, dear)
    take(call(anna, to=PARIS))
    put_on(anna, cheap)

    seen = rerating_orders.preview(Call.objects.all())

    assert (seen.is_empty, seen.reasons) == (True, [("The rate plan has no rate for this number", 1)])


def test_an_order_is_done_in_parts_by_the_outbox(anna: Customer, dear: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerating_orders, "PART", 2)
    take(*(call(anna, f"c{number}") for number in range(5)))
    put_on(anna, dear)

    progress = rerating_orders.order(Call.objects.all(), actor=jane)
    assert (progress.total, len(jobs.run_jobs("calls.rate_again"))) == (5, 3)

    progress.refresh_from_db()
    assert (progress.state, progress.done, progress.skipped, balance(anna)) == ("finished", 5, 0, D("-4.50"))
    assert [(row.name, row.calls, row.difference) for row in rerating_orders.changed(progress)] == [("Anna Ltd", 5, D("1.5"))]
    assert Transfer.objects.filter(about_kind="call").values_list("actor_name", flat=True)[0] == "Jane Whitfield"


def test_no_more_than_ten_thousand_calls_at_once(anna: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerating_orders, "MOST", 2)
    take(*(call(anna, f"c{number}") for number in range(3)))

    for act in (lambda: rerating_orders.preview(Call.objects.all()), lambda: rerating_orders.order(Call.objects.all(), actor=jane)):
        with pytest.raises(DomainError, match="too_many_calls"):
            act()
    with pytest.raises(DomainError, match="no_calls"):
        rerating_orders.preview(Call.objects.none())
