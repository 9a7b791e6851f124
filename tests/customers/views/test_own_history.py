"""A customer's own history: its trail as far as its administrators may know it, and of nobody else's (contracts, Rights; reliability 62)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts import words
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.accounts.models import Role
from customers.domain import customers, features, locks, own_history, people
from customers.models import Customer, Lock, Person
from tests.support.people import START, client, system, user

LATER = START + timedelta(days=1)
PAGE = "/my/history/"
SEEN = tuple[str, str, str, list[tuple[str, str, str]], str]


@pytest.fixture
def cid(acme: Any) -> Actor:
    """Of the staff; no customer reads this name."""
    return Actor.of(user("cid", Role.SUPPORT, name="Cid Moss"))


def ann(of: Customer, role: str = "account_admin", name: str = "Ann Lee") -> Person:
    return people.add(of, full_name=name, email=f"{name.split()[0]}@x.example", role=role, actor=system, at=START)


def shown(browser: Any, query: str = "") -> list[SEEN]:
    """What, on what, who, the changes and the note, as the page has them."""
    answer = browser.get(PAGE + query)
    assert answer.status_code == 200
    return [(row.text, row.entry.subject_name, row.who, row.changes, row.note) for row in answer.context["rows"]]


def test_what_was_done_to_the_account_stands_there_the_newest_first(annas: Any, anna: Customer, cid: Actor) -> None:
    customers.change(anna, credit_limit=Decimal(500), city="Leeds", actor=cid, at=LATER)
    first = anna.people.get(is_primary=True).user

    assert shown(annas) == [
        ("Account changed", "Anna Ltd", "Acme", [("City", "–", "Leeds"), ("Credit limit", "0.00 GBP", "500.00 GBP")], ""),
        ("Login details sent", str(first), "Acme", [("Sent to", "–", "anna@anna.example")], ""),
        ("Person added", str(first), "Acme", [("Role", "–", "Account administrator")], ""),
        ("Account opened", "Anna Ltd", "Acme", [], ""),
    ]


@pytest.mark.rel(62)
def test_notes_and_fields_for_the_staff_alone_stand_nowhere_and_are_found_by_no_search(annas: Any, commerce: Any, anna: Customer, cid: Actor) -> None:
    customers.change(anna, description="Pays late", switch_account_code="sw-77", city="Leeds", actor=cid, at=LATER)
    customers.change(anna, description="Pays very late", actor=cid, at=LATER)
    for verb, note in ((locks.set, "Seems a crook"), (locks.lift, "Was none")):
        verb(anna, Lock.Reason.ADMIN, Lock.Scope.CALLS, note=note, actor=cid, at=LATER)
    line = features.add_line(anna, "1001", actor=cid, at=LATER)
    audit.record(cid, "call.set_aside", subject=("waiting_call", None, "call-9"), customer_id=anna.pk, note="Carrier is cross", at=LATER)
    audit.record(cid, "something.changed", subject=("line", line.pk, "1001"), customer_id=anna.pk, changes={"city": ("", "Hull")}, at=LATER)

    assert [row[:1] + row[3:] for row in shown(annas)[:4]] == [
        ("Line added", [], ""),
        ("Unlocked", [("Lock", "Calls: Locked by staff", "–")], ""),
        ("Locked", [("Lock", "–", "Calls: Locked by staff")], ""),
        ("City changed", [("City", "–", "Leeds")], ""),
    ]
    hidden = ("Pays", "sw-77", "crook", "Was none", "Cid", "call-9", "cross", "Hull")
    page = annas.get(f"{PAGE}?size=100").content.decode()
    assert [word for word in hidden if word in page] == []
    assert [word for word in hidden if shown(annas, f"?q={word}")] == []
    theirs = commerce.get(f"/customers/{anna.account_number}/history/?size=100").content.decode()
    assert [word for word in hidden if word not in theirs] == []


@pytest.mark.rel(62)
def test_the_staff_are_the_company_to_the_customer_and_themselves_to_each_other(annas: Any, anna: Customer, cid: Actor) -> None:
    boss = anna.people.get(is_primary=True).user
    orla = Actor("Orla Byrne", user_id=boss.pk, schema="owner")
    actors = [Actor.of(boss), cid, cid.acting_for(anna.pk, anna.name), orla, Actor.program("import_lines"), Actor.of(ann(anna, name="Una").user)]
    for number, actor in enumerate(actors):
        features.add_line(anna, f"100{number}", actor=actor, at=LATER + timedelta(minutes=number))
    sam = client(user("sam", Role.SUPPORT))
    sam.post("/customers/switch/", {"account": anna.account_number})

    told = {name: [row[2] for row in shown(browser, "?q=100")] for name, browser in (("people", annas), ("staff", sam))}
    assert told["people"] == ["Una", "Acme", "Acme", "Acme", "Acme", str(boss)]
    assert told["staff"] == ["Una", "import_lines", "Orla Byrne", "Cid Moss", "Cid Moss", str(boss)]
    switched = "Switched into your account"
    assert [[row[1:3] for row in shown(browser) if row[0] == switched] for browser in (annas, sam)] == [[("Anna Ltd", "Acme")], [("Anna Ltd", "Sam")]]


@pytest.mark.rel(62)
def test_of_other_customers_nothing_is_told(annas: Any, anna: Customer, bob: Customer, cid: Actor) -> None:
    features.add_line(bob, "2002", actor=cid, at=LATER)
    customers.change(bob, city="Hull", actor=cid, at=LATER)
    who = bob.people.get(is_primary=True).user

    assert [row[1] for row in shown(annas, "?size=100")] == [str(anna.people.get().user), str(anna.people.get().user), "Anna Ltd"]
    answer = annas.get(f"{PAGE}?who={who.pk}")
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["who"])
    assert "Bob" not in answer.content.decode()
    bobs = [row[1] for row in shown(client(who))]
    assert bobs[:2] == ["Bob Ltd", "2002"]


def test_it_is_narrowed_by_who_did_it_and_by_days_where_the_reader_is(annas: Any, anna: Customer, cid: Actor) -> None:
    boss = anna.people.get(is_primary=True).user
    evening = START.replace(day=25, hour=23, minute=59)
    features.add_line(anna, "1001", actor=Actor.of(boss), at=evening)
    features.add_line(anna, "1002", actor=cid, at=evening + timedelta(minutes=1))

    def lines(query: str) -> list[str]:
        return [name for what, name, *_rest in shown(annas, query) if what == "Line added"]

    assert lines("?since=2026-11-25") == ["1002", "1001"]
    assert (lines("?since=2026-11-26"), lines("?since=2026-11-25&until=2026-11-25")) == (["1002"], ["1001"])
    assert (lines(f"?who={boss.pk}"), lines("?who=seller"), lines("?q=1002")) == (["1001"], ["1002"], ["1002"])
    choices = annas.get(PAGE).context["form"].fields["who"].choices
    assert choices == [("", "Everybody"), (str(boss.pk), str(boss)), ("seller", "Acme")]
    assert "Nothing" in annas.get(f"{PAGE}?q=nothing-like-it").content.decode()
    wrong = annas.get(f"{PAGE}?since=yesterday")
    assert (wrong.status_code, len(wrong.context["rows"])) == (422, 5)


def test_it_has_pages_and_asks_as_much_for_many_rows_as_for_one(annas: Any, anna: Customer, cid: Actor) -> None:
    def asked(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            annas.get(PAGE + query)
        return len(queries)

    shown(annas)
    few = asked("?q=Anna")
    for number in range(30):
        audit.record(cid, "line.removed", subject=("line", None, f"9{number:02}"), customer_id=anna.pk, at=LATER + timedelta(minutes=number))
    assert asked("?size=50") == few
    assert [row[1] for row in shown(annas)] == [f"9{number:02}" for number in range(29, 4, -1)]
    assert [row[1] for row in shown(annas, "?page=2")][:5] == [f"9{number:02}" for number in range(4, -1, -1)]
    assert shown(annas, "?sort=at")[0][0] == "Account opened"


@pytest.mark.rel(61)
def test_only_a_customers_administrators_and_staff_who_manage_it_open_it(annas: Any, anna: Customer, support: Any, reports: Any) -> None:
    someone = client(ann(anna, "account_user", "Una").user)

    assert annas.get(PAGE).status_code == 200
    assert 'href="/my/history/"' in annas.get("/my/people/").content.decode()
    assert someone.get(PAGE).status_code == 403
    assert 'href="/my/history/"' not in someone.get("/my/lines/").content.decode()
    assert [browser.get(PAGE).status_code for browser in (support, reports)] == [404, 404]
    support.post("/customers/switch/", {"account": anna.account_number})
    assert support.get(PAGE).status_code == 200


def test_every_action_that_is_told_has_words_of_its_own() -> None:
    assert [name for name, told in own_history.TOLD.items() if not told.text and name not in words.ACTIONS] == []
