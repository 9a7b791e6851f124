"""Calls come in once, cost what their plan said when they were answered, and stand in the ledger by customer and day."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import local_date
from billing_portal.tenancy.models import ExchangeRate
from customers.domain import customers, features
from customers.models import AccountCode, BillingType, Customer, Line, PlanAssignment, Standing, Transfer
from invoicing.domain import calls, ledger_check, waiting
from invoicing.domain.answers import Answer
from invoicing.domain.records import CallRecord
from invoicing.domain.waiting import RatedAgain
from invoicing.models import Call, CallBatch, CallKey, WaitingCall
from rateplans.models import PlanVersion, RatePlan, StoredRate
from tests.support import world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
LONDON = "442079460123"


def record(call_id: str = "c1", **given: Any) -> CallRecord:
    """A call of 61 seconds to London, answered on 3 October at 10:00 local time."""
    at = given.pop("at", NINE)
    fields: dict[str, Any] = {"account": "anna-100", "to": LONDON, "setup_at": at, "answered_at": at, "seconds": 61} | given
    return CallRecord(call_id=call_id, **fields)


def take(*records: CallRecord, switch: Switch, at: datetime, actor: Actor = jane) -> list[Answer]:
    return calls.ingest(records, switch=switch, source=CallBatch.Source.API, actor=actor, at=at)


def test_a_call_is_rated_posted_and_answered(anna: Customer, switch: Switch, noon: datetime) -> None:
    [answer] = take(record(), switch=switch, at=noon)

    assert answer == Answer("c1", "a", "rated", None, "0.0610", "GBP", 61)
    call = Call.objects.get()
    transfer = Transfer.objects.get()
    assert (call.customer_id, call.price, call.prefix, call.destination, call.transfer_id) == (
        anna.pk,
        Decimal("0.061"),
        "4420",
        "United Kingdom - London",
        transfer.pk,
    )
    assert (transfer.kind, transfer.amount, transfer.occurred_at, transfer.posted_at) == ("usage", Decimal("0.061"), NINE, noon)
    assert balance(anna) == Decimal("-0.061")


def test_the_currency_is_fixed_by_a_call_that_costs_nothing(anna: Customer, switch: Switch, noon: datetime) -> None:
    """Else it could be rated again later, in another currency than the one it says."""
    StoredRate.objects.update(per_minute=0)
    assert take(record(), switch=switch, at=noon)[0].price == "0.0000"

    assert not Transfer.objects.exists()
    with pytest.raises(DomainError, match="currency_fixed"):
        customers.change(anna, currency="EUR", actor=jane, at=noon)


def test_a_batch_posts_one_transfer_per_customer_and_local_date(anna: Customer, switch: Switch, noon: datetime) -> None:
    before_midnight = datetime(2026, 10, 3, 22, 59, 59, tzinfo=UTC)
    take(
        record("c1"),
        record("c2", at=NINE + timedelta(hours=1)),
        record("c3", at=before_midnight),
        record("c4", at=before_midnight + timedelta(seconds=1)),
        switch=switch,
        at=noon,
    )

    batch = CallBatch.objects.get()
    assert list(Transfer.objects.order_by("occurred_at").values_list("key", "amount", "occurred_at")) == [
        (f"usage:{batch.pk}:{anna.pk}:receivable:2026-10-03", Decimal("0.183"), NINE),
        (f"usage:{batch.pk}:{anna.pk}:receivable:2026-10-04", Decimal("0.061"), before_midnight + timedelta(seconds=1)),
    ]


def test_a_call_of_a_pre_paid_customer_is_taken_from_the_wallet(standard: RatePlan, switch: Switch, noon: datetime) -> None:
    bob = world.customer("Bob Ltd", on=standard, billing_type=BillingType.PREPAID)
    take(record(account=bob.account_number), switch=switch, at=noon)

    assert (Standing.objects.get(customer=bob).wallet, Standing.objects.get(customer=bob).receivable) == (Decimal("-0.061"), Decimal(0))


def test_a_repeated_record_changes_nothing_and_gets_the_first_answer(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), switch=switch, at=noon)
    berlin = NINE.astimezone(datetime.fromisoformat("2026-01-01T00:00+02:00").tzinfo)
    [again] = take(record(at=berlin), switch=switch, at=noon + timedelta(days=1))

    assert again == Answer("c1", "a", "repeated", None, "0.0610", "GBP", 61)
    assert (Call.objects.count(), Transfer.objects.count(), CallBatch.objects.count(), WaitingCall.objects.count()) == (1, 1, 1, 0)


def test_the_same_record_twice_in_a_batch_is_one_call(anna: Customer, switch: Switch, noon: datetime) -> None:
    answers = take(record(), record(), record("c1", leg="b"), switch=switch, at=noon)

    assert [answer.status for answer in answers] == ["rated", "repeated", "rated"]
    assert balance(anna) == Decimal("-0.122")


def test_a_changed_record_is_a_conflict_and_waits_once_per_content(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), switch=switch, at=noon)
    statuses = [answer.status for answer in take(record(seconds=600), record(seconds=600), record(seconds=700), switch=switch, at=noon)]
    take(record(seconds=600), switch=switch, at=noon)

    assert statuses == ["conflict", "conflict", "conflict"]
    assert sorted(row.record["seconds"] for row in WaitingCall.objects.filter(reason="conflict")) == [600, 700]
    assert balance(anna) == Decimal("-0.061")


def test_the_same_call_of_another_switch_is_another_call(anna: Customer, switch: Switch, noon: datetime) -> None:
    other = Switch.objects.create(name="Frankfurt")
    [one], [two] = take(record(), switch=switch, at=noon), take(record(), switch=other, at=noon)

    assert (one.status, two.status) == ("rated", "rated")


@pytest.mark.parametrize(
    ("given", "reason", "detail"),
    [
        ({"account": "nobody"}, "unknown_customer", "account nobody"),
        ({"account": "nobody", "line": "1001"}, "unknown_customer", "account nobody"),
        ({"account": "", "line": "shared"}, "unknown_customer", "line shared, which these customers have: Carl Ltd, Dora Ltd"),
        ({"account": "", "address": "198.51.100.1"}, "unknown_customer", "address 198.51.100.1"),
        ({"to": "09243820431"}, "invalid_number", "09243820431"),
        ({"to": "8001"}, "invalid_number", "8001"),
        ({"to": ""}, "invalid_number", ""),
        ({"to": "33155550100"}, "no_rate", "no rate for 33155550100 in Standard"),
        ({"seconds": -1}, "bad_record", "The seconds are below zero."),
        ({"answered_at": None}, "bad_record", "It lasted 61 seconds but was never answered."),
        ({"answered_at": NINE - timedelta(seconds=1)}, "bad_record", "It was answered before it was set up."),
        ({"seconds": None}, "bad_record", "It was answered, but neither its seconds nor its end are given."),
        ({"seconds": None, "ended_at": NINE - timedelta(seconds=1)}, "bad_record", "It ended before it was answered, and its seconds are not given."),
        ({"seconds": 40 * 86400}, "bad_record", "It lasted longer than 31 days."),
    ],
)
def test_what_cannot_be_rated_waits_with_its_reason(anna: Customer, switch: Switch, noon: datetime, given: dict[str, Any], reason: str, detail: str) -> None:
    for name in ("Carl Ltd", "Dora Ltd"):
        Line.objects.create(customer=world.customer(name), name="shared")
    [answer] = take(record(**given), switch=switch, at=noon)

    assert answer == Answer("c1", "a", "queued", reason)
    assert [(row.reason, row.detail) for row in WaitingCall.objects.all()] == [(reason, detail)]
    assert not Call.objects.exists()
    assert balance(anna) == Decimal(0)


@pytest.mark.parametrize("to", ["*98", "999", "02079460123", "1881", "", "x" * 70])
@pytest.mark.parametrize("given", [{"answered_at": None, "seconds": 0}, {"direction": "in"}, {"direction": "in", "answered_at": None, "seconds": None}])
def test_what_costs_nothing_for_certain_waits_for_no_number(anna: Customer, switch: Switch, noon: datetime, to: str, given: dict[str, Any]) -> None:
    """A misdial or a feature code must not hold back its customer's invoice (complaint 18)."""
    features.add_line(anna, "1881", by_customer=True, actor=jane, at=noon)
    [answer] = take(record(to=to, **given), switch=switch, at=noon)

    assert (answer.status, answer.price, WaitingCall.objects.count()) == ("rated", "0.0000", 0)
    [call] = Call.objects.all()
    assert (call.number, call.extra.get("to", to), call.buy_currency, call.price) == (to[:60], to, "", 0)
    assert ledger_check.check().differences == []


