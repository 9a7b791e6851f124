"""A switch lies in the session, names both, and ends at once when the right to it is gone (semantics 33, 34)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from billing_portal.accounts.models import AuditEntry, Role, User
from customers.models import Customer, Line
from tests.customers.conftest import signed_in
from tests.support.people import client

ROLES_THAT_SWITCH = ["administrator", "commerce", "support"]


def enter(browser: Any, customer: Customer) -> Any:
    frame = browser.get("/help/").wsgi_request.viewer.frame
    return browser.post("/customers/switch/", {"account": customer.account_number, "frame": frame})


def managing(browser: Any) -> str:
    """The frame of the next form, or nothing."""
    name: str = browser.get("/help/").wsgi_request.viewer.acted_for
    return name


@pytest.mark.parametrize("role", ROLES_THAT_SWITCH)
def test_staff_switch_in_and_return_in_one_click(anna: Customer, role: str) -> None:
    browser = signed_in("tess", role)

    assert enter(browser, anna).status_code == 302
    assert managing(browser) == "Anna Ltd"
    back = browser.post("/customers/return/")
    assert (back.status_code, back.url) == (302, f"/customers/{anna.account_number}/")
    assert managing(browser) == ""


def test_reports_and_people_cannot_switch(reports: Any, annas: Any, anna: Customer, bob: Customer) -> None:
    assert enter(reports, anna).status_code == 403
    assert enter(annas, bob).status_code == 404
    assert (managing(reports), managing(annas)) == ("", "")


@pytest.mark.rel(66)
def test_nobody_is_switched_by_a_link_or_from_another_site(commerce: Any, anna: Customer) -> None:
    assert commerce.get("/customers/switch/", {"account": anna.account_number}).status_code == 405
    strict = client(User.objects.get(username="jane"), enforce_csrf_checks=True)
    assert strict.post("/customers/switch/", {"account": anna.account_number}, secure=True).status_code == 403
    assert (managing(commerce), managing(strict)) == ("", "")


@pytest.mark.rel(70)
def test_both_names_stand_in_the_audit_trail(commerce: Any, anna: Customer) -> None:
    jane = User.objects.get(username="jane")
    enter(commerce, anna)
    commerce.post("/my/lines/new/", {"name": "1001", "frame": f"{anna.pk} Anna Ltd"})
    commerce.post("/customers/return/")

    entries = AuditEntry.objects.filter(customer_id=anna.pk, actor_id=jane.pk).order_by("at", "pk")
    assert [(entry.action, entry.actor_name, entry.acted_for_name, entry.acted_for_id) for entry in entries] == [
        (action, "Jane", "Anna Ltd", anna.pk) for action in ("customer.entered", "line.added", "customer.left")
    ]
    assert "Jane as [Anna Ltd]" in commerce.get(f"/customers/{anna.account_number}/history/").content.decode()


@pytest.mark.rel(69)
def test_the_session_gets_a_new_key_at_each_step(commerce: Any, anna: Customer) -> None:
    keys = [commerce.session.session_key]
    enter(commerce, anna)
    keys.append(commerce.session.session_key)
    commerce.post("/customers/return/")
    keys.append(commerce.session.session_key)

    assert len(set(keys)) == 3
    assert not any(commerce.session.exists(old) for old in keys[:2])


@pytest.mark.rel(69)
def test_a_second_customer_cannot_be_entered_from_within_the_first(commerce: Any, anna: Customer, bob: Customer) -> None:
    enter(commerce, anna)

    assert enter(commerce, bob).status_code == 403
    assert managing(commerce) == "Anna Ltd"


@pytest.mark.rel(69)
def test_a_demoted_actor_is_out_at_once(commerce: Any, anna: Customer) -> None:
    enter(commerce, anna)
    User.objects.filter(username="jane").update(role=Role.REPORTS)

    assert commerce.post("/my/lines/new/", {"name": "1001", "frame": f"{anna.pk} Anna Ltd"}).status_code == 409
    assert managing(commerce) == ""
    assert not Line.objects.exists()


@pytest.mark.rel(69)
def test_a_deactivated_actor_is_nobody(commerce: Any, anna: Customer) -> None:
    enter(commerce, anna)
    User.objects.filter(username="jane").update(is_active=False)

    assert commerce.get("/my/lines/").url == "/sign-in/?next=/my/lines/"
    assert commerce.get("/customers/").url == "/sign-in/?next=/customers/"


def test_an_hour_without_a_page_returns_by_itself(commerce: Any, anna: Customer) -> None:
    with time_machine.travel("2026-11-21T12:00:00+00:00", tick=False) as clock:
        enter(commerce, anna)
        clock.shift(timedelta(minutes=59))
        assert commerce.get("/my/lines/").status_code == 200
        clock.shift(timedelta(minutes=59))
        assert commerce.get("/my/lines/").status_code == 200
        clock.shift(timedelta(minutes=60))
        assert commerce.get("/my/lines/").url == "/customers/"
    assert managing(commerce) == ""
    assert AuditEntry.objects.get(action="customer.left").note == "60 minutes without a page"


def test_a_form_of_another_frame_saves_nothing_and_keeps_what_was_written(commerce: Any, anna: Customer, bob: Customer) -> None:
    enter(commerce, anna)
    page = commerce.get("/my/lines/new/").content.decode()
    frame = f"{anna.pk} Anna Ltd"
    assert f'name="frame" value="{frame}"' in page
    commerce.post("/customers/return/")
    enter(commerce, bob)

    answer = commerce.post("/my/lines/new/", {"name": "Reception 77", "frame": frame})

    assert answer.status_code == 409
    assert "You are no longer managing [Anna Ltd]" in answer.content.decode()
    assert "Reception 77" in answer.content.decode()
    assert not Line.objects.exists()


def test_pages_of_staff_are_shut_while_switched(commerce: Any, anna: Customer) -> None:
    enter(commerce, anna)

    for address in ("/customers/", "/customers/new/", f"/customers/{anna.account_number}/people/"):
        assert commerce.get(address).status_code == 403


def test_signing_out_ends_everything(commerce: Any, anna: Customer) -> None:
    enter(commerce, anna)
    commerce.post("/sign-out/")

    assert commerce.get("/my/lines/").url == "/sign-in/?next=/my/lines/"


def test_returning_twice_does_no_harm(commerce: Any, anna: Customer) -> None:
    enter(commerce, anna)
    commerce.post("/customers/return/")

    assert commerce.post("/customers/return/").url == "/"
    assert AuditEntry.objects.filter(action="customer.left").count() == 1
