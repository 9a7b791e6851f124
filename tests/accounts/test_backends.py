"""Signing in: three names, one neutral refusal, the same work for every name."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts import queries
from billing_portal.accounts.models import Role, SignInName, User
from tests.support.people import PASSWORD, user


def sign_in(name: str, password: str = PASSWORD) -> User | None:
    found = authenticate(username=name, password=password)
    assert found is None or isinstance(found, User)
    return found


def account_number(of: User, value: str) -> None:
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value=value, user=of)


@pytest.mark.parametrize("name", ["jane", "JANE", "jane@example.com", "Jane@Example.COM", "100042"])
def test_username_email_and_account_number_sign_in(acme: Any, name: str) -> None:
    jane = user("jane")
    account_number(jane, "100042")

    assert sign_in(name) == jane


@pytest.mark.parametrize("name", ["jane", "jane@example.com", "100042", "nobody", "", " "])
def test_a_wrong_password_signs_nobody_in(acme: Any, name: str) -> None:
    account_number(user("jane"), "100042")

    assert sign_in(name, "something else entirely") is None


def test_an_email_of_two_people_signs_nobody_in_but_their_other_names_do(acme: Any) -> None:
    ann, bob = user("ann", Role.ACCOUNT_ADMIN, email="office@example.com"), user("bob", Role.ACCOUNT_USER, email="Office@example.com")
    account_number(ann, "100042")

    assert sign_in("office@example.com") is None
    assert [sign_in("100042"), sign_in("bob")] == [ann, bob]


def test_an_email_of_one_active_and_one_deactivated_person_signs_the_active_one_in(acme: Any) -> None:
    ann, bob = user("ann", Role.ACCOUNT_ADMIN, email="office@example.com"), user("bob", Role.ACCOUNT_USER, email="office@example.com")
    User.objects.filter(pk=bob.pk).update(is_active=False)

    assert sign_in("office@example.com") == ann


@pytest.mark.parametrize("username", ["tom@acme.example", "tom2"])
def test_nobody_of_a_customer_takes_the_email_of_staff_away(acme: Any, username: str) -> None:
    """Whether they are called so, from before that was refused, or had it written into their own account."""
    tom = user("tom", Role.SUPPORT, email="tom@acme.example")
    thief = user("thief", Role.ACCOUNT_USER, email="TOM@acme.example", password="another kettle in the dale")
    User.objects.filter(pk=thief.pk).update(username=username, created_at=tom.created_at - timedelta(days=1))

    assert sign_in("Tom@acme.example") == tom
    assert sign_in("tom@acme.example", "another kettle in the dale") is None
    assert set(queries.who_forgot("tom@acme.example")) == {tom, thief}
    assert queries.who_forgot("tom@acme.example")[0] == tom


def test_an_email_of_two_of_staff_signs_nobody_in_until_one_has_proved_it(acme: Any) -> None:
    tom, kim = user("tom", email="desk@acme.example"), user("kim", Role.SUPPORT, email="desk@acme.example")
    assert sign_in("desk@acme.example") is None

    proved(tom)
    assert sign_in("desk@acme.example") == tom
    proved(kim)
    assert sign_in("desk@acme.example") is None


@pytest.mark.parametrize("username", ["bea@b.example", "thief"])
def test_who_proved_an_email_keeps_it_whoever_else_has_it_or_is_called_so(acme: Any, username: str) -> None:
    bea = user("bea", Role.ACCOUNT_ADMIN, email="Bea@b.example")
    thief = user("thief", Role.ACCOUNT_USER, email="bea@b.example", password="another kettle in the dale")
    User.objects.filter(pk=thief.pk).update(username=username, created_at=bea.created_at - timedelta(days=1))
    proved(bea)

    assert sign_in("bea@b.example") == bea
    assert sign_in("bea@b.example", "another kettle in the dale") is None
    assert queries.who_forgot("bea@b.example") == [bea, thief]
    proved(thief)
    assert [sign_in("bea@b.example"), sign_in("bea")] == [None, bea]


def test_new_staff_take_no_email_from_a_person_who_proved_it_before_they_proved_it_too(acme: Any) -> None:
    ann = proved(user("ann", Role.ACCOUNT_ADMIN, email="ann@b.example"))
    tom = user("tom", Role.SUPPORT, email="ann@b.example", password="another kettle in the dale")

    assert sign_in("ann@b.example") == ann
    proved(tom)
    assert [sign_in("ann@b.example"), sign_in("ann@b.example", "another kettle in the dale")] == [None, tom]


def test_who_is_called_like_an_email_from_before_signs_in_by_it_while_nobody_else_has_it(acme: Any) -> None:
    ann = user("ann", Role.ACCOUNT_USER, email="new@b.example")
    User.objects.filter(pk=ann.pk).update(username="old@b.example")

    assert [sign_in("old@b.example"), sign_in("new@b.example")] == [ann, ann]


@pytest.mark.parametrize("proving", [0, 2])
@pytest.mark.parametrize("order", [1, -1])
def test_of_two_who_both_proved_an_email_or_both_did_not_the_one_who_is_called_so_signs_in(acme: Any, proving: int, order: int) -> None:
    """One person of two companies: the first was called like the email, and has no other name; the second had to choose one."""
    cfo, second = user("cfo", Role.ACCOUNT_ADMIN, email="cfo@b.example"), user("cfo2", Role.ACCOUNT_ADMIN, email="CFO@b.example", password="another kettle")
    User.objects.filter(pk=cfo.pk).update(username="Cfo@B.example", created_at=second.created_at + timedelta(days=order))
    for each in (cfo, second)[:proving]:
        proved(each)

    assert [sign_in("cfo@b.example"), sign_in("cfo@b.example", "another kettle"), sign_in("cfo2", "another kettle")] == [cfo, None, second]
    assert set(queries.who_forgot("cfo@b.example")) == {cfo, second}


def test_who_is_called_so_takes_no_email_from_who_alone_proved_it_and_has_it_back_once_they_prove_it_too(acme: Any) -> None:
    cfo, second = user("cfo", Role.ACCOUNT_ADMIN, email="cfo@b.example"), user("cfo2", Role.ACCOUNT_ADMIN, email="cfo@b.example", password="another kettle")
    User.objects.filter(pk=cfo.pk).update(username="cfo@b.example")
    proved(second)
    assert [sign_in("cfo@b.example"), sign_in("cfo@b.example", "another kettle")] == [None, second]

    proved(cfo)
    assert [sign_in("cfo@b.example"), sign_in("cfo@b.example", "another kettle"), sign_in("cfo2", "another kettle")] == [cfo, None, second]


def proved(of: User) -> User:
    User.objects.filter(pk=of.pk).update(email_proved=True)
    return of


@pytest.mark.rel(78)
def test_a_deactivated_person_cannot_sign_in(acme: Any) -> None:
    User.objects.filter(pk=user("jane").pk).update(is_active=False)

    assert sign_in("jane") is None


def test_somebody_who_never_set_a_password_cannot_sign_in(acme: Any) -> None:
    user("jane", password=None)

    assert [sign_in("jane"), sign_in("jane", "")] == [None, None]


def test_the_same_name_in_another_reseller_is_somebody_else(acme: Any, globex: Any) -> None:
    user("jane")
    connection.set_tenant(acme)

    assert sign_in("jane") is None


@pytest.fixture
def counted(settings: Any) -> list[str]:
    """The passwords that were hashed."""
    Counting.hashed = []
    settings.PASSWORD_HASHERS = ["tests.accounts.test_backends.Counting"]
    return Counting.hashed


class Counting(MD5PasswordHasher):
    algorithm = "counting"
    hashed: list[str] = []

    def encode(self, password: str, salt: Any) -> str:
        self.hashed.append(password)
        return super().encode(password, salt)


@pytest.mark.rel(74)
def test_known_unknown_and_unset_names_cost_one_hash_and_the_same_questions(acme: Any, counted: list[str]) -> None:
    user("jane")
    user("new", password=None)
    user("ann", email="office@example.com")
    user("bob", email="office@example.com")
    work = {}
    for name in ("jane", "nobody", "new", "office@example.com", "jane@example.com"):
        counted.clear()
        with CaptureQueriesContext(connection) as asked:
            assert sign_in(name, "wrong wrong wrong") is None
        work[name] = (len(counted), len(asked))

    assert set(work.values()) == {(1, 3)}, work


def test_who_forgot_finds_everybody_who_shares_the_email(acme: Any) -> None:
    ann, bob = user("ann", email="office@example.com"), user("bob", email="office@example.com")

    assert queries.who_forgot("office@example.com") == [ann, bob]
    assert queries.who_forgot("bob") == [bob]
    assert queries.who_forgot("nobody@example.com") == []