@pytest.mark.parametrize("to", ["*98", "999", "02079460123"])
def test_what_was_answered_waits_for_its_number_though_no_second_was_talked(anna: Customer, switch: Switch, noon: datetime, to: str) -> None:
    """The plan may charge the connection."""
    assert [answer.reason for answer in take(record(to=to, seconds=0), switch=switch, at=noon)] == ["invalid_number"]


@pytest.mark.parametrize(
    ("per_euro", "seconds", "reason"), [("49000", 1, None), ("49000", 2 * 86_400, "too_large"), ("999999999", 60, "too_large"), ("0.0000000001", 60, None)]
)
def test_a_price_that_no_account_can_hold_waits_alone(anna: Customer, switch: Switch, noon: datetime, per_euro: str, seconds: int, reason: str | None) -> None:
    """The dearest rate that a file may say, in the smallest money there is: the others of the same request are billed."""
    for currency, units in (("GBP", "0.86"), ("IRR", per_euro)):
        ExchangeRate.objects.create(day=date(2026, 10, 2), currency=currency, per_euro=Decimal(units), source="hand")
    bob = world.customer("Bob Ltd", on=world.plan("Dear", rates={"44": ("UK", "999999.999999")}), currency="IRR")

    told = take(record("good", seconds=60), record("dear", account=bob.account_number, seconds=seconds), switch=switch, at=noon)

    assert ([answer.reason for answer in told], balance(anna)) == ([None, reason], Decimal("-0.06"))
    assert all(row.detail.endswith(" IRR") for row in WaitingCall.objects.all())
    assert ledger_check.check().differences == []


