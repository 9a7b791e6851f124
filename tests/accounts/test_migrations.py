"""Emails that somebody proved before it was asked: what a release from before left tells who did."""

import importlib
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import emails, links, passwords, users
from billing_portal.accounts.models import Role, User
from billing_portal.tenancy.domain import schemas
from billing_portal.tenancy.models import Reseller
from tests.support.people import PASSWORD, mails, system, user

NAME = "0010_who_proved_their_email"
migration: Any = importlib.import_module(f"billing_portal.accounts.migrations.{NAME}")
NEW = "a much longer secret 77"


@pytest.fixture(scope="module")
def old_apps() -> Any:
    """The models as the migration finds them."""
    loader = MigrationLoader(None)
    return loader.project_state([("accounts", NAME)], at_end=False).apps


def upgrade(old_apps: Any, **before: Any) -> set[User]:
    """Who has proved their email after the upgrade of what lies there."""
    User.objects.update(**before)
    with connection.schema_editor() as editor:
        migration.those_who_proved_it(old_apps, editor)
    return set(User.objects.filter(email_proved=True))


def used(text: str, at: datetime) -> None:
    """The link in it is used."""
    found = re.search(r"/password/([\w-]{43})/", text)
    assert found is not None
    links.set_password(found[1], NEW, at=at)


def invited(name: str, at: datetime, **fields: Any) -> User:
    """Somebody who used the link that was mailed to them."""
    person = user(name, Role.ACCOUNT_USER, **fields)
    users.send_login_details(person, to=[person.email], actor=system, at=at)
    used(mails("login_details")[-1].text, at)
    return person


@pytest.mark.parametrize("marked", [False, True])
def test_who_used_a_link_mailed_to_the_email_they_have_or_confirmed_it_has_proved_it_and_nobody_else_has(
    acme: Any, old_apps: Any, noon: datetime, marked: bool
) -> None:
    """Also where a release in between had marked everybody who came in."""
    welcome, reset, confirmed = invited("welcome", noon), user("reset"), user("confirmed")
    passwords.send_reset(reset, at=noon)
    used(mails("password_reset")[-1].text, noon)
    emails.ask(confirmed, "new@example.com", address="", at=noon)
    found = re.search(r"/email/([^/\s]+)/", mails("email_confirm")[-1].text)
    assert found is not None
    emails.confirm(found[1], at=noon)

    copied, waiting, several, _seen, _without = user("copied"), user("waiting"), user("several"), user("seen"), user("without", email="")
    used(users.copy_link(copied, actor=system, at=noon), noon)
    users.send_login_details(waiting, to=[waiting.email], actor=system, at=noon)
    users.send_login_details(several, to=[several.email, "boss@example.com"], actor=system, at=noon)
    used(mails("login_details")[-1].text, noon)
    for moved in (invited("moved", noon), invited("taken", noon, email="first@example.com")):
        User.objects.filter(pk=moved.pk).update(email=welcome.email)
    User.objects.filter(pk=welcome.pk).update(email="Welcome@Example.com")

    assert upgrade(old_apps, last_login=noon, email_proved=marked) == {welcome, reset, confirmed}


def test_a_schema_of_the_release_before_is_upgraded(as_owner: None, noon: datetime) -> None:
    root = Reseller.objects.get(schema_name="owner")
    renewed = schemas.register(name="renewed", schema_name="renewed", host="renewed.localhost", parent=root, currency="GBP", time_zone="UTC")
    schemas.make(renewed)
    connection.set_tenant(renewed)
    invited("first", noon, email="cfo@holding.example")
    used(users.copy_link(user("copied"), actor=system, at=noon), noon)
    User.objects.update(last_login=noon)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    MigrationExecutor(connection).migrate([("accounts", "0006_where_a_switch_began")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.columns WHERE table_schema = 'renewed' AND column_name = 'email_proved'")
        assert cursor.fetchone() == (0,)

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("accounts"))
    assert dict(User.objects.values_list("username", "email_proved")) == {"first": True, "copied": False}


def test_one_person_of_two_companies_signs_in_as_before(acme: Any, old_apps: Any, noon: datetime) -> None:
    """The first was called like the email, since nobody wrote a username; the second had to choose one."""
    first, second = invited("first", noon, email="cfo@holding.example"), invited("cfo2", noon, email="cfo@holding.example")
    User.objects.filter(pk=first.pk).update(username="cfo@holding.example")

    assert upgrade(old_apps) == {first, second}
    assert [authenticate(username=name, password=NEW) for name in ("cfo@holding.example", "CFO@holding.example", "cfo2")] == [first, first, second]


@pytest.mark.parametrize("role", [Role.ACCOUNT_USER, Role.SUPPORT])
def test_an_email_that_was_written_for_somebody_else_takes_it_from_nobody(acme: Any, old_apps: Any, noon: datetime, role: Role) -> None:
    """An administrator of another customer had it written for a pawn of hers that had come in, or handed them the link; and of staff, before they proved it."""
    clerk, pawn, handed = user("clerk", role, email="clerk@bob.example"), invited("pawn", noon), user("handed", Role.ACCOUNT_USER, email="clerk@bob.example")
    if role == Role.ACCOUNT_USER:
        User.objects.filter(pk=clerk.pk).update(username="clerk@bob.example")
    used(users.copy_link(handed, actor=Actor.of(pawn, via="web"), at=noon), noon)
    User.objects.filter(pk=pawn.pk).update(email="clerk@bob.example", created_at=noon - timedelta(days=99))

    assert upgrade(old_apps, last_login=noon) == set()
    assert authenticate(username="clerk@bob.example", password=PASSWORD) == clerk
    assert authenticate(username="clerk@bob.example", password=NEW) is None
