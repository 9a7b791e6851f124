"""Authenticator apps and recovery codes: each code works once, for one person, with no cache to remember it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db import connection

from billing_portal.accounts import queries
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import sealing, second_factors
from billing_portal.accounts.models import AuditEntry, Role, User
from billing_portal.kernel.errors import DomainError
from tests.support.people import mails, user
from tests.support.second_factors import SECRET, add_app, shown

HALF_MINUTE = timedelta(seconds=30)


def takes(person: User, code: str, at: datetime) -> bool:
    try:
        second_factors.spend_code(person, code, at=at)
    except DomainError as refusal:
        if refusal.code != "wrong_code":
            raise
        return False
    return True


def test_an_app_is_added_by_a_code_it_shows_and_brings_ten_recovery_codes(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    codes = second_factors.add_app(jane, SECRET, shown(noon), actor=Actor.of(jane), at=noon)

    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {10}
    assert queries.has_second_factor(jane)
    assert AuditEntry.objects.filter(action="user.app_added", actor_name="Jane").count() == 1
    [mail] = mails("sign_in_changed")
    assert mail.subject == "An authenticator app was added: Acme"
    assert mail.recipients == ["jane@example.com"]


def test_a_wrong_code_adds_nothing(acme: Any, noon: datetime) -> None:
    jane = user("jane")

    with pytest.raises(DomainError, match="code does not fit"):
        second_factors.add_app(jane, SECRET, shown(noon, steps=5), actor=Actor.of(jane), at=noon)
    assert not queries.has_second_factor(jane)


def test_the_code_of_now_and_of_half_a_minute_either_way_fits_and_no_other(acme: Any, noon: datetime) -> None:
    fitting = []
    for steps in (-2, -1, 0, 1, 2):
        person = user(f"p{steps + 2}")
        add_app(person, at=noon)
        if takes(person, shown(noon, steps=steps), noon):
            fitting.append(steps)

    assert fitting == [-1, 0, 1]


@pytest.mark.rel(75)
def test_a_code_works_once_also_the_one_that_added_the_app(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    second_factors.add_app(jane, SECRET, shown(noon), actor=Actor.of(jane), at=noon)

    assert not takes(jane, shown(noon), noon)
    assert takes(jane, shown(noon, steps=1), noon + HALF_MINUTE)
    assert not takes(jane, shown(noon, steps=1), noon + HALF_MINUTE)
    assert not takes(jane, shown(noon), noon + HALF_MINUTE), "an older code after a newer one"


def test_a_recovery_code_works_once_however_it_is_written_and_is_told_by_mail(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    [first, second, *_others] = add_app(jane, at=noon)

    assert takes(jane, f" {first[:5]}-{first[5:]} ", noon)
    assert not takes(jane, first, noon)
    assert takes(jane, second, noon + HALF_MINUTE)
    assert second_factors.of(jane).codes_left == 8
    assert ["9 are left" in mail.text for mail in mails("sign_in_changed") if "recovery code" in mail.subject] == [True, False]


def test_new_recovery_codes_end_the_older_ones(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    [old, *_others] = add_app(jane, at=noon)
    [new, *_more] = second_factors.make_codes(jane, actor=Actor.of(jane), at=noon)

    assert (takes(jane, old, noon), takes(jane, new, noon)) == (False, True)


def test_recovery_codes_without_a_second_factor_are_not_made(acme: Any, noon: datetime) -> None:
    jane = user("jane")

    with pytest.raises(DomainError, match="Add an authenticator app or a passkey first"):
        second_factors.make_codes(jane, actor=Actor.of(jane), at=noon)


@pytest.mark.parametrize("code", ["", "0", "000000", "12345 67890", "١٢٣٤٥٦", "\0", "9" * 40])
def test_nothing_else_is_taken_for_a_code(acme: Any, noon: datetime, code: str) -> None:
    jane = user("jane")
    add_app(jane, at=noon)

    assert not takes(jane, code, noon)


def test_a_code_of_somebody_else_is_worthless(acme: Any, noon: datetime) -> None:
    jane, ann = user("jane"), user("ann")
    [code, *_others] = add_app(jane, at=noon)

    assert not takes(ann, code, noon)
    assert not takes(ann, shown(noon), noon)


def test_removing_the_last_one_takes_the_recovery_codes_too(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    add_app(jane, at=noon)
    app = Authenticator.objects.get(user=jane, type="totp")
    second_factors.remove(jane, app.pk, actor=Actor.of(jane), at=noon)

    assert not Authenticator.objects.filter(user=jane).exists()
    assert [mail.subject for mail in mails("sign_in_changed")] == ["An authenticator app was added: Acme", "Your authenticator app was removed: Acme"]
    with pytest.raises(DomainError, match="removed already"):
        second_factors.remove(jane, app.pk, actor=Actor.of(jane), at=noon)


def test_nobody_removes_a_factor_of_somebody_else(acme: Any, noon: datetime) -> None:
    jane, ann = user("jane"), user("ann")
    add_app(jane, at=noon)
    app = Authenticator.objects.get(user=jane, type="totp")

    with pytest.raises(DomainError, match="removed already"):
        second_factors.remove(ann, app.pk, actor=Actor.of(ann), at=noon)
    assert queries.has_second_factor(jane)


@pytest.mark.rel(77)
def test_staff_cannot_remove_the_last_one_where_it_is_required_and_people_can(acme: Any, noon: datetime, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    jane, ann = user("jane"), user("ann", Role.ACCOUNT_ADMIN)
    for person in (jane, ann):
        add_app(person, at=noon)
    apps = {app.user_id: app.pk for app in Authenticator.objects.filter(type="totp")}

    with pytest.raises(DomainError, match="Staff need a second factor"):
        second_factors.remove(jane, apps[jane.pk], actor=Actor.of(jane), at=noon)
    second_factors.remove(ann, apps[ann.pk], actor=Actor.of(ann), at=noon)
    assert [queries.has_second_factor(person) for person in (jane, ann)] == [True, False]


@pytest.mark.rel(76)
def test_a_short_password_keeps_the_last_second_factor(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    add_app(jane, at=noon)
    User.objects.filter(pk=jane.pk).update(short_password=True)
    jane.refresh_from_db()

    with pytest.raises(DomainError, match="at least 15 characters: change it first"):
        second_factors.remove(jane, Authenticator.objects.get(user=jane, type="totp").pk, actor=Actor.of(jane), at=noon)


# --- reset by somebody who may -----------------------------------------------------------------------------------------


def test_a_reset_takes_everything_away_and_tells_the_person_who_did_it(acme: Any, noon: datetime) -> None:
    jane, boss = user("jane"), user("boss")
    add_app(jane, at=noon)
    second_factors.reset(jane, actor=Actor.of(boss), at=noon)

    assert not Authenticator.objects.filter(user=jane).exists()
    assert AuditEntry.objects.get(action="user.second_factor_reset").actor_name == "Boss"
    mail = mails("sign_in_changed")[-1]
    assert mail.subject == "Your second factor was reset: Acme"
    assert "Boss took away your authenticator app" in mail.text
    assert "Boss took away your authenticator app" in mail.html


def test_nobody_resets_their_own_or_one_that_is_not_there(acme: Any, noon: datetime) -> None:
    jane, boss = user("jane"), user("boss")
    add_app(boss, at=noon)

    with pytest.raises(DomainError, match="cannot reset your own"):
        second_factors.reset(boss, actor=Actor.of(boss), at=noon)
    with pytest.raises(DomainError, match="Jane has no second factor"):
        second_factors.reset(jane, actor=Actor.of(boss), at=noon)
    assert queries.has_second_factor(boss)


@pytest.mark.rel(76)
def test_a_reset_ends_a_password_that_was_only_long_enough_beside_it(acme: Any, noon: datetime) -> None:
    jane, ann, boss = user("jane"), user("ann"), user("boss")
    for person in (jane, ann):
        add_app(person, at=noon)
    User.objects.filter(pk=jane.pk).update(short_password=True)
    for person in (jane, ann):
        second_factors.reset(person, actor=Actor.of(boss), at=noon)
        person.refresh_from_db()

    assert [jane.has_usable_password(), ann.has_usable_password()] == [False, True]


# --- how the secret is kept --------------------------------------------------------------------------------------------


def test_the_secret_is_sealed_and_worthless_in_another_schema(acme: Any, globex: Any, noon: datetime) -> None:
    connection.set_tenant(acme)
    jane = user("jane")
    add_app(jane, at=noon)
    kept = Authenticator.objects.get(user=jane, type="totp").data["secret"]

    assert SECRET not in kept
    assert sealing.unseal(kept) == SECRET
    connection.set_tenant(globex)
    with pytest.raises(InvalidToken):
        sealing.unseal(kept)


def test_the_key_of_the_portal_can_be_changed_and_codes_still_fit(acme: Any, noon: datetime, settings: Any) -> None:
    jane = user("jane")
    add_app(jane, at=noon)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key of more than fifty characters, all of them new"

    assert takes(jane, shown(noon), noon)