def test_an_exchange_rate_that_no_call_can_keep_is_none(anna: Customer, switch: Switch, noon: datetime) -> None:
    for currency, units in (("GBP", "0.0000000001"), ("IRR", "999999999")):
        ExchangeRate.objects.create(day=date(2026, 10, 2), currency=currency, per_euro=Decimal(units), source="hand")
    bob = world.customer("Bob Ltd", on=world.plan("Pounds"), currency="IRR")

    told = take(record("good", seconds=60), record("dear", account=bob.account_number), switch=switch, at=noon)

    assert ([answer.reason for answer in told], balance(anna)) == ([None, "no_exchange_rate"], Decimal("-0.06"))


@pytest.mark.parametrize(("status", "reason"), [("inactive", "inactive"), ("closed", "closed")])
def test_a_record_of_a_customer_who_stopped_waits(anna: Customer, switch: Switch, noon: datetime, status: str, reason: str) -> None:
    Customer.objects.filter(pk=anna.pk).update(status=status)

    assert [answer.reason for answer in take(record(), switch=switch, at=noon)] == [reason]


def test_a_customer_without_plan_waits(acme: Any, switch: Switch, noon: datetime) -> None:
    carl = world.customer("Carl Ltd")

    assert [answer.reason for answer in take(record(account=carl.account_number), switch=switch, at=noon)] == ["no_plan"]


def test_a_plan_in_another_currency_waits_for_an_exchange_rate(acme: Any, switch: Switch, noon: datetime) -> None:
    carl = world.customer("Carl Ltd", on=world.plan("Euro", "EUR"))

    assert [answer.reason for answer in take(record(account=carl.account_number), switch=switch, at=noon)] == ["no_exchange_rate"]


