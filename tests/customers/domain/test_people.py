"""People of a customer come in by mail, and go out at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import notices
from billing_portal.accounts.models import AuditEntry, LoginLink, Role, User
from billing_portal.kernel.errors import DomainError
from customers.domain import people
from customers.models import Customer, Person
from tests.support import world
from tests.support.people import mails, user
from tests.support.world import jane

ANN: dict[str, Any] = {"full_name": "Ann Miller", "email": "ann@anna.example"}


@pytest.fixture
def ann(anna: Customer, noon: datetime) -> Person:
    return people.add(anna, **ANN, actor=jane, at=noon)


def test_somebody_added_gets_login_details_and_signs_in_by_email(ann: Person) -> None:
    assert (ann.user.username, ann.user.role, ann.is_primary) == ("ann.100001", "account_user", False)
    assert [mail.recipients for mail in mails("login_details")] == [["anna@anna.example"], ["ann@anna.example"]]


def test_a_username_that_nobody_wrote_tells_nothing_of_other_customers(ann: Person, bob: Customer, noon: datetime) -> None:
    """Neither the email of one of them nor their username makes a difference."""
    made = [
        people.add(bob, full_name="X", email=email, actor=jane, at=noon).user.username
        for email in ("ann@anna.example", "anna@anna.example", "zed@zed.example", "zed@zed.example", "+@zed.example")
    ]
    assert made == ["ann.100002", "anna.100002", "zed.100002", "zed.100002.2", "+.100002"]


def test_an_email_that_somebody_else_writes_into_their_account_or_another_s_is_no_proved_one(ann: Person, noon: datetime) -> None:
    User.objects.filter(pk=ann.user_id).update(email_proved=True)
    people.change(ann, full_name="Ann M", actor=jane, at=noon)
    assert User.objects.get(pk=ann.user_id).email_proved

    people.change(ann, email="bob@bob.example", actor=jane, at=noon)
    assert not User.objects.get(pk=ann.user_id).email_proved


def test_the_history_of_the_customer_names_who_was_added(ann: Person, anna: Customer) -> None:
    entry = AuditEntry.objects.filter(customer_id=anna.pk, action="user.created").latest("at")
    assert (entry.subject_name, entry.actor_name) == ("Ann Miller", "Jane Whitfield")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"email": ""}, "email_missing", "email"),
        ({"full_name": " "}, "name_missing", "full_name"),
        ({"full_name": "\u2800"}, "name_missing", "full_name"),
        ({"full_name": "Ann\nMiller"}, "name_unreadable", "full_name"),
        ({"full_name": "Ann\u2028Miller"}, "name_unreadable", "full_name"),
        ({"full_name": "https://evil.example"}, "name_is_address", "full_name"),
        ({"username": "ann://b"}, "username_invalid", "username"),
        ({"username": "ann\nb"}, "username_invalid", "username"),
        ({"username": "anna"}, "username_taken", "username"),
        ({"username": "100001"}, "username_taken", "username"),
        ({"role": "administrator"}, "role_of_others", "role"),
    ],
)
def test_somebody_who_makes_no_sense_is_not_added(anna: Customer, noon: datetime, fields: dict[str, str], code: str, field: str) -> None:
    with pytest.raises(DomainError, match=code) as refused:
        people.add(anna, **(ANN | fields), actor=jane, at=noon)
    assert refused.value.field == field
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("attention", "name", "called"),
    [("Ann", "Anna Ltd", "Ann"), ("See https://evil.example", "Anna Ltd", "Anna Ltd"), ("", "Hi://", ""), ("Ann\u2800", "Anna Ltd", "Anna Ltd")],
)
def test_the_first_person_is_called_like_whom_to_write_to_else_the_customer_else_its_number(
    acme: Any, noon: datetime, attention: str, name: str, called: str
) -> None:
    customer = world.customer(name, attention=attention)

    assert people.add_primary(customer, actor=jane, at=noon).user.full_name == (called or customer.account_number)


def test_a_change_is_written_down(ann: Person, anna: Customer, noon: datetime) -> None:
    people.change(ann, full_name="Ann Muller", role=Role.ACCOUNT_ADMIN, actor=jane, at=noon)

    assert AuditEntry.objects.get(customer_id=anna.pk, action="person.changed").changes == {
        "full_name": ["Ann Miller", "Ann Muller"],
        "role": ["Account user", "Account administrator"],
    }


@pytest.mark.rel(69)
def test_who_is_no_administrator_any_more_has_no_links_in_their_hands(ann: Person, anna: Customer, noon: datetime) -> None:
    first = anna.people.get(is_primary=True)
    people.copy_link(ann, actor=Actor.of(first.user), at=noon)
    people.change(first, role=Role.ACCOUNT_USER, actor=jane, at=noon)

    assert LoginLink.objects.get(user=ann.user, sent_to="").ended_at == noon


@pytest.mark.rel(74)
def test_no_email_is_written_that_a_database_takes_for_somebody_elses(ann: Person, noon: datetime) -> None:
    with pytest.raises(DomainError, match="email_invalid: Write an email address"):
        people.change(ann, email="jane@w\u0130dgets.example", actor=jane, at=noon)


def test_a_new_email_ends_the_links_that_went_to_the_old_one(ann: Person, noon: datetime) -> None:
    people.change(ann, full_name="Ann Miller", email="new@anna.example", role=Role.ACCOUNT_USER, actor=jane, at=noon)

    assert LoginLink.objects.get(user=ann.user).ended_at == noon


@pytest.mark.rel(71)
def test_while_switched_no_email_is_changed_and_no_link_is_copied(ann: Person, anna: Customer, noon: datetime) -> None:
    switched = jane.acting_for(anna.pk, anna.name)

    with pytest.raises(DomainError, match="email_while_switched"):
        people.change(ann, full_name="Ann Miller", email="jane@acme.example", role=Role.ACCOUNT_USER, actor=switched, at=noon)
    with pytest.raises(DomainError, match="link_while_switched"):
        people.copy_link(ann, actor=switched, at=noon)
    assert User.objects.get(pk=ann.user_id).email == "ann@anna.example"
    assert LoginLink.objects.get(user=ann.user).ended_at is None


def test_nobody_changes_their_own_role_or_keeps_themselves_out(anna: Customer, noon: datetime) -> None:
    first = anna.people.get()
    herself = type(jane).of(first.user)

    with pytest.raises(DomainError, match="not_yourself"):
        people.change(first, full_name="Anna", role=Role.ACCOUNT_USER, actor=herself, at=noon)
    with pytest.raises(DomainError, match="not_yourself"):
        people.deactivate(first, actor=herself, at=noon)


@pytest.mark.rel(78)
def test_nobody_gives_themselves_another_email_or_a_link_without_proving_who_they_are(anna: Customer, noon: datetime) -> None:
    first = anna.people.get()
    herself = type(jane).of(first.user)

    with pytest.raises(DomainError, match="not_yourself") as refused:
        people.change(first, full_name="Anna", email="thief@evil.example", role=Role.ACCOUNT_ADMIN, actor=herself, at=noon)
    assert refused.value.field == "email"
    with pytest.raises(DomainError, match="not_yourself"):
        people.copy_link(first, actor=herself, at=noon)
    people.change(first, full_name="Anna Miller", email=first.user.email, role=Role.ACCOUNT_ADMIN, actor=herself, at=noon)
    after = User.objects.get(pk=first.user_id)
    assert (after.full_name, after.email, LoginLink.objects.filter(user=after).count()) == ("Anna Miller", "anna@anna.example", 1)
    assert mails("sign_in_changed") == []


@pytest.mark.rel(78)
@pytest.mark.parametrize("email", ["new@anna.example", ""])
def test_the_former_address_is_told_by_whom_another_was_written_and_not_which(ann: Person, noon: datetime, email: str) -> None:
    people.change(ann, full_name="Ann Miller", email=email, role=Role.ACCOUNT_USER, actor=jane, at=noon)

    [told] = mails("sign_in_changed")
    assert (told.recipients, told.subject) == (["ann@anna.example"], "Your email address was changed: Acme")
    assert "Acme changed it. Mails no longer go to this address." in told.text
    assert "new@anna.example" not in told.text + told.html


def test_mails_about_how_somebody_signs_in_name_their_own_people_and_nobody_of_the_reseller(ann: Person, anna: Customer, noon: datetime) -> None:
    first, staff = Actor.of(anna.people.get(is_primary=True).user), Actor.of(user("boss"))
    for number, who in enumerate((first, staff, staff.acting_for(anna.pk, anna.name), Actor("Olga", first.user_id, schema="owner"))):
        notices.tell_former(ann.user, by=who, at=noon + timedelta(minutes=number))

    said = [mail.text.partition(" changed it.")[0].splitlines()[-1] for mail in mails("sign_in_changed")]
    assert said == ["Anna Ltd", "Acme", "Acme", "Acme"]


def test_who_had_no_address_is_told_nothing(ann: Person, noon: datetime) -> None:
    User.objects.filter(pk=ann.user_id).update(email="")
    people.change(ann, full_name="Ann Miller", email="new@anna.example", role=Role.ACCOUNT_USER, actor=jane, at=noon)

    assert mails("sign_in_changed") == []


def test_somebody_deactivated_comes_back(ann: Person, noon: datetime) -> None:
    people.deactivate(ann, actor=jane, at=noon)
    assert not User.objects.get(pk=ann.user_id).is_active

    people.activate(ann, actor=jane, at=noon)
    assert User.objects.get(pk=ann.user_id).is_active


def test_the_primary_persons_mail_names_the_account_number_and_the_others_does_not(ann: Person, anna: Customer) -> None:
    first, second = mails("login_details")
    assert anna.account_number in first.text
    assert f"Account number: {anna.account_number}" not in second.text


def test_without_an_email_the_link_is_copied(anna: Customer, noon: datetime) -> None:
    first = anna.people.get()
    User.objects.filter(pk=first.user_id).update(email="")
    first.user.refresh_from_db()

    with pytest.raises(DomainError, match="email_missing"):
        people.send_login_details(first, actor=jane, at=noon)
    assert people.copy_link(first, actor=jane, at=noon).startswith("http://acme.localhost:8000/")
