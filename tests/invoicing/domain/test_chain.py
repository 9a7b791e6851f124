"""The check of the ledger proves that each call is carried once by every level above it, and names the place where it is not."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.jobs.models import Job
from billing_portal.tenancy.models import new_id
from customers.models import PlanAssignment
from invoicing.domain import buying, ledger_check, rerating, waiting
from invoicing.domain.rerating import Named
from invoicing.models import Call
from tests.support import databases, tree, world
from tests.support.tree import Tree
from tests.support.world import jane

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CARRIED = "a call is carried once by the level above, at the price its batch brought"


@pytest.fixture
def climbed(transactional_db: None, acme: Any) -> Tree:
    """One call that has climbed, and one that waits at Acme for a rate."""
    made = tree.plant(at_acme={"44": ("United Kingdom", "0.40")})
    tree.take([tree.call(made.anna), tree.call(made.anna, "c2", to=tree.PARIS)], NOON)
    tree.work()
    return made


def plant(schema: str, sql: str) -> None:
    """Change what no role of the portal may change."""
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute(f"SET session_replication_role = replica; SET search_path = {schema}, public")
        cursor.execute(sql)
        assert cursor.rowcount == 1
        cursor.execute("RESET search_path; RESET session_replication_role")


def found(schema: str = "globex") -> list[tuple[str, str, str, str | None, str | None]]:
    """The differences of the chain: whose, which, where, expected, found."""
    with schema_context(schema):
        told = [difference for difference in ledger_check.check().differences if "level above" in difference.identity]
        return [(each.customer, each.identity, each.place, each.as_json()["expected"], each.as_json()["found"]) for each in told]


def in_flight(schema: str = "globex") -> int:
    with schema_context(schema):
        return ledger_check.check().in_flight


def test_an_honest_chain_has_no_difference_and_counts_what_waits_above(climbed: Tree) -> None:
    assert (found(), found("acme"), found("owner")) == ([], [], [])
    assert (in_flight(), in_flight("acme"), in_flight("owner")) == (1, 0, 0)
    assert tree.differences() == []


def test_a_pending_climb_is_in_flight(climbed: Tree) -> None:
    tree.take([tree.call(climbed.anna, "c3"), tree.call(climbed.anna, "c4")], NOON)

    assert (found(), in_flight()) == ([], 3)


def test_a_climb_that_was_given_up_is_a_difference(climbed: Tree) -> None:
    tree.take([tree.call(climbed.anna, "c3")], NOON)
    Job.objects.filter(kind="calls.climb", state="pending").update(state="dead")

    assert found() == [("Anna Ltd", CARRIED, "call c3 of switch globex/default at acme", "0.4067", None)]


def test_a_call_that_was_never_sent_up_is_found(climbed: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buying, "_climbing", lambda rated: [])
    tree.take([tree.call(climbed.anna, "c3"), tree.call(climbed.anna, "c4", answered_at=None, seconds=None)], NOON)

    assert in_flight() == 1
    told = [str(each) for each in ledger_check.check().differences]
    assert [each.split(": ", 1)[1] for each in told] == [
        "call to 442079460123 at 2026-10-03 09:00:00+00: an answered call to a number climbs: expected 0.61, found nothing"
    ]


def test_a_call_whose_price_differs_above_is_found(climbed: Tree) -> None:
    plant("acme", "UPDATE invoicing_call SET price = price + 0.0001")

    assert found() == [("Anna Ltd", CARRIED, "call c1 of switch globex/default at acme", "0.4067", "0.4068")]


def test_a_call_that_is_missing_above_is_found(climbed: Tree) -> None:
    plant("owner", "DELETE FROM invoicing_call")

    assert found("acme") == [("Globex", CARRIED, "call c1 of switch acme/globex/default at owner", "0.305", None)]


def test_a_call_that_is_missing_here_is_found(climbed: Tree) -> None:
    plant("globex", "DELETE FROM invoicing_call WHERE buy_price IS NOT NULL")

    assert found() == [("", "what the level above carries came from here", "call c1 of switch globex/default at acme", None, "0.4067")]


def test_a_call_that_stands_twice_above_is_found_there(climbed: Tree) -> None:
    columns = "at, customer_id, key_id, batch_id, direction, line, caller, number, setup_at, answered_at, seconds, cause, prefix, destination, per_minute"
    rest = "connection_charge, initial_increment, increment, included_seconds, minimum, billed_seconds, net, exchange_rate, precision, price, currency"
    names = f"{columns}, {rest}, buy_currency, extra"
    plant("acme", f"INSERT INTO invoicing_call (id, {names}) SELECT gen_random_uuid(), {names} FROM invoicing_call")

    with schema_context("acme"):
        assert "a call is carried once" in {difference.identity for difference in ledger_check.check().differences}


def test_a_call_that_waits_no_longer_above_and_was_never_posted_is_found(climbed: Tree) -> None:
    plant("acme", "DELETE FROM invoicing_waitingcall")

    assert found() == [("Anna Ltd", CARRIED, "call c2 of switch globex/default at acme", None, None)]


def test_a_call_that_is_set_aside_above_is_no_difference(climbed: Tree) -> None:
    with schema_context("acme"):
        waiting.set_aside(waiting.waiting_ids(), note="a gift", actor=jane, at=NOON)

    assert (found(), in_flight(), in_flight("acme")) == ([], 1, 1)
    tree.work()
    assert (found(), in_flight(), in_flight("acme")) == ([], 0, 0)


def test_a_price_on_its_way_back_is_in_flight(climbed: Tree) -> None:
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("With France", rates={"33": ("France", "0.90")}))
        waiting.rate_again(waiting.waiting_ids(), actor=jane, at=NOON)

    assert (found(), in_flight(), in_flight("acme")) == ([], 1, 1)
    tree.work()
    assert (found(), in_flight(), in_flight("acme")) == ([], 0, 0)


def test_rows_that_nobody_has_counted_yet_are_not_compared_each_with_each(climbed: Tree) -> None:
    """Postgres counted one or two calls; thousands may have come since, and a check must not take hours then."""
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("ANALYZE")
    row_by_row: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "SELECT" in sql and not sql.startswith("EXPLAIN"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN {sql}", params)
                if any("Nested Loop" in line for (line,) in cursor.fetchall()):
                    row_by_row.append(sql)
        return execute(sql, params, many, context)

    with schema_context("globex"), connection.execute_wrapper(explain):
        report = ledger_check.check()

    assert report.differences == []
    assert [sql for sql in row_by_row if "VALUES" not in sql] == []  # those unfold each row into a few, and compare nothing


def again(schema: str, currency: str, price: str) -> None:
    """The calls of a level rated again by another plan."""
    with schema_context(schema):
        PlanAssignment.objects.update(plan=world.plan("Changed", currency, {"44": ("United Kingdom", price), "33": ("France", price)}))
        rerating.rate_again(Named.of(Call.objects.all()), new_id(), actor=jane, at=NOON)


def history(schema: str) -> list[str]:
    """The calls whose prices do not follow one from the other."""
    with schema_context(schema):
        return [each.place for each in ledger_check.check().differences if each.identity == "each price of a call follows from the one before"]


@pytest.mark.parametrize(
    "sql",
    [
        "SET buy_price = 0.8133, buy_number = buy_number + 2 WHERE buy_price IS NULL",
        "SET buy_price = 0.8133, buy_currency = 'EUR' WHERE buy_price IS NULL",
        "SET buy_price = NULL WHERE buy_price IS NOT NULL",
        "SET buy_price = buy_price + 0.0001 WHERE buy_price IS NOT NULL",
    ],
)
def test_a_buy_price_is_written_back_over_an_empty_one_under_its_number_and_in_its_currency_alone(climbed: Tree, sql: str) -> None:
    again("globex", "USD", "1.40")
    assert history("globex") == []
    call = "c2" if "IS NULL" in sql else "c1"

    plant("globex", f"UPDATE invoicing_call {sql}")

    assert history("globex") == [f"call {call}, price 2"]


def test_a_buy_price_that_came_from_nowhere_is_found_at_the_root(climbed: Tree) -> None:
    again("owner", "EUR", "0.35")
    assert history("owner") == []

    plant("owner", "UPDATE invoicing_call SET buy_price = 0.1, buy_currency = 'EUR'")

    assert history("owner") == ["call c1, price 2"]


def test_a_price_written_back_is_the_one_above(climbed: Tree) -> None:
    again("globex", "USD", "1.40")
    plant("globex", "UPDATE invoicing_call SET buy_price = 0.8133 WHERE buy_price IS NULL")

    assert (history("globex"), found()) == ([], [("Anna Ltd", CARRIED, "call c2 of switch globex/default at acme", "0.8133", None)])