@pytest.mark.parametrize(
    "given",
    [
        {"account": "ANNA-100"},
        {"account": "", "line": "1001"},
        {"account": "", "address": "192.0.2.7"},
        {"to": "00 44 (20) 7946-0123"},
        {"to": "+44.20.7946.0123"},
        {"seconds": None, "ended_at": NINE + timedelta(seconds=60, milliseconds=1)},
        {"ended_at": NINE - timedelta(hours=1)},
    ],
)
def test_other_ways_to_say_the_same_call(anna: Customer, switch: Switch, noon: datetime, given: dict[str, Any]) -> None:
    assert take(record(**given), switch=switch, at=noon) == [Answer("c1", "a", "rated", None, "0.0610", "GBP", 61)]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"direction": "in"}, "incoming"),
        ({"to": "1001"}, "on_net"),
        ({"answered_at": None, "seconds": 0, "to": "33155550100"}, "free"),
        ({"answered_at": None, "seconds": None}, "matched"),
        ({"seconds": 0, "to": "33155550100"}, "free"),
    ],
)
def test_calls_that_cost_nothing_move_nothing(anna: Customer, switch: Switch, noon: datetime, given: dict[str, Any], code: str) -> None:
    [answer] = take(record(**given), switch=switch, at=noon)

    call = Call.objects.get()
    assert (answer.status, answer.price, call.transfer_id) == ("rated", "0.0000", None)
    assert calls.explain(call)[0].label_code == code
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["front-desk", "anna.desk", "+44 20 7946 0999", "(lobby)"])
def test_a_line_is_dialled_by_its_name_as_it_is(anna: Customer, switch: Switch, noon: datetime, name: str) -> None:
    Line.objects.create(customer=anna, name=name)
    [answer] = take(record(to=f" {name.upper()} "), switch=switch, at=noon)

    assert (answer.status, answer.price) == ("rated", "0.0000")
    assert Call.objects.get().number == name.upper()


@pytest.mark.parametrize("given", [{"account": "BÜRO-ä"}, {"account": "", "line": "bÜRO Ä1"}, {"account": "", "address": "ÖRT"}])
def test_names_that_are_not_in_ascii_are_found_in_any_writing(acme: Any, standard: RatePlan, switch: Switch, noon: datetime, given: dict[str, Any]) -> None:
    carl = world.customer("Carl Ltd", on=standard)
    AccountCode.objects.create(customer=carl, code="Büro-Ä")
    Line.objects.create(customer=carl, name="Büro Ä1", address="Ört")

    assert [answer.price for answer in take(record(**given), record("c2", **given, to="BÜRO ä1"), switch=switch, at=noon)] == ["0.0610", "0.0000"]
    assert set(Call.objects.values_list("customer_id", flat=True)) == {carl.pk}


@pytest.mark.rel(62)
def test_a_customer_cannot_make_the_calls_of_another_nobody_s_by_a_line_that_looks_alike(anna: Customer, switch: Switch, noon: datetime) -> None:
    Line.objects.create(customer=anna, name="desk1", address="hk-1")
    for name, address in (("des\u212a1", ""), ("Lift", "h\u212a-1")):
        with pytest.raises(DomainError, match="line_not_yours"):
            features.add_line(world.customer(), name, address=address, by_customer=True, actor=jane, at=noon)

    assert [answer.status for answer in take(record(account="", line="desk1"), record("c2", account="", address="HK-1"), switch=switch, at=noon)] == [
        "rated",
        "rated",
    ]


def test_a_code_that_two_customers_had_before_codes_were_folded_finds_nobody(anna: Customer, switch: Switch, noon: datetime) -> None:
    for code, name, is_twin in (("Straße", "Dora Ltd", False), ("STRASSE", "Carl Ltd", True)):
        AccountCode.objects.create(code=code, customer=world.customer(name), is_twin=is_twin)

    assert [answer.reason for answer in take(record(account="strasse"), switch=switch, at=noon)] == ["unknown_customer"]
    assert WaitingCall.objects.get().detail == "account strasse, which these customers have: Carl Ltd, Dora Ltd"


