"""Who is switched where: what a second switch ends, and the list of Platform » Switched in (architecture §2, reliability 69)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry, ParentSession, Role, SwitchTicket, User
from tests.support import walks, world
from tests.support.people import client, user
from tests.support.walks import Walk, walk_of


@pytest.fixture
def walk(owner: Any) -> Walk:
    """Globex below Acme below the owner, where Orla is an administrator."""
    return walks.from_the_owner()


@pytest.mark.rel(69)
def test_switching_again_ends_the_first_session_though_the_browser_shows_no_cookie(walk: Walk) -> None:
    """A form from another site brings none along; what was reached from the first session is over too."""
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    first = walk.windows["acme"]
    walk.windows["acme"] = Client(headers={"host": "acme.localhost"})
    walk.go("owner", "acme")

    assert walk.viewer("acme").home == "Portal"
    assert not walk.viewer("globex").signed_in
    with schema_context("acme"):
        assert ParentSession.objects.get(ended_at=None).session_key == walk.windows["acme"].session.session_key
        assert first.get("/customers/").status_code == 302
        walk.post("acme", "/customers/return/")
        assert first.get("/customers/").status_code == 302
        assert not ParentSession.objects.filter(ended_at=None).exists()


@pytest.mark.rel(69)
def test_another_browser_of_the_same_person_is_left_alone(walk: Walk) -> None:
    walk.go("owner", "acme")
    other = walk_of("owner", walk.who)
    other.go("owner", "acme")

    assert (walk.viewer("acme").home, other.viewer("acme").home) == ("Portal", "Portal")


@pytest.mark.rel(69)
def test_further_down_too_the_way_is_known_by_the_session_at_home(walk: Walk) -> None:
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    first = walk.windows["globex"]
    walk.windows["globex"] = Client(headers={"host": "globex.localhost"})
    walk.go("acme", "globex")

    with schema_context("globex"):
        assert first.get("/customers/").status_code == 302
        assert ParentSession.objects.get(ended_at=None).session_key == walk.windows["globex"].session.session_key


def listed(walk: Walk, at: str, window: Client | None = None) -> list[tuple[str, ...]]:
    """Who stands on the page "Switched in", from where, in which reseller, for which customer."""
    with schema_context(at):
        stays = (window or walk.windows[at]).get("/platform/switched/").context["stays"]
    return [(stay.who, stay.home, stay.reseller, stay.customer) for stay in stays]


@pytest.mark.rel(69)
@pytest.mark.parametrize(("what", "data"), [("deactivate/", {}), ("", {"role": "reports"})])
def test_who_is_deactivated_or_demoted_is_listed_nowhere_from_that_moment(walk: Walk, what: str, data: dict[str, str]) -> None:
    with schema_context("owner"):
        boss = client(user("olga"))
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    with schema_context("globex"):  # a session of before ways were known by their beginning
        SwitchTicket.objects.update(home_session=None)
    walk.windows["globex"] = Client(headers={"host": "globex.localhost"})
    walk.go("acme", "globex")
    with schema_context("owner"):
        assert boss.post(f"/settings/staff/{walk.who.pk}/{what}", data).status_code == 302

    for level in ("acme", "globex"):
        with schema_context(level):
            assert not ParentSession.objects.filter(ended_at=None).exists()
            assert {entry.note for entry in AuditEntry.objects.filter(action="parent.left")} == {"no longer allowed"}
    assert listed(walk, "owner", boss) == []


@pytest.mark.rel(69)
def test_a_lesser_role_that_may_switch_stays_listed(walk: Walk) -> None:
    with schema_context("owner"):
        boss = client(user("olga"))
    walk.go("owner", "acme")
    with schema_context("owner"):
        boss.post(f"/settings/staff/{walk.who.pk}/", {"role": "support"})

    assert listed(walk, "owner", boss) == [("Orla Byrne", "Portal", "Acme", "")]


@pytest.mark.rel(69)
def test_who_cannot_act_any_more_is_not_listed_though_their_row_is_open(walk: Walk) -> None:
    with time_machine.travel("2026-11-21T12:00:00+00:00", tick=False) as clock:
        walk.go("owner", "acme")
        walk.go("acme", "globex")
        walk.post("acme", "/customers/return/")
        assert listed(walk, "owner") == []
        walk.go("owner", "acme")
        clock.shift(timedelta(minutes=59))
        assert len(listed(walk, "owner")) == 1
        clock.shift(timedelta(minutes=1))
        with schema_context("owner"):
            assert listed(walk, "owner", client(user("olga"))) == []
        with schema_context("globex"):
            assert ParentSession.objects.filter(ended_at=None).exists()


def test_the_list_names_the_customer_too_and_staff_of_the_house_in_a_customer(walk: Walk) -> None:
    with schema_context("acme"):
        anna = world.customer("Anna Ltd")
        jane, lou = client(user("jane")), client(user("lou", Role.SUPPORT))
        lou.post("/customers/switch/", {"account": anna.account_number})
    walk.go("owner", "acme")
    walk.post("acme", "/customers/switch/", {"account": anna.account_number})
    walk.viewer("acme")

    assert listed(walk, "acme", jane) == [("Orla Byrne", "Portal", "Acme", "Anna Ltd"), ("Lou", "Acme", "Acme", "Anna Ltd")]
    assert listed(walk, "owner") == [("Orla Byrne", "Portal", "Acme", "Anna Ltd")]
    with schema_context("acme"):
        page = jane.get("/platform/switched/").content.decode()
        assert page.count("<small>[Anna Ltd]</small>") == 2
        assert page.count("/end/") == 1, "somebody of the house is ended by their sessions"
        assert f'href="/settings/staff/{User.objects.get(username="lou").pk}/"' in page
        lou.post("/customers/return/")
    assert listed(walk, "acme", jane) == [("Orla Byrne", "Portal", "Acme", "Anna Ltd")]
