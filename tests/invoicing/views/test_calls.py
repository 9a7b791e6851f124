"""Pages of calls: who sees which, what is found, and why a price is what it is."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role, Switch
from customers.models import Customer, Person
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from tests.support import people, world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
NINE = datetime(2026, 10, 3, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def anna(acme: Any) -> Customer:
    return world.customer("Anna Ltd", on=world.plan())


@pytest.fixture
def bob(anna: Customer) -> Customer:
    return world.customer("Bob Ltd", on=world.plan("Other"))


@pytest.fixture
def desk(acme: Any) -> Client:
    return people.client(people.user("carol", Role.COMMERCE))


def call(of: Customer, number: str = "442079460123", at: datetime = NINE, **given: Any) -> None:
    switch = Switch.objects.get_or_create(name="default")[0]
    fields: dict[str, Any] = {"answered_at": at, "seconds": 61, "account": of.account_number} | given
    call_id = f"{of.pk}-{number}-{at.isoformat()}-{given}"[:128]
    calls.ingest([CallRecord(call_id, number, at, **fields)], switch=switch, source="api", actor=jane, at=NOON)


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def streamed(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def person_of(customer: Customer, role: Role = Role.ACCOUNT_ADMIN, name: str = "anna") -> Client:
    user = people.user(name, role)
    Person.objects.create(user=user, customer=customer)
    return people.client(user)


def test_a_price_opens_into_its_arithmetic(anna: Customer, desk: Client) -> None:
    call(anna, caller="441134960021")
    shown = text(desk.get("/calls/"))

    for part in (
        "Anna Ltd",
        "+44 20 7946 0123",
        "United Kingdom - London",
        "1:01",
        "Answered",
        "Standard, version 1",
        "Matched rate 4420",
        "61 s at 0.0600 a minute",
        "0.0610",
    ):
        assert part in shown
    assert "Total in GBP, 1 call" in shown


def test_the_calls_tab_shows_the_customers_own_calls_only(anna: Customer, bob: Customer, desk: Client) -> None:
    call(anna)
    call(bob, "442079460999")
    shown = text(desk.get(f"/customers/{anna.account_number}/calls/"))

    assert "+44 20 7946 0123" in shown
    assert "+44 20 7946 0999" not in shown


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {"0101", "0102", "0103"}),
        ("?q=%2B44 20 7946 0102", {"0102"}),
        ("?q=0103", {"0103"}),
        ("?q=desk", {"0103"}),
        ("?show=unanswered", {"0102"}),
        ("?since=2026-10-04", {"0103"}),
        ("?until=2026-10-03", {"0101", "0102"}),
        ("?since=2026-10-03&until=2026-10-04", {"0101", "0102", "0103"}),
        ("?customer=bob", {"0103"}),
        ("?customer=nobody", set()),
        ("?since=nonsense", {"0101", "0102", "0103"}),
    ],
)
def test_calls_are_found(anna: Customer, bob: Customer, desk: Client, query: str, numbers: set[str]) -> None:
    call(anna, "442079460101")
    call(anna, "442079460102", answered_at=None, seconds=0)
    call(bob, "442079460103", NINE + timedelta(days=1), line="desk")
    shown = text(desk.get(f"/calls/{query}"))

    assert {number for number in ("0101", "0102", "0103") if f"+44 20 7946 {number}" in shown} == numbers


def test_a_date_is_a_local_date(anna: Customer, desk: Client) -> None:
    call(anna, at=datetime(2026, 10, 3, 23, 30, tzinfo=UTC))

    assert "+44 20 7946 0123" in text(desk.get("/calls/?since=2026-10-04"))


def test_dates_that_make_no_sense_are_said(anna: Customer, desk: Client) -> None:
    call(anna)

    assert "This is before the first date." in text(desk.get("/calls/?since=2026-10-04&until=2026-10-03"))


def test_a_download_holds_what_the_page_finds_and_no_formula(anna: Customer, bob: Customer, desk: Client) -> None:
    call(anna, caller="=1+1")
    call(bob)
    answer = desk.get("/calls/calls.csv?customer=anna")
    rows = list(csv.reader(io.StringIO(streamed(answer))))

    assert len(rows) == 2
    assert rows[1] == [
        "2026-10-03T09:00:00+00:00",
        anna.account_number,
        "Anna Ltd",
        "",
        "'=1+1",
        "442079460123",
        "United Kingdom - London",
        "out",
        "answered",
        "61",
        "61",
        "0.0610",
        "GBP",
        "",
        "",
        "",
    ]


@pytest.mark.rel(24)
def test_text_of_a_switch_is_shown_escaped(anna: Customer, desk: Client) -> None:
    call(anna, caller="<script>alert(1)</script>", line="<b>x</b>")
    shown = text(desk.get("/calls/"))

    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_a_page_asks_as_much_for_three_calls_as_for_one(anna: Customer, bob: Customer, desk: Client, django_assert_max_num_queries: Any) -> None:
    def questions() -> int:
        with django_assert_max_num_queries(40) as asked:
            desk.get("/calls/")
        return len(asked.captured_queries)

    call(anna)
    one = questions()
    call(bob)
    call(anna, "442079460999")

    assert questions() == one


def test_people_see_their_own_calls(anna: Customer, bob: Customer) -> None:
    call(anna)
    call(bob, "442079460999")
    shown = text(person_of(anna).get("/my/calls/"))

    assert "+44 20 7946 0123" in shown
    assert "+44 20 7946 0999" not in shown
    assert "0.0610" in shown


def test_calls_deny_other_customer(anna: Customer, bob: Customer) -> None:
    call(bob)
    person = person_of(anna)

    assert [
        person.get(url).status_code
        for url in ("/calls/", "/calls/calls.csv", f"/customers/{bob.account_number}/calls/", f"/customers/{bob.account_number}/calls/calls.csv")
    ] == [404] * 4
    assert "7946" not in streamed(person.get("/my/calls/calls.csv"))


def test_an_account_user_without_a_line_sees_no_calls(anna: Customer) -> None:
    call(anna)

    assert person_of(anna, Role.ACCOUNT_USER).get("/my/calls/").status_code == 403


def test_calls_deny_other_reseller(anna: Customer) -> None:
    call(anna)
    with schema_context("globex"):
        stranger = people.client(people.user("greta", Role.ADMINISTRATOR))
        assert stranger.get(f"/customers/{anna.account_number}/calls/").status_code == 404
        assert "7946" not in text(stranger.get("/calls/"))


def test_a_stranger_is_asked_to_sign_in(anna: Customer) -> None:
    assert people.client().get("/calls/").headers["Location"].startswith("/account/login") or people.client().get("/calls/").status_code == 302


def test_an_empty_list_says_what_will_be_here(desk: Client) -> None:
    assert "No calls yet" in text(desk.get("/calls/"))