@pytest.mark.rel(62)
@pytest.mark.parametrize("given", [{"line": "desk"}, {"address": "192.0.2.99"}])
def test_a_customer_that_was_first_to_name_a_line_so_takes_no_call_from_whom_staff_gave_the_name(
    anna: Customer, switch: Switch, noon: datetime, given: dict[str, str]
) -> None:
    first = world.customer("Carl Ltd")
    features.add_line(first, "Desk", address="192.0.2.99", by_customer=True, actor=jane, at=noon)
    features.add_line(anna, "desk", address="192.0.2.99", shared=True, actor=jane, at=noon)

    assert take(record(account="", **given), switch=switch, at=noon) == [Answer("c1", "a", "rated", None, "0.0610", "GBP", 61)]
    assert Call.objects.get().customer_id == anna.pk


@pytest.mark.rel(62)
@pytest.mark.parametrize("number", ["1001", "1881", "４４２０"])
def test_figures_that_a_customer_chose_are_free_to_call_for_nobody_until_staff_say_so(
    anna: Customer, standard: RatePlan, switch: Switch, noon: datetime, number: str
) -> None:
    """Some public numbers are as short: a switch sends them as it sends an extension."""
    Line.objects.all().delete()
    carl = world.customer("Carl Ltd", on=standard)
    line = features.add_line(carl, number, by_customer=True, actor=jane, at=noon)

    calls_ = record(to=number), record("c2", account="", line=number, to=number), record("c3", account="", line=number)
    answers = [(answer.status, answer.reason) for answer in take(*calls_, switch=switch, at=noon)]
    assert answers == [("queued", "invalid_number"), ("queued", "invalid_number"), ("rated", None)]
    assert {row.detail for row in WaitingCall.objects.all()} == {f"{number}: a line that Carl Ltd named so itself, and not on-net"}

    features.change_line(line, on_net=True, actor=jane, at=noon)
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(2, 0)
    assert Counter(Call.objects.values_list("customer_id", "number", "price")) == Counter(
        [(anna.pk, number, 0), (carl.pk, number, 0), (carl.pk, "442079460123", Decimal("0.061"))]
    )


def test_a_line_is_not_dialled_by_the_rest_of_its_name(anna: Customer, switch: Switch, noon: datetime) -> None:
    Line.objects.create(customer=anna, name="front-desk")

    assert [answer.reason for answer in take(record(to="frontdesk"), switch=switch, at=noon)] == ["invalid_number"]


def test_the_plan_and_version_of_the_moment_of_answer_decide(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    dearer = PlanVersion.objects.create(plan=standard, number=2, valid_from=NINE, rate_count=1, made_by="test")
    StoredRate.objects.create(version=dearer, prefix="44", destination="United Kingdom", per_minute=Decimal("0.60"))
    PlanAssignment.objects.create(customer=anna, plan=world.plan("Gold", rates={"44": ("United Kingdom", "6.00")}), valid_from=NINE + timedelta(hours=1))
    a_second = timedelta(seconds=1)
    moments = [NINE - a_second, NINE, NINE + timedelta(hours=1) - a_second, NINE + timedelta(hours=1)]

    answers = take(*(record(f"c{n}", at=moment, seconds=60) for n, moment in enumerate(moments)), switch=switch, at=noon)

    assert [answer.price for answer in answers] == ["0.0600", "0.6000", "0.6000", "6.0000"]


def test_two_hours_cost_what_they_cost(acme: Any, switch: Switch, noon: datetime) -> None:
    """The thousands separator of complaint 1: 1,500 must not become 1."""
    carl = world.customer("Carl Ltd", on=world.plan("Dear", rates={"44": ("United Kingdom", "12.50")}))
    [answer] = take(record(account=carl.account_number, seconds=7200), switch=switch, at=noon)

    assert (answer.price, balance(carl)) == ("1500.0000", Decimal("-1500"))


def test_a_calls_price_is_told_from_its_own_numbers(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), switch=switch, at=noon)
    PlanVersion.objects.update(valid_from=noon)

    assert [(step.label_code, step.value) for step in calls.explain(Call.objects.get())] == [
        ("matched", "4420"),
        ("talked", "61"),
        ("increments", "61"),
        ("usage", "0.0610"),
        ("price", "0.0610"),
    ]


