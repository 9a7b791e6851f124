"""Calls that wait are rated again, set aside, or decided for the first; each once, whoever is quicker (semantics 22)."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry, Switch
from billing_portal.kernel.errors import DomainError
from customers.domain import customers, features, line_names
from customers.models import AccountCode, Customer, Line, PlanAssignment, Transfer
from invoicing.domain import calls, ledger_check, waiting
from invoicing.domain.answers import Answer
from invoicing.domain.records import CallRecord
from invoicing.domain.waiting import RatedAgain
from invoicing.models import Call, CallBatch, CallKey, WaitingCall
from rateplans.models import PlanVersion, RatePlan, StoredRate
from tests.support import world
from tests.support.world import balance, jane

pytestmark = pytest.mark.django_db
NINE, DAY = datetime(2026, 10, 3, 9, 0, tzinfo=UTC), timedelta(days=1)


def record(call_id: str = "c1", **given: Any) -> CallRecord:
    fields: dict[str, Any] = {"account": "anna-100", "to": "33155550100", "setup_at": NINE, "answered_at": NINE, "seconds": 61} | given
    return CallRecord(call_id=call_id, **fields)


def take(*records: CallRecord, switch: Switch, at: datetime) -> list[Answer]:
    return calls.ingest(records, switch=switch, source="api", actor=jane, at=at)


def add_france() -> None:
    StoredRate.objects.create(version=PlanVersion.objects.get(), prefix="33", destination="France", per_minute=Decimal("0.60"))
    PlanVersion.objects.update(created_at=NINE)
    forget_decks()


def forget_decks() -> None:
    """A version never changes, so its deck is kept; the test has changed one."""
    from rateplans.domain import decks

    decks._decks.clear()


def state(of: str = "c1") -> tuple[str, str]:
    return WaitingCall.objects.values_list("state", "reason").get(key__call_id=of)


def test_a_call_gets_its_price_when_there_is_a_rate(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), record("c2", extra={"trunk": "n"}), switch=switch, at=noon)
    add_france()

    done = waiting.rate_again(waiting.waiting_ids("no_rate"), actor=jane, at=noon)

    assert (done, state(), state("c2"), balance(anna)) == (RatedAgain(2, 0), ("rated", "no_rate"), ("rated", "no_rate"), Decimal("-1.22"))
    assert [call.extra for call in Call.objects.order_by("price", "key_id") if call.extra] == [{"trunk": "n"}]
    assert Transfer.objects.get().key.startswith(f"usage:{CallBatch.objects.get(source='rated_again').pk}:")
    assert take(record(), switch=switch, at=noon) == [Answer("c1", "a", "repeated", None, "0.6100", "GBP", 61)]


def test_what_still_has_no_price_waits_on_with_its_new_reason(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(account="nobody"), switch=switch, at=noon)
    AccountCode.objects.create(code="nobody", customer=anna)

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(0, 1)
    assert state() == ("waiting", "no_rate")
    assert WaitingCall.objects.get().customer == anna
    assert take(record(account="nobody"), switch=switch, at=noon)[0].reason == "no_rate"


def test_a_waiting_call_stays_its_customer_s_when_its_number_becomes_another_s(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    number = anna.account_number
    take(record(account=number), switch=switch, at=noon)
    customers.change(anna, account_number="555001", actor=jane, at=noon)
    bob = customers.create("Bob Ltd", plan=standard, account_number=number, billing_email="b@bob.example", actor=jane, at=noon)
    add_france()

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    assert (balance(anna), balance(bob), Call.objects.get().customer_id) == (Decimal("-0.61"), Decimal(0), anna.pk)
    assert ledger_check.check().differences == []


def test_a_waiting_call_stays_its_customer_s_when_its_line_becomes_another_s(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    take(record(account="", line="1001"), record("c2", account="", line="", address="192.0.2.7"), switch=switch, at=noon)
    bob = world.customer("Bob Ltd", on=standard)
    features.remove_line(Line.objects.get(), actor=jane, at=noon)
    features.add_line(bob, "1001", address="192.0.2.7", actor=jane, at=noon)
    add_france()

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(2, 0)
    assert (balance(anna), balance(bob)) == (Decimal("-1.22"), Decimal(0))


def test_a_customer_cannot_shake_off_a_waiting_call_by_removing_its_line(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(account="", line="1001"), switch=switch, at=noon)
    features.remove_line(Line.objects.get(), actor=jane, at=noon)

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(0, 1)
    assert (state(), WaitingCall.objects.get().customer) == (("waiting", "no_rate"), anna)


def test_a_number_that_was_given_up_cannot_be_given_to_another_while_calls_of_nobody_wait_under_it(
    anna: Customer, standard: RatePlan, switch: Switch, noon: datetime
) -> None:
    number = anna.account_number
    customers.change(anna, account_number="555001", switch_account_code="Anna-Öne", actor=jane, at=noon)
    customers.change(anna, switch_account_code="", actor=jane, at=noon)
    since: dict[str, Any] = {"setup_at": noon, "answered_at": noon}
    take(record(account=number, **since), record("c2", account="ANNA-ÖNE", **since), switch=switch, at=noon)
    bob = customers.create("Bob Ltd", plan=standard, billing_email="b@bob.example", actor=jane, at=noon)

    for field, wanted in (("account_number", number), ("switch_account_code", number), ("switch_account_code", "anna-öne")):
        with pytest.raises(DomainError, match="calls_wait_under_it") as refused:
            customers.change(bob, actor=jane, at=noon, **{field: wanted})  # type: ignore[arg-type]
        assert (refused.value.field, wanted in refused.value.message) == (field, True)

    customers.change(anna, switch_account_code=number, actor=jane, at=noon)
    waiting.set_aside(waiting.waiting_ids(), note="tests", actor=jane, at=noon)
    assert customers.change(bob, switch_account_code="anna-öne", actor=jane, at=noon).switch_account_code == "anna-öne"


def by(call_id: str, at: datetime, **named: str) -> CallRecord:
    """A call to London for ten minutes, 0.60, that names its customer in one way."""
    return record(call_id, to="442079460123", setup_at=at, answered_at=at, seconds=600, **({"account": ""} | named))


WAYS: list[dict[str, str]] = [{"line": "2001"}, {"address": "HK-1"}, {"account": "shop"}]


def give(customer: Customer, way: dict[str, str], at: datetime) -> None:
    """The customer has it from then on, as staff give it."""
    if "account" in way:
        customers.change(customer, switch_account_code=way["account"], actor=jane, at=at)
    else:
        features.add_line(customer, way.get("line", "2001"), address=way.get("address", ""), actor=jane, at=at)


def take_away(customer: Customer, way: dict[str, str], at: datetime) -> None:
    if "account" in way:
        customers.change(customer, switch_account_code="", actor=jane, at=at)
    else:
        features.remove_line(customer.lines.get(name="2001"), actor=jane, at=at)


@pytest.mark.parametrize("way", WAYS)
def test_calls_are_theirs_who_had_the_name_when_they_were_answered(
    anna: Customer, standard: RatePlan, switch: Switch, noon: datetime, way: dict[str, str]
) -> None:
    """Anna had it until the tenth, Bob has it from the twentieth: what was answered in between is nobody's, though it is rated again."""
    bob = world.customer("Bob Ltd", on=standard)
    give(anna, way, NINE)
    take_away(anna, way, NINE + 10 * DAY)
    early = take(by("c1", NINE + DAY, **way), by("c2", NINE + 10 * DAY, **way), switch=switch, at=noon)
    assert [(answer.status, answer.reason) for answer in early] == [("rated", None), ("queued", "unknown_customer")]
    waiting_for = WaitingCall.objects.get()
    if "account" in way:
        waiting.set_aside([waiting_for.pk], note="ours", actor=jane, at=noon)
    give(bob, way, NINE + 20 * DAY)

    times = {"c3": NINE - DAY, "c4": NINE + 9 * DAY, "c5": NINE + 15 * DAY, "c6": NINE + 20 * DAY}
    take(*(by(key, at, **way) for key, at in times.items()), switch=switch, at=noon)
    waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon)

    owners = {CallKey.objects.get(pk=key).call_id: customer for key, customer in Call.objects.values_list("key_id", "customer_id")}
    assert owners == {"c1": anna.pk, "c3": anna.pk, "c4": anna.pk, "c6": bob.pk}
    assert (balance(anna), balance(bob)) == (Decimal("-1.80"), Decimal("-0.60"))
    assert WaitingCall.objects.get(key__call_id="c5").detail.endswith(", which Anna Ltd gave up before")
    assert ledger_check.check().differences == []


