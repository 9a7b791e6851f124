"""Lines have one door, and a name once per customer."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from customers.domain import features, line_names
from customers.models import Customer, FormerLine, Line
from tests.support import world
from tests.support.world import jane

DAY = timedelta(days=1)


def test_a_line_is_added_and_written_down(anna: Customer, noon: datetime) -> None:
    line = features.add_line(anna, " 1001 ", description="Reception", address="192.0.2.7", actor=jane, at=noon)

    assert (line.name, line.description, line.address) == ("1001", "Reception", "192.0.2.7")
    assert AuditEntry.objects.get(customer_id=anna.pk, action="line.added").subject_name == "1001"


@pytest.mark.parametrize(("name", "address", "field"), [("DESK", "", "name"), ("Lift", "192.0.2.7", "address")])
def test_staff_are_told_that_another_customer_has_it_and_may_add_it_all_the_same(
    anna: Customer, bob: Customer, noon: datetime, name: str, address: str, field: str
) -> None:
    features.add_line(anna, "Desk", address="192.0.2.7", actor=jane, at=noon)

    with pytest.raises(DomainError, match="line_shared") as refused:
        features.add_line(bob, name, address=address, actor=jane, at=noon)
    assert (refused.value.field, refused.value.message) == (
        field,
        "Anna Ltd has this too: calls that name it and no account would be nobody's, and wait. Tick below to add it all the same.",
    )
    assert not bob.lines.exists()

    features.add_line(bob, name, address=address, shared=True, actor=jane, at=noon)
    assert [(line.name, line.by_customer) for line in bob.lines.all()] == [(name, False)]


@pytest.mark.rel(62)
def test_staff_are_told_that_another_customer_named_a_line_so_by_itself(anna: Customer, bob: Customer, noon: datetime) -> None:
    features.add_line(anna, "Desk", by_customer=True, actor=jane, at=noon)

    with pytest.raises(DomainError, match="line_shared") as refused:
        features.add_line(bob, "desk", actor=jane, at=noon)
    assert refused.value.message == "Anna Ltd gave this to a line itself. Tick below to add it all the same: calls that name it are Bob Ltd's from then on."
    features.add_line(bob, "desk", shared=True, actor=jane, at=noon)
    assert [(line.customer, line.by_customer) for line in Line.objects.order_by("created_at")] == [(anna, True), (bob, False)]


@pytest.mark.rel(62)
def test_a_customer_cannot_say_that_it_knows_of_others(anna: Customer, bob: Customer, noon: datetime) -> None:
    features.add_line(bob, "Desk", actor=jane, at=noon)

    with pytest.raises(DomainError, match="line_not_yours"):
        features.add_line(anna, "desk", by_customer=True, shared=True, actor=jane, at=noon)
    assert not anna.lines.exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((taken, "line_taken") for taken in ("Desk", "desk", "des\u212a", "De\u00adsk", "desk\ufe0f")),
        *((unseen, "line_name_missing") for unseen in (" ", "\u00ad\u3164")),
        ("\ufdfa" * 4, "line_name_too_long"),
        ("lift\0", "line_name_unreadable"),
    ],
)
def test_one_customer_cannot_have_it_twice(anna: Customer, noon: datetime, name: str, code: str) -> None:
    features.add_line(anna, "Desk", actor=jane, at=noon)

    with pytest.raises(DomainError, match=code) as refused:
        features.add_line(anna, name, actor=jane, at=noon)
    assert refused.value.field == "name"
    assert Line.objects.count() == 1


@pytest.mark.parametrize("name", ["442079460123", "+44 20 7946 0123", "00442079460123", "8001234", "02079460123", "118500", "11880", "011", "11-88"])
@pytest.mark.parametrize("sign", ["", "#", ",", "@carrier.example", ";phone-context=44", "p118"])
@pytest.mark.rel(62)
def test_a_customer_cannot_make_what_can_be_dialled_a_line_and_so_calls_to_it_free(anna: Customer, noon: datetime, name: str, sign: str) -> None:
    with pytest.raises(DomainError, match="line_not_yours") as refused:
        features.add_line(anna, name + sign, by_customer=True, actor=jane, at=noon)

    assert refused.value.field == "name"
    assert not Line.objects.exists()


@pytest.mark.parametrize(
    "name", ["*442079460123", "#31#", "４４２０７９４６０１２３", "٤٤٢٠", "①②③④⑤", "tel:+442079460123", "sip:118118@x", "(lobby)", "\u0301a", "☎118", "911#"]
)
def test_nor_what_is_dialled_in_another_writing(anna: Customer, noon: datetime, name: str) -> None:
    with pytest.raises(DomainError, match="line_not_yours") as refused:
        features.add_line(anna, name, by_customer=True, actor=jane, at=noon)

    assert refused.value.field == "name"
    assert not Line.objects.exists()


@pytest.mark.parametrize(
    ("name", "address", "field"), [("desk", "", "name"), ("Des\u212a", "", "name"), ("Lift", "192.0.2.7", "address"), ("Lift", "H\u212a", "address")]
)
def test_a_customer_cannot_take_the_line_or_address_of_another(anna: Customer, bob: Customer, noon: datetime, name: str, address: str, field: str) -> None:
    features.add_line(bob, "Desk", address="192.0.2.7", actor=jane, at=noon)
    features.add_line(bob, "Hall", address="hk", actor=jane, at=noon)

    with pytest.raises(DomainError, match="line_not_yours") as refused:
        features.add_line(anna, name, address=address, by_customer=True, actor=jane, at=noon)
    assert refused.value.field == field
    assert not anna.lines.exists()


@pytest.mark.parametrize("by_customer", [True, False])
@pytest.mark.parametrize("shared", ["name", "address"])
@pytest.mark.django_db(transaction=True)
def test_two_customers_cannot_take_the_same_line_at_once(acme: Any, noon: datetime, shared: str, by_customer: bool) -> None:
    """The one who comes second sees what the first has added, also when the first is staff."""
    plan, entered, told = world.plan(), threading.Event(), []
    first, second = (world.customer(name, on=plan) for name in ("Anna Ltd", "Bob Ltd"))

    def add(of: Customer, name: str, *, by_customer: bool) -> None:
        address = "192.0.2.7" if shared == "address" else ""
        features.add_line(of, "1001" if shared == "name" else name, address=address, by_customer=by_customer, actor=jane, at=noon)

    def come_second() -> None:
        connection.set_tenant(Reseller.objects.get(schema_name="acme"))
        entered.set()
        try:
            add(second, "1002", by_customer=True)
        except DomainError as refused:
            told.append((refused.code, refused.field))
        finally:
            connection.close()

    with transaction.atomic():
        add(first, "1003", by_customer=by_customer)
        other = threading.Thread(target=come_second)
        other.start()
        assert entered.wait(10)
        other.join(0.3)
        assert other.is_alive()
    other.join(10)

    assert told == [("line_not_yours", shared)]
    assert [line.customer for line in Line.objects.all()] == [first]


@pytest.mark.parametrize("name", ["Lift", "desk-1001", "anna.desk 2", "Büro_Ä1", "会議室", "हॉल", "e"])
def test_a_customer_adds_a_line_named_with_a_word(anna: Customer, noon: datetime, name: str) -> None:
    line = features.add_line(anna, name, address="192.0.2.7", by_customer=True, actor=jane, at=noon)

    assert (line.name, line.on_net, line.by_customer) == (name, True, True)


def test_a_customer_adds_an_extension_of_its_own_to_which_calls_are_free_when_staff_have_said_so(anna: Customer, noon: datetime) -> None:
    own = features.add_line(anna, "1001", address="192.0.2.7", by_customer=True, actor=jane, at=noon)
    ours = features.add_line(anna, "1002", actor=jane, at=noon)

    assert [(line.name, line.on_net, line.by_customer) for line in (own, ours)] == [("1001", False, True), ("1002", True, False)]
    own = features.change_line(own, on_net=True, actor=jane, at=noon)
    assert (own.on_net, own.by_customer) == (True, False)


def test_an_address_holds_no_control_characters(anna: Customer, noon: datetime) -> None:
    with pytest.raises(DomainError, match="line_name_unreadable") as refused:
        features.add_line(anna, "1001", address="192.0.2.7\x07", actor=jane, at=noon)
    assert refused.value.field == "address"


@pytest.mark.parametrize("status", ["inactive", "closed"])
def test_a_customer_who_is_not_active_gets_no_line(anna: Customer, noon: datetime, status: str) -> None:
    anna.status = status

    with pytest.raises(DomainError, match="inactive"):
        features.add_line(anna, "1001", actor=jane, at=noon)


def test_a_line_removed_is_gone_and_whose_it_was_stays(anna: Customer, noon: datetime) -> None:
    line = features.add_line(anna, "Desk", address="HK-1", actor=jane, at=noon)
    for _again in range(2):
        features.remove_line(line, actor=jane, at=noon + DAY)

    assert not Line.objects.exists()
    kept = FormerLine.objects.values_list("customer__name", "folded_name", "folded_address", "by_customer", "since", "given_up_at")
    assert list(kept) == [("Anna Ltd", "desk", "hk-1", False, noon, noon + DAY)]
    assert AuditEntry.objects.get(action="line.removed").subject_name == "Desk"


def test_a_customer_removes_the_lines_that_it_chose_and_not_those_that_staff_gave_it(anna: Customer, noon: datetime) -> None:
    given, vouched, own = (features.add_line(anna, name, by_customer=name != "1001", actor=jane, at=noon) for name in ("1001", "77", "Lift"))
    features.change_line(vouched, on_net=True, actor=jane, at=noon)

    for line in (given, vouched):
        with pytest.raises(DomainError, match="line_of_staff"):
            features.remove_line(line, by_customer=True, actor=jane, at=noon)
    features.remove_line(own, by_customer=True, actor=jane, at=noon)
    assert [line.name for line in anna.lines.all()] == ["1001", "77"]
    features.remove_line(given, actor=jane, at=noon)
    assert [line.name for line in anna.lines.all()] == ["77"]


@pytest.mark.parametrize(("name", "address", "field"), [("desk", "", "name"), ("Lift", "192.0.2.7", "address")])
def test_a_customer_cannot_take_what_staff_had_given_another_though_it_was_removed(
    anna: Customer, bob: Customer, noon: datetime, name: str, address: str, field: str
) -> None:
    features.remove_line(features.add_line(bob, "Desk", address="192.0.2.7", actor=jane, at=noon), actor=jane, at=noon)
    features.remove_line(features.add_line(bob, "Roof", by_customer=True, actor=jane, at=noon), actor=jane, at=noon)

    with pytest.raises(DomainError, match="line_not_yours") as refused:
        features.add_line(anna, name, address=address, by_customer=True, actor=jane, at=noon)
    assert refused.value.field == field
    assert features.add_line(anna, "roof", by_customer=True, actor=jane, at=noon).by_customer
    assert features.add_line(anna, name, address=address, actor=jane, at=noon).name == name


def test_who_uses_a_line_is_written_down(anna: Customer, noon: datetime) -> None:
    person = anna.people.get()
    line = features.add_line(anna, "1001", actor=jane, at=noon)

    for _again in range(2):
        line = features.change_line(line, description=" Hall ", person=person, actor=jane, at=noon)

    assert (line.description, line.person) == ("Hall", person)
    assert AuditEntry.objects.get(action="line.changed").changes == {"description": ["", "Hall"], "used_by": ["", "Anna Ltd"]}


def test_a_line_cannot_be_used_by_somebody_of_another_customer(anna: Customer, bob: Customer, noon: datetime) -> None:
    line = features.add_line(anna, "1001", actor=jane, at=noon)

    with pytest.raises(DomainError, match="person_of_others"):
        features.change_line(line, description="", person=bob.people.get(), actor=jane, at=noon)
    with pytest.raises(DomainError, match="person_of_others"):
        features.add_line(anna, "1002", person=bob.people.get(), actor=jane, at=noon)
    assert [(line.name, line.person) for line in Line.objects.all()] == [("1001", None)]


def test_what_keeps_a_line_from_being_found_or_free_is_told(anna: Customer, bob: Customer, noon: datetime) -> None:
    def add(customer: Customer, name: str, address: str = "", *, by_customer: bool = False) -> Line:
        return features.add_line(customer, name, address=address, by_customer=by_customer, shared=not by_customer, actor=jane, at=noon)

    theirs = [add(bob, "lift", by_customer=True), add(bob, "77", by_customer=True), add(bob, "Desk"), add(bob, "Hall", "192.0.2.7")]
    ours = [add(anna, "Lift"), add(anna, "desk"), add(anna, "Roof", "192.0.2.7"), add(anna, "1001")]

    told = line_names.doubts(anna, ours)
    assert [told.get(line.pk, []) for line in ours] == [
        [],
        ["“desk” is Bob Ltd's too: calls that name it and no account are nobody's, and wait."],
        ["“192.0.2.7” is Bob Ltd's too: calls that name it and no account are nobody's, and wait."],
        [],
    ]
    told = line_names.doubts(bob, theirs)
    assert [told.get(line.pk, []) for line in theirs[:2]] == [
        ["“lift” was given to Anna Ltd by us: calls that name it are theirs."],
        ["Calls to it wait: the customer chose these figures. Say under Edit that it is on-net."],
    ]
