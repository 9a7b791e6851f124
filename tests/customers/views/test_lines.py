"""Lines of a customer, on the staff's pages and on the customer's own; an account user sees those they use."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing_portal.accounts.models import AuditEntry, Role
from customers.domain import features, people
from customers.models import Customer, Line, Person
from tests.support import world
from tests.support.people import START, client, system, user
from tests.support.world import jane


@pytest.fixture
def ann(anna: Customer) -> Person:
    """An account user of Anna Ltd."""
    return people.add(anna, full_name="Ann Miller", email="ann@anna.example", actor=system, at=START)


def staff(customer: Customer, rest: str = "") -> str:
    return f"/customers/{customer.account_number}/lines/{rest}"


def names(page: Any) -> list[str]:
    assert page.status_code == 200
    return [line.name for line, _edit, _remove, _doubts in page.context["rows"]]


def test_lines_are_added_and_removed_by_staff_and_by_the_customer(support: Any, annas: Any, anna: Customer) -> None:
    support.post(f"/customers/{anna.account_number}/lines/new/", {"name": "1001", "address": "192.0.2.7"})
    annas.post("/my/lines/new/", {"name": "Lift"})
    assert [(line.name, line.address) for line in Line.objects.all()] == [("1001", "192.0.2.7"), ("Lift", "")]
    assert annas.post("/my/lines/new/", {"name": "lift"}).status_code == 422

    by_name = {line.name: line for line in Line.objects.all()}
    annas.post(f"/my/lines/{by_name['Lift'].pk}/remove/")
    support.post(staff(anna, f"{by_name['1001'].pk}/remove/"))
    assert not Line.objects.exists()
    assert "No lines yet" in annas.get("/my/lines/").content.decode()


def test_a_customer_cannot_remove_a_line_that_staff_gave_it_and_reads_why(annas: Any, anna: Customer, noon: datetime) -> None:
    ours = features.add_line(anna, "1001", actor=jane, at=noon)
    own = features.add_line(anna, "Lift", by_customer=True, actor=jane, at=noon)

    page = annas.get("/my/lines/").content.decode()
    assert re.findall(r'action="/my/lines/([^/]*)/remove/"', page) == [str(own.pk)]
    assert page.count("We gave you this line, and calls are found by it. Ask us to remove it.") == 1
    refused = annas.post(f"/my/lines/{ours.pk}/remove/", follow=True)
    assert [str(message) for message in refused.context["messages"]] == ["We gave you this line, and calls are found by it. Ask us to remove it."]
    assert Line.objects.filter(pk=ours.pk).exists()


def test_staff_in_a_customer_s_place_remove_a_line_that_staff_gave_it(anna: Customer, noon: datetime) -> None:
    line = features.add_line(anna, "1001", actor=jane, at=noon)
    switched: Any = client(user("cora", Role.COMMERCE))
    switched.post("/customers/switch/", {"account": anna.account_number})

    assert switched.post(f"/my/lines/{line.pk}/remove/", {"frame": f"{anna.pk} {anna.name}"}).url == "/my/lines/"
    assert not Line.objects.exists()


def test_staff_say_that_calls_since_another_customer_gave_the_name_up_are_this_one_s(
    support: Any, annas: Any, anna: Customer, bob: Customer, noon: datetime
) -> None:
    features.remove_line(features.add_line(bob, "1001", actor=jane, at=noon), actor=jane, at=noon + timedelta(days=1))
    line = features.add_line(anna, "1001", actor=jane, at=noon + timedelta(days=3))
    other = features.add_line(anna, "1002", actor=jane, at=noon)

    assert "takes_over" not in support.get(staff(anna, f"{other.pk}/")).context["form"].fields
    assert "takes_over" not in annas.get(f"/my/lines/{line.pk}/").context["form"].fields
    annas.post(f"/my/lines/{line.pk}/", {"takes_over": "on"})
    assert Line.objects.get(pk=line.pk).since == noon + timedelta(days=3)

    assert "Bob Ltd had it until 22 Nov 2026 12:00:00." in support.get(staff(anna, f"{line.pk}/")).content.decode()
    support.post(staff(anna, f"{line.pk}/"), {"takes_over": "on"})
    assert Line.objects.get(pk=line.pk).since == noon + timedelta(days=1)
    assert AuditEntry.objects.get(action="line.changed").changes == {"calls_since": ["2026-11-24 12:00", "2026-11-22 12:00"]}
    assert "takes_over" not in support.get(staff(anna, f"{line.pk}/")).context["form"].fields


@pytest.mark.rel(62)
def test_a_customer_cannot_name_a_line_like_a_telephone_number_but_staff_can(support: Any, annas: Any, anna: Customer) -> None:
    for name in ("442079460123", "118118", "911#"):
        answer = annas.post("/my/lines/new/", {"name": name})
        assert (answer.status_code, answer.context["form"].errors) == (422, {"name": ["You cannot add this line yourself. Ask us to add it."]})
    assert not Line.objects.exists()
    hint = "or has up to four figures: we add longer ones for you, and calls to figures wait until we have looked at them."
    assert hint in annas.get("/my/lines/new/").content.decode()

    for name in ("442079460123", "1001"):
        support.post(f"/customers/{anna.account_number}/lines/new/", {"name": name})
    assert sorted(Line.objects.values_list("name", "on_net")) == [("1001", True), ("442079460123", True)]


def test_staff_add_a_line_that_another_customer_has_by_a_tick(support: Any, anna: Customer, bob: Customer) -> None:
    Line.objects.create(customer=bob, name="1001")
    assert "shared" not in support.get(staff(anna, "new/")).context["form"].fields

    answer = support.post(staff(anna, "new/"), {"name": "1001"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
    assert "Bob Ltd has this too" in answer.content.decode()
    assert "Add it all the same" in answer.content.decode()
    assert not anna.lines.exists()

    assert support.post(staff(anna, "new/"), {"name": "1001", "shared": "on"}).url == staff(anna)
    page = support.get(staff(anna)).content.decode()
    assert "“1001” is Bob Ltd&#x27;s too" in page
    assert "Bob Ltd" not in client(anna.people.get().user).get("/my/lines/").content.decode()


@pytest.mark.rel(62)
def test_a_customer_is_offered_no_such_tick(annas: Any, anna: Customer, bob: Customer) -> None:
    Line.objects.create(customer=bob, name="Desk")

    answer = annas.post("/my/lines/new/", {"name": "desk", "shared": "on"})
    assert answer.context["form"].errors == {"name": ["You cannot add this line yourself. Ask us to add it."]}
    assert "shared" not in answer.context["form"].fields
    assert "Bob Ltd" not in answer.content.decode()
    assert not anna.lines.exists()


def test_the_line_pages_deny_other_customer(annas: Any, commerce: Any, anna: Customer, bob: Customer) -> None:
    line = Line.objects.create(customer=bob, name="1001")

    for rest in ("", "remove/"):
        assert annas.post(f"/my/lines/{line.pk}/{rest}").status_code == 404
        assert commerce.post(staff(anna, f"{line.pk}/{rest}")).status_code == 404
    assert annas.post(f"/customers/{bob.account_number}/lines/new/", {"name": "x"}).status_code == 404
    assert annas.get(f"/customers/{bob.account_number}/lines/").status_code == 404
    assert list(Line.objects.values_list("name", flat=True)) == ["1001"]


@pytest.mark.rel(62)
def test_the_line_pages_deny_other_reseller(commerce: Any, anna: Customer, globex: Any) -> None:
    theirs = world.customer("Theirs")
    line = Line.objects.create(customer=theirs, name="1001")

    assert commerce.get(f"/customers/{theirs.account_number}/lines/").status_code == 404
    for customer in (theirs, anna):
        assert commerce.post(staff(customer, f"{line.pk}/")).status_code == 404
        assert commerce.post(staff(customer, f"{line.pk}/remove/")).status_code == 404
    connection.set_schema("globex")
    assert Line.objects.count() == 1


def test_a_line_is_given_to_somebody_by_staff_and_by_the_customer(support: Any, annas: Any, anna: Customer, ann: Person) -> None:
    support.post(staff(anna, "new/"), {"name": "1001", "person": str(ann.pk)})
    annas.post("/my/lines/new/", {"name": "Lift", "person": str(ann.pk)})

    assert [(line.name, line.person) for line in anna.lines.all()] == [("1001", ann), ("Lift", ann)]
    assert "Ann Miller" in support.get(staff(anna)).content.decode()
    assert AuditEntry.objects.get(action="line.added", subject_name="Lift").changes == {"used_by": ["", "Ann Miller"]}


def test_a_line_is_given_to_somebody_else(support: Any, annas: Any, anna: Customer, ann: Person) -> None:
    line = Line.objects.create(customer=anna, name="1001", address="192.0.2.7", person=ann)

    assert annas.post(f"/my/lines/{line.pk}/", {"description": "Hall", "person": ""}).url == "/my/lines/"
    line.refresh_from_db()
    assert (line.description, line.person, line.name, line.address) == ("Hall", None, "1001", "192.0.2.7")
    assert support.post(staff(anna, f"{line.pk}/"), {"description": "Hall", "person": str(ann.pk)}).url == staff(anna)
    line.refresh_from_db()
    assert line.person == ann
    assert AuditEntry.objects.filter(action="line.changed", customer_id=anna.pk).count() == 2


def test_staff_make_an_extension_on_net_that_a_customer_added(support: Any, annas: Any, anna: Customer) -> None:
    annas.post("/my/lines/new/", {"name": "1001"})
    line = Line.objects.get()
    assert "on_net" not in annas.get(f"/my/lines/{line.pk}/").context["form"].fields
    annas.post(f"/my/lines/{line.pk}/", {"description": "Hall", "on_net": "on"})
    support.post(staff(anna, f"{line.pk}/"), {"description": "Hall"})
    assert not Line.objects.get().on_net

    assert "Calls to it are free for everybody; until then they wait." in support.get(staff(anna, f"{line.pk}/")).content.decode()
    support.post(staff(anna, f"{line.pk}/"), {"description": "Hall", "on_net": "on"})
    assert Line.objects.get().on_net
    assert AuditEntry.objects.filter(action="line.changed").latest("at").changes == {"on_net": ["no", "yes"]}
    assert "on_net" not in support.get(staff(anna, f"{line.pk}/")).context["form"].fields
    support.post(staff(anna, f"{line.pk}/"), {"description": "Lobby"})
    assert Line.objects.get().on_net


@pytest.mark.rel(62)
def test_a_line_cannot_be_given_to_somebody_of_another_customer(support: Any, annas: Any, anna: Customer, bob: Customer) -> None:
    line = Line.objects.create(customer=anna, name="1001")
    stranger = {"name": "1002", "person": str(bob.people.get().pk)}

    for browser, address in (
        (annas, "/my/lines/new/"),
        (support, staff(anna, "new/")),
        (annas, f"/my/lines/{line.pk}/"),
        (support, staff(anna, f"{line.pk}/")),
    ):
        answer = browser.post(address, stranger)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["person"]
        assert [str(person) for person in answer.context["form"].fields["person"].queryset] == ["Anna Ltd"]
    assert [(line.name, line.person) for line in anna.lines.all()] == [("1001", None)]


def test_an_account_user_sees_the_lines_they_use_and_no_others(anna: Customer, bob: Customer, ann: Person) -> None:
    for customer, name, person in ((anna, "1001", ann), (anna, "1002", anna.people.get(is_primary=True)), (anna, "1003", None), (bob, "1001", None)):
        Line.objects.create(customer=customer, name=name, person=person)
    hers: Any = client(ann.user)

    page = hers.get("/my/lines/")
    assert names(page) == ["1001"]
    assert "New line" not in page.content.decode()
    assert names(hers.get("/my/lines/?q=100")) == ["1001"]
    assert names(hers.get("/my/lines/?q=Anna")) == []


def test_an_account_user_without_a_line_is_told_who_gives_one(anna: Customer, ann: Person) -> None:
    Line.objects.create(customer=anna, name="1001")
    hers: Any = client(ann.user)

    assert "No line of yours yet" in hers.get("/my/lines/").content.decode()


def test_an_account_user_cannot_take_a_line(anna: Customer, ann: Person) -> None:
    line = Line.objects.create(customer=anna, name="1001")
    hers: Any = client(ann.user)

    for path in ("/my/lines/new/", f"/my/lines/{line.pk}/", f"/my/lines/{line.pk}/remove/"):
        assert hers.post(path, {"name": "1002", "person": str(ann.pk)}).status_code == 403
    assert hers.get(staff(anna)).status_code == 404
    assert [(line.name, line.person) for line in anna.lines.all()] == [("1001", None)]


def test_an_account_administrator_sees_all_lines(annas: Any, anna: Customer, ann: Person) -> None:
    for name, person in (("1001", ann), ("1002", None)):
        Line.objects.create(customer=anna, name=name, person=person)

    assert ann.user.role == Role.ACCOUNT_USER
    assert names(annas.get("/my/lines/")) == ["1001", "1002"]


def test_a_line_that_was_open_for_long_undoes_nothing_that_was_saved_meanwhile(support: Any, anna: Customer, ann: Person) -> None:
    line = anna.lines.create(name="1001")
    address = staff(anna, f"{line.pk}/")
    drawn = {"drawn": support.get(address).context["form"]["drawn"].value(), "description": "", "person": ""}
    assert '<input type="hidden" name="drawn"' in support.get(address).content.decode()

    assert support.post(address, drawn | {"person": str(ann.pk)}).status_code == 302
    assert support.post(address, drawn | {"description": "Reception"}).status_code == 302
    line.refresh_from_db()
    assert (line.person, line.description) == (ann, "Reception")
