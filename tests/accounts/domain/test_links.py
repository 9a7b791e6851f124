"""One-time links: what is stored, when they end, two submissions at once."""

from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import links, passwords, users
from billing_portal.accounts.models import LoginLink, Role, User
from billing_portal.kernel.errors import DomainError
from tests.support.people import user

NEW = "a much longer secret 77"
WELCOME = LoginLink.Purpose.WELCOME


def test_only_the_fingerprint_of_the_token_is_stored(acme: Any, noon: datetime) -> None:
    token = links.make(user("jane"), WELCOME, at=noon)
    link = LoginLink.objects.get()

    assert (len(token), link.token_hash) == (43, links.fingerprint(token))
    assert token not in str(LoginLink.objects.values_list().get())


def test_a_link_lives_72_hours(acme: Any, noon: datetime) -> None:
    token = links.make(user("jane"), WELCOME, at=noon)

    assert links.find(token, at=noon + timedelta(hours=72, seconds=-1)) is not None
    assert links.find(token, at=noon + timedelta(hours=72)) is None


def test_a_newer_link_ends_the_older_one(acme: Any, noon: datetime) -> None:
    jane = user("jane")
    old, new = links.make(jane, WELCOME, at=noon), links.make(jane, LoginLink.Purpose.RESET, at=noon)

    assert (links.find(old, at=noon), links.find(new, at=noon) is not None) == (None, True)
    with pytest.raises(DomainError, match="link_spent"):
        links.set_password(old, NEW, at=noon)


def test_a_newer_link_of_somebody_else_ends_nothing(acme: Any, noon: datetime) -> None:
    token = links.make(user("jane"), WELCOME, at=noon)
    links.make(user("ann"), WELCOME, at=noon)

    assert links.find(token, at=noon) is not None


def test_setting_the_password_spends_the_link(acme: Any, noon: datetime) -> None:
    jane = user("jane", password=None)
    token = links.make(jane, WELCOME, at=noon)

    assert links.set_password(token, NEW, at=noon) == jane
    assert LoginLink.objects.get().used_at == noon
    with pytest.raises(DomainError, match="link_spent"):
        links.set_password(token, "yet another one 88", at=noon)


@pytest.mark.parametrize(("sent_to", "proves"), [("Jane@Example.com", True), ("", False), ("former@example.com", False)])
def test_a_link_proves_the_email_that_it_was_mailed_to_and_one_that_was_handed_over_none(acme: Any, noon: datetime, sent_to: str, proves: bool) -> None:
    jane = user("jane", password=None)
    token = links.make(jane, WELCOME, sent_to=sent_to, at=noon)

    assert links.set_password(token, NEW, at=noon).email_proved is proves
    assert User.objects.get().email_proved is proves


def test_login_details_and_resets_are_sent_to_be_proved_and_copies_are_not(acme: Any, noon: datetime) -> None:
    jane, boss = user("jane"), Actor.program("boss")
    users.send_login_details(jane, to=["jane@example.com"], actor=boss, at=noon)
    passwords.send_reset(jane, at=noon)
    users.copy_link(jane, actor=boss, at=noon)

    assert list(LoginLink.objects.order_by("created_at", "pk").values_list("sent_to", flat=True)) == ["jane@example.com", "jane@example.com", ""]


def test_an_expired_link_sets_nothing(acme: Any, noon: datetime) -> None:
    jane = user("jane", password=None)
    token = links.make(jane, WELCOME, at=noon)

    with pytest.raises(DomainError, match="link_spent"):
        links.set_password(token, NEW, at=noon + timedelta(hours=72))
    jane.refresh_from_db()
    assert not jane.has_usable_password()


def test_the_address_is_on_the_resellers_own_host(acme: Any) -> None:
    assert links.address("token").endswith("/password/token/")
    assert "//acme.localhost" in links.address("token")


@pytest.mark.django_db(transaction=True)
def test_of_two_submissions_at_once_one_sets_the_password(noon: datetime) -> None:
    jane = user("jane", Role.SUPPORT, password=None)
    token = links.make(jane, WELCOME, at=noon)
    tenant, barrier, outcomes = connection.tenant, Barrier(4), list[str]()

    def submit(password: str) -> None:
        connection.set_tenant(tenant)
        barrier.wait()
        try:
            links.set_password(token, password, at=noon)
            outcomes.append(password)
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=submit, args=(f"password number {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [winner] = [outcome for outcome in outcomes if outcome != "link_spent"]
    assert outcomes.count("link_spent") == 3
    assert User.objects.get(pk=jane.pk).check_password(winner)
    close_old_connections()


@pytest.mark.django_db(transaction=True)
def test_a_new_link_made_at_the_same_moment_ends_the_old_one_without_a_deadlock(noon: datetime) -> None:
    jane = user("jane", Role.SUPPORT, password=None)
    token = links.make(jane, WELCOME, at=noon)
    tenant, outcomes = connection.tenant, list[str]()

    def submit() -> None:
        connection.set_tenant(tenant)
        try:
            links.set_password(token, NEW, at=noon)
            outcomes.append("set")
        except DomainError as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    thread = Thread(target=submit)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=jane.pk)
        thread.start()
        thread.join(timeout=0.5)
        links.end(jane, at=noon)
    thread.join()

    assert outcomes == ["link_spent"]
    assert LoginLink.objects.get().used_at is None
    close_old_connections()