def test_what_waited_since_another_had_the_line_is_taken_over_when_staff_say_so(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    bob, way = world.customer("Bob Ltd", on=standard), WAYS[0]
    give(anna, way, NINE)
    take_away(anna, way, NINE + 10 * DAY)
    take(by("c1", NINE + 15 * DAY, **way), switch=switch, at=noon)
    give(bob, way, NINE + 20 * DAY)
    line = bob.lines.get()
    assert line_names.doubts(bob, [line]) == {
        line.pk: ["Calls that name “2001” wait: Anna Ltd had it before. Say under Edit whether those answered since then are this line's."]
    }

    features.change_line(line, takes_over=True, actor=jane, at=noon)
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    assert (balance(anna), balance(bob)) == (Decimal(0), Decimal("-0.60"))
    assert line_names.doubts(bob, [bob.lines.get()]) == {}


def test_calls_are_taken_over_once_and_not_beyond_whoever_had_the_line_last(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    bob, carl = (world.customer(name, on=standard) for name in ("Bob Ltd", "Carl Ltd"))
    way = WAYS[0]
    for of, since, until in ((anna, 0, 5), (carl, 7, 10)):
        give(of, way, NINE + since * DAY)
        take_away(of, way, NINE + until * DAY)
    give(bob, way, NINE + 12 * DAY)
    for _time in range(2):
        features.change_line(bob.lines.get(), takes_over=True, actor=jane, at=noon)

    assert bob.lines.get().since == NINE + 10 * DAY
    assert line_names.given_up_before(bob.lines.get()) is None


def test_a_line_entered_late_takes_its_calls_that_wait_and_one_given_back_those_in_between(anna: Customer, switch: Switch, noon: datetime) -> None:
    way = WAYS[0]
    take(by("c1", NINE, **way), switch=switch, at=noon)
    give(anna, way, NINE + DAY)
    take_away(anna, way, NINE + 2 * DAY)
    take(by("c2", NINE + 3 * DAY, **way), switch=switch, at=noon)
    give(anna, way, NINE + 4 * DAY)

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(2, 0)
    assert balance(anna) == Decimal("-1.20")


def test_a_line_that_was_removed_is_on_net_no_more(anna: Customer, switch: Switch, noon: datetime) -> None:
    features.remove_line(Line.objects.get(name="1001"), actor=jane, at=noon)

    [answer] = take(record(to="1001", setup_at=noon, answered_at=noon), switch=switch, at=noon)
    assert (answer.status, answer.reason) == ("queued", "invalid_number")


@pytest.mark.rel(62)
@pytest.mark.parametrize(
    ("name", "address", "waits", "field"),
    [
        ("shop", "", {"line": "SHOP"}, "name"),
        ("1002", "", {"line": "1002", "address": "203.0.113.9"}, "name"),
        ("lift", "203.0.113.9", {"address": "203.0.113.9"}, "address"),
    ],
)
def test_a_customer_cannot_name_a_line_so_that_calls_of_nobody_that_wait_become_its_own(
    anna: Customer, switch: Switch, noon: datetime, name: str, address: str, waits: dict[str, str], field: str
) -> None:
    take(record(account="", to="442079460123", **waits), switch=switch, at=noon)

    with pytest.raises(DomainError, match="line_not_yours") as refused:
        features.add_line(anna, name, address=address, by_customer=True, actor=jane, at=noon)
    assert (refused.value.field, refused.value.message) == (field, "You cannot add this line yourself. Ask us to add it.")
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(0, 1)
    assert (balance(anna), WaitingCall.objects.get().customer) == (Decimal(0), None)

    features.add_line(anna, name, address=address, actor=jane, at=noon)
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    assert Call.objects.get().customer_id == anna.pk


@pytest.mark.parametrize(
    "waits",
    [{"account": "nobody", "line": "shop"}, {"account": "", "line": "nobody", "address": "203.0.113.9"}, {"account": "", "line": "shop", "aside": True}],
)
def test_a_customer_names_a_line_so_where_what_waits_is_not_decided_by_it(anna: Customer, switch: Switch, noon: datetime, waits: dict[str, Any]) -> None:
    aside = waits.get("aside", False)
    take(record(**{name: value for name, value in waits.items() if name != "aside"}), switch=switch, at=noon)
    if aside:
        waiting.set_aside(waiting.waiting_ids(), note="tests", actor=jane, at=noon)

    assert features.add_line(anna, "shop", address="203.0.113.9", by_customer=True, actor=jane, at=noon).by_customer


def test_rating_again_takes_the_plan_of_the_time_of_the_call(acme: Any, switch: Switch, noon: datetime) -> None:
    carl = world.customer("Carl Ltd")
    take(record(account=carl.account_number, to="442079460123"), switch=switch, at=noon)
    PlanAssignment.objects.create(customer=carl, plan=world.plan("New", rates={"44": ("UK", "9")}), valid_from=noon)

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(0, 1)
    PlanAssignment.objects.create(customer=carl, plan=world.plan("Old", rates={"44": ("UK", "6")}))
    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(1, 0)
    assert Call.objects.get().price == Decimal("6.1")


def test_rating_again_twice_moves_once(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), switch=switch, at=noon)
    add_france()
    ids = waiting.waiting_ids()

    assert [waiting.rate_again(ids, actor=jane, at=noon) for _n in range(2)] == [RatedAgain(1, 0), RatedAgain(0, 0)]
    assert balance(anna) == Decimal("-0.61")


def test_a_conflict_cannot_be_rated_again(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(to="442079460123"), record(to="442079460123", seconds=62), switch=switch, at=noon)

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(0, 0)
    assert state() == ("waiting", "conflict")


def test_set_aside_needs_a_note_and_never_bills(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record(), switch=switch, at=noon)
    with pytest.raises(DomainError, match="note_missing"):
        waiting.set_aside(waiting.waiting_ids(), note="  ", actor=jane, at=noon)

    assert waiting.set_aside(waiting.waiting_ids(), note="test call of ours", actor=jane, at=noon) == 1
    add_france()
    row = WaitingCall.objects.get()
    assert waiting.rate_again([row.pk], actor=jane, at=noon) == RatedAgain(0, 0)
    assert (row.state, row.note, row.decided_by, row.decided_at) == ("set_aside", "test call of ours", "Jane Whitfield", noon)
    assert [entry.action for entry in AuditEntry.objects.filter(customer_id=anna.pk)] == ["call.set_aside"]
    assert take(record(), switch=switch, at=noon)[0] == Answer("c1", "a", "repeated", "no_rate")


def test_keep_the_first_decides_conflicts_only(anna: Customer, switch: Switch, noon: datetime) -> None:
    take(record("c1"), record("c2", to="442079460123"), record("c2", to="442079460123", seconds=62), switch=switch, at=noon)

    assert waiting.keep_the_first(waiting.waiting_ids(), actor=jane, at=noon) == 1
    assert (state("c1"), state("c2")) == (("waiting", "no_rate"), ("set_aside", "conflict"))
    assert balance(anna) == Decimal("-0.061")
    assert take(record("c2", to="442079460123", seconds=62), switch=switch, at=noon)[0].status == "conflict"
    assert waiting.waiting_ids("conflict") == []


def test_calls_of_several_switches_are_rated_again_in_batches_of_their_own(anna: Customer, switch: Switch, noon: datetime) -> None:
    other = Switch.objects.create(name="Frankfurt")
    take(record(), switch=switch, at=noon)
    take(record(), switch=other, at=noon)
    add_france()

    assert waiting.rate_again(waiting.waiting_ids(), actor=jane, at=noon) == RatedAgain(2, 0)
    assert sorted(CallBatch.objects.filter(source="rated_again").values_list("switch__name", flat=True)) == ["Frankfurt", "default"]


@pytest.mark.django_db(transaction=True)
def test_several_at_once_decide_a_call_once(anna: Customer, standard: RatePlan, switch: Switch, noon: datetime) -> None:
    take(*(record(f"c{n}") for n in range(50)), switch=switch, at=noon)
    add_france()
    ids = waiting.waiting_ids()
    done: list[int] = []

    def decide(number: int) -> None:
        with schema_context("acme"):
            if number % 2:
                done.append(waiting.rate_again(ids, actor=jane, at=noon).rated)
            else:
                done.append(waiting.set_aside(ids, note="race", actor=jane, at=noon))
        connection.close()

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(done) == [0, 0, 0, 0, 0, 50]
    rated = WaitingCall.objects.filter(state="rated").count()
    assert (Call.objects.count(), balance(anna)) == (rated, Decimal("-0.61") * rated)
