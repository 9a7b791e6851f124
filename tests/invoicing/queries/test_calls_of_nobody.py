"""Calls of nobody that wait are found by what they name: for all lines of a page at once, by an index, and in whatever spelling."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import Switch
from billing_portal.kernel.folding import fold
from customers.domain import features, line_names
from customers.models import Customer, Line
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from invoicing.models import WaitingCall
from invoicing.queries.calls import waits_by, waits_under
from tests.support import databases, world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NOON, DAY = datetime.fromisoformat("2026-10-03T12:00:00+00:00"), timedelta(days=1)


def nobody_calls(**names: Any) -> None:
    """A call of nobody that waits, answered on the third of October."""
    switch = Switch.objects.get_or_create(name="default")[0]
    one = CallRecord(call_id=f"c-{names}"[:60], to="442079460123", setup_at=NOON, answered_at=NOON, seconds=61, **names)
    [answer] = calls.ingest([one], switch=switch, source="api", actor=jane, at=NOON + 30 * DAY)
    assert answer.reason == "unknown_customer"


def handed_on(bob: Customer, anna: Customer, name: str, address: str) -> Line:
    """A line that Bob gave up before the third of October, and Anna has from after it."""
    features.remove_line(features.add_line(bob, name, address=address, shared=True, actor=jane, at=NOON - 9 * DAY), actor=jane, at=NOON - DAY)
    return features.add_line(anna, name, address=address, shared=True, actor=jane, at=NOON + 9 * DAY)


@contextmanager
def a_long_queue() -> Iterator[None]:
    """So many calls of nobody that wait, and are counted, that no plan reads them all."""
    nobody_calls(line="first")
    first = WaitingCall.objects.get()
    kept = {"key": first.key, "batch": first.batch, "reason": first.reason}
    records = [{name: f"{name} {number}"} for number in range(1_000) for name in ("account", "line", "address")]
    WaitingCall.objects.bulk_create(WaitingCall(record=record, record_hash=str(number), **kept) for number, record in enumerate(records))
    count()
    yield
    WaitingCall.objects.all().delete()
    count()


def count() -> None:
    """Let the database count the calls that wait."""
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("ANALYZE acme.invoicing_waitingcall")


@contextmanager
def asked() -> Iterator[list[str]]:
    """The statements that look for calls that wait."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as ran:
        yield found
    found += [query["sql"] for query in ran if "invoicing_waitingcall" in query["sql"]]


def test_the_waiting_calls_are_asked_once_for_all_lines_that_somebody_else_had(acme: Any) -> None:
    anna, bob = world.customer("Anna Ltd"), world.customer("Bob Ltd")
    lines = [handed_on(bob, anna, f"desk {number}", f"192.0.2.{number}") for number in range(5)]
    nobody_calls(line="Desk 1")
    nobody_calls(address="192.0.2.3")

    with asked() as statements:
        told = line_names.doubts(anna, lines)
    assert told == {
        lines[1].pk: ["Calls that name “desk 1” wait: Bob Ltd had it before. Say under Edit whether those answered since then are this line's."],
        lines[3].pk: ["Calls that name “192.0.2.3” wait: Bob Ltd had it before. Say under Edit whether those answered since then are this line's."],
    }
    assert len(statements) == 2, "one question for the names, one for the addresses"

    with asked() as statements:
        assert line_names.doubts(bob, [features.add_line(bob, "hall", actor=jane, at=NOON)]) == {}
    assert statements == []


@pytest.mark.django_db(transaction=True)
def test_an_index_serves_each_question(acme: Any) -> None:
    questions: dict[str, Callable[[], object]] = {
        "nobodys_account": lambda: waits_under("gone"),
        "nobodys_line": lambda: waits_by("name", {"desk", "hall"}),
        "nobodys_address": lambda: waits_by("address", {"192.0.2.1"}),
    }
    with a_long_queue():
        for index, ask in questions.items():
            with asked() as statements:
                assert not ask()
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {statements[0]}")
                plan = "\n".join(line for (line,) in cursor.fetchall())

            assert f"{index} on invoicing_waitingcall" in plan
            assert "Index Cond: (COALESCE(lower(" in plan


@pytest.mark.parametrize("sent", ["desk", "DESK", "ＤＥＳＫ", "de\u00adsk", "Straße", "two  parts", "İzmir", "ﬁlm", 'a "b"\\c%'])
def test_a_call_is_found_in_whatever_spelling_it_names_the_line_or_code(acme: Any, sent: str) -> None:
    nobody_calls(line=sent)
    nobody_calls(account=sent)
    nobody_calls(line="other", address=sent)
    nobody_calls(line="Ümlaut", address="Ümlaut")

    assert waits_by("name", {fold(sent), "hall", "an other"}) == {fold(sent)}
    assert waits_under(sent)
    assert not waits_under("other")
    assert waits_by("address", {fold(sent)}) == set(), "where a line is named the address decides nothing"
