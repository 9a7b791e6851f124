"""Guessing ends after ten, whoever asks from wherever, also when many ask at once."""

import hashlib
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import tries
from billing_portal.accounts.models import SignInName, SignInTry
from billing_portal.accounts.where import Where
from billing_portal.kernel.errors import DomainError
from tests import sizes
from tests.support.people import user

Kind = tries.Kind
MINUTE = timedelta(minutes=1)


def passes(whom: str, address: str, at: datetime, kind: Kind = Kind.PASSWORD) -> bool:
    try:
        tries.begin(kind, whom=whom, address=address, at=at)
    except DomainError as refusal:
        if refusal.code != "too_many_tries":
            raise
        return False
    return True


@pytest.mark.rel(75)
def test_of_many_tries_at_one_account_from_everywhere_ten_are_looked_at(acme: Any, noon: datetime) -> None:
    assert sum(passes("jane", f"192.0.{n // 250}.{n % 250}", noon) for n in range(sizes.GUESSES)) == 10


@pytest.mark.rel(75)
def test_of_many_tries_from_one_address_at_every_account_ten_are_looked_at(acme: Any, noon: datetime) -> None:
    assert sum(passes(f"person {n}", "192.0.2.1", noon) for n in range(sizes.GUESSES)) == 10


def test_what_was_refused_counts_nothing_and_a_quarter_of_an_hour_later_ten_more_are_looked_at(acme: Any, noon: datetime) -> None:
    taken = [sum(passes("jane", "192.0.2.1", noon + minutes * MINUTE) for _try in range(20)) for minutes in (0, 14, 15, 29, 30)]

    assert taken == [10, 0, 10, 0, 10]


def told(actor: Actor, at: datetime) -> bool:
    try:
        tries.ask_a_name(actor, at=at)
    except DomainError as refusal:
        if (refusal.code, refusal.field) != ("too_many_names", "name"):
            raise
        return False
    return True


@pytest.mark.rel(57)
def test_one_person_is_told_of_twenty_names_in_a_minute(acme: Any, noon: datetime) -> None:
    jane, joe = (Actor.of(user(name)) for name in ("jane", "joe"))

    assert [sum(told(jane, noon + seconds * MINUTE / 60) for _try in range(25)) for seconds in (0, 59, 60)] == [20, 0, 20]
    assert told(joe, noon)
    assert all(told(Actor.program("import"), noon) for _try in range(25))
    assert SignInTry.objects.filter(kind=Kind.NAME).count() == 41


@pytest.mark.rel(57)
def test_one_person_is_told_of_as_many_who_switches_into_resellers_below(acme: Any, noon: datetime) -> None:
    jane = Actor.of(user("jane"))
    assert sum(told(jane, noon) for _try in range(15)) == 15

    with schema_context("globex"):
        assert sum(told(replace(jane, schema="acme"), noon) for _try in range(15)) == 5
        assert SignInTry.objects.filter(kind=Kind.NAME).count() == 0
    assert not told(jane, noon)


def test_what_succeeded_is_not_counted(acme: Any, noon: datetime) -> None:
    for _day in range(30):
        tries.take_back(tries.begin(Kind.PASSWORD, whom="jane", address="192.0.2.1", at=noon))

    assert SignInTry.objects.count() == 0


def test_passwords_codes_and_links_are_counted_apart(acme: Any, noon: datetime) -> None:
    while passes("jane", "192.0.2.1", noon):
        pass

    assert passes("jane", "192.0.2.1", noon, Kind.LINK)
    assert passes("jane", "192.0.2.1", noon, Kind.CODE)


def test_another_reseller_counts_for_itself(acme: Any, globex: Any, noon: datetime) -> None:
    connection.set_tenant(acme)
    while passes("jane", "192.0.2.1", noon):
        pass
    connection.set_tenant(globex)

    assert passes("jane", "192.0.2.1", noon)


