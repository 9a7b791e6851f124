"""Where it is required, staff without a second factor reach the pages where one is added, and nothing else (reliability 77)."""

import re
from typing import Any

import pytest

from billing_portal.accounts.models import Role
from billing_portal.web.access import STAFF
from tests.support import addresses, world
from tests.support.people import client, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown
from tests.web.test_every_view import OPEN_TO_ANYBODY

SET_UP = "/account/second-factor/"
OPEN = {SET_UP, f"{SET_UP}app/", f"{SET_UP}passkey/", "/account/confirm/", "/sign-out/"}
KINDS = {"uuid": "0190a000-0000-7000-8000-000000000000", "int": "1", "str": "100001", "slug": "x", "path": "x", "": "x"}

pytestmark = pytest.mark.rel(77)


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True


def every_path() -> list[str]:
    """An address for each view that is not open to anybody, whatever stands in its places."""
    patterns = {address.pattern for address in addresses.every()} - OPEN_TO_ANYBODY
    return sorted(re.sub(r"<(?:(\w+):)?\w+>", lambda place: KINDS[place[1] or ""], pattern) for pattern in patterns)


@pytest.mark.parametrize("role", STAFF)
def test_every_page_leads_to_the_one_where_a_second_factor_is_added(acme: Any, role: Role) -> None:
    browser = at_the_door(user("somebody", role))
    paths = [path for path in every_path() if path not in OPEN]
    methods = ("get", "post") if role == Role.ADMINISTRATOR else ("get",)
    answers = {path: [getattr(browser, method)(path) for method in methods] for path in paths}

    assert len(paths) > 100
    assert {path for path, given in answers.items() if {(each.status_code, each.headers.get("Location")) for each in given} != {(302, SET_UP)}} == set()
    assert {path: browser.get(path).status_code for path in OPEN - {"/sign-out/"}} == dict.fromkeys(OPEN - {"/sign-out/"}, 200)
    assert browser.post("/sign-out/").status_code == 302
    assert not is_signed_in(browser)


def test_the_frame_of_no_page_names_customers_or_leads_to_others_before_it_is_added(acme: Any) -> None:
    anna, jane = world.customer("Anna Ltd"), user("jane")
    add_app(jane)
    held, passed = at_the_door(user("joan")), at_the_door(jane, code=shown())
    for path, status in (("/help/", 200), ("/nothing-here/", 404), (SET_UP, 200)):
        answer = held.get(path)
        assert answer.status_code == status
        assert (list(answer.context["menu"]), list(answer.context["switch_targets"])) == ([], []), path
        assert not [told for told in ("[Anna Ltd]", anna.account_number, 'href="/customers/"') if told in answer.content.decode()], path

    shown_to_jane = passed.get("/help/").content.decode()
    assert all(told in shown_to_jane for told in ("[Anna Ltd]", anna.account_number, 'href="/customers/"'))


def test_a_form_that_came_to_another_customer_names_neither_before_it_is_added(acme: Any) -> None:
    anna, bob = world.customer("Anna Ltd"), world.customer("Bob Ltd")
    answer = at_the_door(user("joan")).post(f"/customers/{bob.account_number}/lock/", {"drawn_for": str(anna.pk)})

    assert (answer.status_code, answer.headers["Location"], answer.content) == (302, SET_UP, b"")


def test_a_fragment_asks_the_browser_to_go_there(acme: Any) -> None:
    answer = at_the_door(user("jane")).get("/customers/", headers={"HX-Request": "true"})

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, SET_UP)


@pytest.mark.parametrize("role", [Role.ACCOUNT_ADMIN, Role.ACCOUNT_USER])
def test_people_of_customers_need_none(acme: Any, role: Role) -> None:
    assert is_signed_in(at_the_door(user("ann", role)))


def test_once_one_is_added_every_page_opens(acme: Any) -> None:
    jane = user("jane")
    browser = at_the_door(jane)
    page = browser.get(f"{SET_UP}app/").content.decode()
    secret = re.search(r'id="secret">([A-Z2-7 ]+)<', page)
    assert secret is not None
    assert "Staff need a second factor" in browser.get(SET_UP).content.decode()
    browser.post(f"{SET_UP}app/", {"code": shown(secret=secret[1].replace(" ", ""))})

    assert browser.get("/customers/").status_code == 200
    assert "Staff need a second factor" not in browser.get(SET_UP).content.decode()


def test_who_signed_in_with_it_is_not_asked_again(acme: Any) -> None:
    jane = user("jane")
    add_app(jane)

    assert at_the_door(jane, code=shown()).get("/customers/").status_code == 200


def test_a_session_that_never_showed_the_one_there_is_must_show_it(acme: Any) -> None:
    """One from before it was required, or opened at the moment it was added."""
    jane = user("jane")
    add_app(jane)
    browser: Any = client(jane)

    assert browser.get("/customers/").url == SET_UP
    assert browser.get(SET_UP).url == "/account/confirm/"
    assert browser.get(f"{SET_UP}app/").url == "/account/confirm/?next=%2Faccount%2Fsecond-factor%2Fapp%2F"
    browser.post("/account/confirm/", {"code": shown()})
    assert browser.get("/customers/").status_code == 200


def test_after_a_reset_the_next_sign_in_asks_for_a_new_one(acme: Any) -> None:
    jane, boss = user("jane"), user("boss")
    add_app(jane)
    add_app(boss)
    browser, bosses = at_the_door(jane, code=shown()), at_the_door(boss, code=shown())
    assert bosses.post(f"/settings/staff/{jane.pk}/second-factor/reset/").status_code == 302

    assert browser.get("/customers/").headers["Location"].startswith("/sign-in/")
    assert at_the_door(jane).get("/customers/").headers["Location"] == SET_UP
