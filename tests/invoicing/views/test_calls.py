"""Pages of calls: who sees which, what is found, and why a price is what it is."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role, Switch
from customers.models import Customer, Line, Person
from invoicing.domain import calls
from invoicing.domain.records import CallRecord
from rateplans.models import RatePlan
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


@pytest.mark.parametrize(("role", "tells"), [(Role.COMMERCE, True), (Role.SUPPORT, False)])
def test_the_plan_that_a_plan_inherits_from_is_named_beside_a_price_to_those_who_may_see_costs(acme: Any, role: Role, tells: bool) -> None:
    retail = RatePlan.objects.create(name="Retail", currency="GBP", inherits="plan", source=world.plan("Secret source"), markup_percent=50)
    anna = world.customer("Anna Ltd", on=retail)
    call(anna)

    shown = text(people.client(people.user("carol", role)).get("/calls/"))
    assert "0.0915" in shown
    assert ("Secret source" in shown) is tells
    assert "Secret source" not in text(person_of(anna).get("/my/calls/"))


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


@pytest.fixture
def ann(anna: Customer) -> Client:
    """An account user of Anna Ltd who uses the line Desk; 1002 is somebody else's, 1003 nobody's."""
    ann, carl = (people.user(name, Role.ACCOUNT_USER) for name in ("ann", "carl"))
    for name, user in (("Desk", ann), ("1002", carl), ("1003", None)):
        person = Person.objects.create(user=user, customer=anna) if user else None
        Line.objects.create(customer=anna, name=name, person=person)
    return people.client(ann)


def test_an_account_user_sees_the_calls_of_their_own_line_only(anna: Customer, ann: Client) -> None:
    call(anna, "442079460101", line="desk")
    call(anna, "442079460102", line="1002")
    call(anna, "442079460103", line="1003")
    call(anna, "442079460104")
    shown, file = text(ann.get("/my/calls/")), streamed(ann.get("/my/calls/calls.csv"))

    assert [number for number in ("0101", "0102", "0103", "0104") if f"+44 20 7946 {number}" in shown] == ["0101"]
    assert [row[5] for row in csv.reader(io.StringIO(file))] == ["to", "442079460101"]
    assert "Total in GBP, 1 call" in shown


def test_an_account_user_sees_the_calls_of_a_line_in_any_writing(anna: Customer, ann: Client) -> None:
    Line.objects.create(customer=anna, name="Büro Ä", person=Person.objects.get(user__username="ann"))
    Line.objects.create(customer=anna, name="Büro Ö")
    for number, line in enumerate(["BÜRO ä", "desk", "BÜRO ö"]):
        call(anna, f"44207946010{number}", line=line)

    shown = text(ann.get("/my/calls/"))
    assert [f"+44 20 7946 010{number}" in shown for number in range(3)] == [True, True, False]


def test_an_account_user_cannot_see_a_line_of_the_same_name_of_another_customer(anna: Customer, bob: Customer, ann: Client) -> None:
    theirs = person_of(bob, Role.ACCOUNT_USER, "ben")
    Line.objects.create(customer=bob, name="Desk", person=Person.objects.get(user__username="ben"))
    call(bob, "442079460999", line="Desk")

    assert "No calls yet" in text(ann.get("/my/calls/"))
    assert "7946" not in streamed(ann.get("/my/calls/calls.csv"))
    assert "+44 20 7946 0999" in text(theirs.get("/my/calls/"))


@pytest.mark.parametrize("query", ["?q=0102", "?q=1002", "?show=answered", "?customer=anna", "?since=2026-10-03"])
def test_a_filter_shows_an_account_user_no_more(anna: Customer, ann: Client, query: str) -> None:
    call(anna, "442079460102", line="1002")

    assert "+44 20 7946 0102" not in text(ann.get(f"/my/calls/{query}"))
    assert "7946" not in streamed(ann.get(f"/my/calls/calls.csv{query}"))


@pytest.mark.parametrize("role", [Role.ACCOUNT_USER, Role.ACCOUNT_ADMIN])
def test_the_filter_by_customer_tells_its_people_nothing_about_the_customer(anna: Customer, desk: Client, role: Role) -> None:
    """It looks at the billing email, the tax reference and the switch account code too, which its people read nowhere."""
    Customer.objects.filter(pk=anna.pk).update(billing_email="cfo@holding.example", tax_reference="GB123456789", switch_account_code="trunk-77")
    theirs = person_of(anna, role)
    Line.objects.create(customer=anna, name="Desk", person=Person.objects.get())
    call(anna, line="Desk")

    for guess in ("cfo@hold", "cfo@comp", "GB1234", "GB9", "trunk-77", "trunk-78", "anna", "bob"):
        shown = theirs.get("/my/calls/", {"customer": guess}).context["listing"]
        assert (guess, shown.total, shown.filtered) == (guess, 1, False)
        assert "442079460123" in streamed(theirs.get("/my/calls/calls.csv", {"customer": guess}))
    assert [desk.get("/calls/", {"customer": guess}).context["listing"].total for guess in ("cfo@hold", "cfo@comp", "trunk-77", "trunk-78")] == [1, 0, 1, 0]


def test_who_no_longer_uses_a_line_no_longer_sees_its_calls(anna: Customer, ann: Client) -> None:
    call(anna, line="Desk")
    Line.objects.update(person=None)

    shown = text(ann.get("/my/calls/"))
    assert "No line of yours yet" in shown
    assert "7946" not in shown


def test_an_account_user_opens_no_page_of_calls_but_their_own(anna: Customer, ann: Client) -> None:
    number = anna.account_number
    paths = ("/calls/", "/calls/calls.csv", "/calls/waiting/", f"/customers/{number}/calls/", f"/customers/{number}/calls/calls.csv")

    assert [ann.get(path).status_code for path in paths] == [404] * 5


def test_an_account_administrator_who_uses_a_line_sees_the_others_too(anna: Customer) -> None:
    theirs = person_of(anna)
    Line.objects.create(customer=anna, name="Desk", person=Person.objects.get())
    call(anna, line="1002")

    assert "+44 20 7946 0123" in text(theirs.get("/my/calls/"))


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