def test_all_names_of_one_user_are_one_account_and_unknown_names_are_told_apart_without_their_case(acme: Any) -> None:
    jane = user("jane")
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value="100042", user=jane)

    assert {tries.whom(name) for name in ("jane", "JANE", "jane@example.com", "100042")} == {str(jane.pk)}
    assert tries.whom("Nobody") == tries.whom("nobody ") != tries.whom("somebody")


@pytest.mark.rel(75)
def test_what_was_typed_cannot_be_found_by_trying_without_the_secret_and_differs_by_reseller(acme: Any, globex: Any, settings: Any) -> None:
    """It may have been a password."""
    typed = "my secret passphrase"

    def marks(tenant: Any) -> list[str]:
        connection.set_tenant(tenant)
        return [tries.whom(typed), tries.typed(typed)]

    plain = [hashlib.sha256(text.encode()).hexdigest() for text in (typed, f"typed:{typed}")]
    known = [*marks(acme), *marks(globex)]
    settings.SECRET_KEY = "another secret, and a long one"
    assert len({*plain, *known, *marks(acme)}) == 8


def test_a_forgiven_account_starts_anew_with_passwords_and_not_with_codes(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    for kind in (Kind.PASSWORD, Kind.CODE):
        while passes(str(jane.pk), "", noon, kind):
            pass
    tries.forgive(jane)

    assert passes(str(jane.pk), "", noon)
    assert not passes(str(jane.pk), "", noon, Kind.CODE), "who reads somebody's mails would have ten codes for each link"


def by_name(name: str, whom: str, at: datetime) -> bool | None:
    """Whether the password was looked at; None when it was said that there were too many."""
    try:
        return tries.begin_at_the_door(name, whom=whom, address="", at=at).looked_at
    except DomainError as refusal:
        if refusal.code != "too_many_tries":
            raise
        return None


@pytest.mark.rel(75)
def test_of_many_tries_by_all_names_of_an_account_ten_are_looked_at_and_each_name_is_counted_by_itself(acme: Any, noon: datetime) -> None:
    pk = str(user("jane").pk)
    looked_at = [[by_name(name, pk, noon) for _try in range(11)] for name in ("jane", "jane@example.com")]

    assert looked_at == [[True] * 10 + [None], [False] * 10 + [None]]
    assert [by_name("jane", pk, noon + 15 * MINUTE), by_name("jane@example.com", pk, noon + 15 * MINUTE)] == [True, True]


def test_who_set_a_new_password_starts_anew_by_every_name(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    SignInName.objects.create(kind=SignInName.Kind.ACCOUNT_NUMBER, value="100042", user=jane)
    names = ("jane", "Jane@Example.com", "100042")
    for name in names:
        while by_name(name, str(jane.pk), noon) is not None:
            pass
    tries.forgive(jane)

    assert [by_name(name, str(jane.pk), noon) for name in names] == [True] * 3


def test_tries_are_forgotten_after_a_day(acme: Any, noon: datetime) -> None:
    passes("jane", "192.0.2.1", noon)
    passes("jane", "192.0.2.1", noon + timedelta(hours=2))

    assert tries.tidy(at=noon + timedelta(hours=25)) == 1
    assert SignInTry.objects.count() == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_an_address_is_a_machine_or_of_ipv6_what_one_household_has(one: str, other: str, same: bool) -> None:
    assert (Where(one).network == Where(other).network) is same


@pytest.mark.rel(75)
@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_moment_ten_are_looked_at(acme: Any, noon: datetime) -> None:
    start = threading.Barrier(sizes.GUESSERS)
    passed: list[bool] = []

    def guess(number: int) -> None:
        connection.set_tenant(acme)
        start.wait()
        passed.extend(passes("jane", f"192.0.2.{number}", noon) for _try in range(4))
        connection.close()

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(sizes.GUESSERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (sum(passed), len(passed)) == (10, 4 * sizes.GUESSERS)