def test_todays_calls_count_as_spent_today_and_others_do_not(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record("c1", at=noon - timedelta(hours=1)), record("c2"), switch=switch, at=noon)
    take(record("c3", at=noon - timedelta(hours=2)), switch=switch, at=noon + timedelta(minutes=1))

    standing = Standing.objects.get(customer=anna)
    assert (standing.day, standing.spent_today, standing.last_call_at) == (noon.date(), Decimal("0.122"), noon - timedelta(hours=1))

    take(record("c4", at=noon + timedelta(days=1)), switch=switch, at=noon + timedelta(days=1))
    standing.refresh_from_db()
    assert (standing.day, standing.spent_today) == (noon.date() + timedelta(days=1), Decimal("0.061"))


@pytest.mark.rel(2)
@pytest.mark.parametrize(
    "statement",
    ["UPDATE invoicing_call SET seconds = 0", "UPDATE invoicing_call SET transfer_id = id", "DELETE FROM invoicing_call", "TRUNCATE invoicing_call"],
)
def test_the_role_of_web_and_workers_cannot_change_a_rated_call(anna: Customer, switch: Switch, noon: datetime, statement: str) -> None:
    """Only its price may be set anew, by rating again, which keeps the former one where nothing can be changed."""
    take(record(), switch=switch, at=noon)

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Call.objects.get().price == Decimal("0.061")


@pytest.mark.parametrize(("zone", "spent"), [("Pacific/Kiritimati", "0.061"), ("Europe/London", "0.122")])
def test_today_is_counted_again_when_the_customers_zone_changes(anna: Customer, switch: Switch, noon: datetime, zone: str, spent: str) -> None:
    take(record("c1", at=noon - timedelta(hours=1)), record("c2", at=noon - timedelta(hours=5)), switch=switch, at=noon)

    customers.change(anna, actor=jane, at=noon, time_zone="Pacific/Kiritimati")
    customers.change(anna, actor=jane, at=noon, time_zone=zone)

    standing = Standing.objects.get(customer=anna)
    assert (standing.day, standing.spent_today) == (local_date(noon, zone), Decimal(spent))


@pytest.mark.rel(29)
@pytest.mark.parametrize(
    ("zone", "border"),
    [
        ("Europe/London", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("America/Havana", datetime(2026, 11, 1, 5, tzinfo=UTC)),
        ("Africa/Cairo", datetime(2026, 10, 29, 21, tzinfo=UTC)),
        ("Atlantic/Azores", datetime(2026, 10, 25, 1, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ],
)
def test_no_minute_is_lost_or_doubled_where_the_clock_changes(standard: RatePlan, switch: Switch, noon: datetime, zone: str, border: datetime) -> None:
    bob = world.customer("Bob Ltd", on=standard, time_zone=zone)
    minutes = [border + timedelta(minutes=n) for n in range(-180, 180)]
    take(*(record(f"c{n}", at=at, seconds=60, account=bob.account_number) for n, at in enumerate(minutes)), switch=switch, at=noon)

    expected = Counter(str(local_date(at, zone)) for at in minutes)
    transfers = {transfer.pk: transfer for transfer in Transfer.objects.all()}
    assert {transfer.key[-10:]: transfer.amount for transfer in transfers.values()} == {day: Decimal("0.06") * count for day, count in expected.items()}
    assert all(transfers[call.transfer_id].key.endswith(str(local_date(call.at, zone))) for call in Call.objects.all() if call.transfer_id)
    assert balance(bob) == Decimal("-0.06") * 360


@pytest.mark.rel(24)
def test_text_of_a_switch_is_stored_as_text(anna: Customer, switch: Switch, noon: datetime) -> None:
    nasty = "'; DROP TABLE\t\\N\n<script>alert(1)</script>\\"
    take(record(call_id=nasty, caller=nasty, cause=nasty, line="x" * 90, extra={"note": nasty}), switch=switch, at=noon)

    call = Call.objects.get()
    assert (call.caller, call.cause, call.extra) == (nasty, nasty, {"note": nasty, "line": "x" * 90})
    assert CallKey.objects.get().call_id == nasty


@pytest.mark.rel(59)
def test_more_than_ten_thousand_records_are_refused(switch: Switch, noon: datetime) -> None:
    with pytest.raises(DomainError, match="too_many_records"):
        calls.ingest([record()] * 10_001, switch=switch, source="api", actor=jane, at=noon)
