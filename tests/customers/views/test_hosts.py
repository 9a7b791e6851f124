"""Switching into a reseller below, which lives on another host, and back (architecture §2, semantics 33, 34)."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.domain import second_factors, sessions, switches
from billing_portal.accounts.models import AuditEntry, ParentSession, Role, SwitchTicket, User
from customers.models import Customer
from tests.support import walks, world
from tests.support.people import client, system, user
from tests.support.second_factors import add_app, at_the_door, shown
from tests.support.walks import Walk


@pytest.fixture
def walk(owner: Any) -> Walk:
    """Globex below Acme below the owner, where Orla is an administrator."""
    return walks.from_the_owner()


def test_one_step_down_and_back(walk: Walk) -> None:
    walk.go("owner", "acme")

    viewer = walk.viewer("acme")
    assert (viewer.role, viewer.home, viewer.actor.name, viewer.actor.user_id, viewer.actor.schema, viewer.acting) == (
        Role.ADMINISTRATOR,
        "Portal",
        "Orla Byrne",
        walk.who.pk,
        "owner",
        False,
    )
    assert (str(viewer.user), viewer.user.has_usable_password()) == ("[Portal]", False)
    with schema_context("acme"):
        page = walk.windows["acme"].get("/customers/").content.decode()
    assert "You are managing <b>[Acme]</b> as Orla Byrne (Portal)" in page

    back = walk.post("acme", "/customers/return/").content.decode()
    with schema_context("owner"):
        number = Customer.objects.get(reseller_schema="acme").account_number
    assert f'content="0; url=http://localhost:8000/customers/{number}/"' in back
    assert not walk.viewer("acme").signed_in
    assert walk.viewer("owner").signed_in


def test_three_levels_down_into_a_customer_and_back_step_by_step(walk: Walk) -> None:
    with schema_context("globex"):
        anna = world.customer("Anna Ltd")
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    walk.post("globex", "/customers/switch/", {"account": anna.account_number})

    viewer = walk.viewer("globex")
    assert (viewer.acted_for, viewer.home, viewer.actor.schema, str(viewer.user)) == ("Anna Ltd", "Portal", "owner", "[Acme]")

    walk.post("globex", "/customers/return/")
    assert (walk.viewer("globex").acting, walk.viewer("globex").home) == (False, "Portal")
    assert "url=http://acme.localhost:8000/customers/" in walk.post("globex", "/customers/return/").content.decode()
    assert (walk.viewer("globex").signed_in, walk.viewer("acme").home) == (False, "Portal")
    assert "url=http://localhost:8000/customers/" in walk.post("acme", "/customers/return/").content.decode()


@pytest.mark.rel(67)
def test_only_the_page_that_hands_over_may_post_to_the_other_host(walk: Walk) -> None:
    with schema_context("owner"):
        number = Customer.objects.get(reseller_schema="acme").account_number
        page = walk.windows["owner"].post("/customers/switch/", {"account": number})
        other = walk.windows["owner"].get("/customers/")

    assert "form-action http://acme.localhost:8000;" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert page.content.decode().count("<form") == 1
    assert "csrfmiddlewaretoken" not in page.content.decode()
    assert "form-action 'self';" in other.headers["Content-Security-Policy"]


@pytest.mark.rel(67)
@pytest.mark.parametrize("place", range(43))
def test_a_token_with_one_letter_changed_is_refused(walk: Walk, place: int) -> None:
    token = walk.ticket("owner", "acme")
    flipped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]

    assert len(token) == 43
    assert walk.arrive("acme", flipped, "http://localhost").status_code == 403
    assert not walk.viewer("acme").signed_in


@pytest.mark.rel(67)
def test_a_ticket_is_used_once(walk: Walk) -> None:
    token = walk.ticket("owner", "acme")

    assert walk.arrive("acme", token, "http://localhost").status_code == 302
    walk.windows["acme"].cookies.clear()
    assert walk.arrive("acme", token, "http://localhost").status_code == 403
    assert not walk.viewer("acme").signed_in


@pytest.mark.rel(67)
@pytest.mark.parametrize(("seconds", "status"), [(59, 302), (61, 403)])
def test_a_ticket_lives_for_a_minute(walk: Walk, seconds: int, status: int) -> None:
    with time_machine.travel("2026-11-21T12:00:00+00:00", tick=False) as clock:
        token = walk.ticket("owner", "acme")
        clock.shift(timedelta(seconds=seconds))
        assert walk.arrive("acme", token, "http://localhost").status_code == status


@pytest.mark.rel(67)
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://globex.localhost",
        "http://acme.localhost",
        "https://localhost",
        "http://localhost:8443",
        "http://localhost.evil",
        "x",
        "http://[",
        "http://]",
        "http://[::1",
        "http://\u2100.localhost",
    ],
)
def test_a_form_from_elsewhere_or_nowhere_is_refused(walk: Walk, origin: str | None) -> None:
    token = walk.ticket("owner", "acme")

    assert walk.arrive("acme", token, origin).status_code == 403
    assert not walk.viewer("acme").signed_in
    assert walk.arrive("acme", token, "http://localhost").status_code == 302


@pytest.mark.rel(67)
def test_a_ticket_means_nothing_on_another_host(walk: Walk) -> None:
    token = walk.ticket("owner", "acme")

    assert walk.arrive("globex", token, "http://localhost").status_code == 403
    assert not walk.viewer("globex").signed_in


@pytest.mark.rel(67)
def test_only_the_hash_of_a_token_is_stored(walk: Walk) -> None:
    token = walk.ticket("owner", "acme")

    with schema_context("acme"):
        ticket = SwitchTicket.objects.values().get()
    assert token not in str(ticket)
    assert (ticket["actor_schema"], ticket["actor_id"], ticket["actor_name"], ticket["role"]) == ("owner", walk.who.pk, "Orla Byrne", "administrator")


@pytest.mark.rel(66)
def test_nobody_is_handed_over_by_a_link(walk: Walk) -> None:
    with schema_context("acme"):
        assert walk.windows["acme"].get("/switch/arrive/").status_code == 405


@pytest.mark.rel(68)
@pytest.mark.parametrize(("role", "status"), [("administrator", 200), ("commerce", 200), ("support", 200), ("reports", 403), ("account_admin", 404)])
def test_who_may_switch_keeps_their_own_rights(walk: Walk, role: str, status: int) -> None:
    with schema_context("owner"):
        walk.windows["owner"] = client(user("sam", Role(role)))
        number = Customer.objects.get(reseller_schema="acme").account_number
        assert walk.windows["owner"].post("/customers/switch/", {"account": number}).status_code == status
    if status == 200:
        walk.go("owner", "acme")
        assert walk.viewer("acme").role == role
        with schema_context("acme"):
            assert walk.windows["acme"].get("/platform/audit/").status_code == (200 if role == "administrator" else 403)


@pytest.mark.rel(68)
def test_nobody_switches_up_or_sideways(walk: Walk) -> None:
    """A customer row that names a reseller which is not below gives no way into it."""
    walks.below("globex", "Acme")
    with schema_context("globex"):
        window = client(user("maria"))
        answer = window.post("/customers/switch/", {"account": Customer.objects.get(reseller_schema="acme").account_number})

    assert answer.status_code == 422
    with schema_context("acme"):
        assert not SwitchTicket.objects.exists()


@pytest.mark.rel(69)
def test_the_session_that_was_there_is_gone(walk: Walk) -> None:
    with schema_context("acme"):
        walk.windows["acme"] = client(user("jane"))
        before = walk.windows["acme"].session.session_key or ""
    walk.go("owner", "acme")

    with schema_context("acme"):
        after = walk.windows["acme"].session
        assert after.session_key != before
        assert not after.exists(str(before))
        assert ParentSession.objects.get().session_key == after.session_key


@pytest.mark.rel(69)
@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.REPORTS}])
def test_who_is_locked_or_demoted_at_home_is_out_everywhere(walk: Walk, change: dict[str, Any]) -> None:
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    with schema_context("owner"):
        User.objects.filter(pk=walk.who.pk).update(**change)

    assert not walk.viewer("globex").signed_in
    assert not walk.viewer("acme").signed_in
    with schema_context("globex"):
        assert AuditEntry.objects.get(action="parent.left").note == "no longer allowed"


@pytest.mark.rel(69)
def test_a_lesser_role_at_home_is_less_at_once(walk: Walk) -> None:
    walk.go("owner", "acme")
    with schema_context("owner"):
        User.objects.filter(pk=walk.who.pk).update(role=Role.SUPPORT)

    assert walk.viewer("acme").role == Role.SUPPORT


def test_the_corner_shows_the_role_at_home_and_the_parents_letters(walk: Walk) -> None:
    with schema_context("owner"):
        walk.windows["owner"] = client(user("sam", Role.SUPPORT))
    walk.go("owner", "acme")
    with schema_context("acme"):
        corner = walk.windows["acme"].get("/customers/").content.decode().split('class="bp-me"')[1].split("</summary>")[0]

    assert ">P</span>" in corner
    assert "Support" in corner
    assert "Administrator" not in corner


@pytest.mark.rel(69)
def test_returning_ends_what_was_opened_from_there(walk: Walk) -> None:
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    walk.post("acme", "/customers/return/")

    assert not walk.viewer("globex").signed_in
    assert walk.viewer("owner").signed_in


@pytest.mark.rel(69)
@pytest.mark.parametrize("at", ["owner", "acme", "globex"])
def test_signing_out_anywhere_ends_everything(walk: Walk, at: str) -> None:
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    walk.post(at, "/sign-out/")

    assert [walk.viewer(schema).signed_in for schema in ("owner", "acme", "globex")] == [False, False, False]


@pytest.mark.rel(69)
@pytest.mark.parametrize("by", ["themselves", "an administrator"])
def test_a_ticket_opens_nothing_once_the_session_it_was_made_in_is_ended(walk: Walk, by: str) -> None:
    token = walk.ticket("owner", "acme")
    if by == "themselves":
        walk.post("owner", "/sign-out/")
    else:
        with schema_context("owner"):
            sessions.end_all(walk.who, actor=system, at=timezone.now())

    assert walk.arrive("acme", token, "http://localhost").status_code == 403
    assert not walk.viewer("acme").signed_in


@pytest.mark.rel(69)
def test_an_hour_without_a_page_ends_it_but_not_while_working_further_down(walk: Walk) -> None:
    with time_machine.travel("2026-11-21T12:00:00+00:00", tick=False) as clock:
        walk.go("owner", "acme")
        walk.go("acme", "globex")
        for _step in range(3):
            clock.shift(timedelta(minutes=40))
            assert walk.viewer("globex").signed_in
        assert walk.viewer("acme").signed_in
        clock.shift(timedelta(minutes=60))
        assert not walk.viewer("acme").signed_in


@pytest.mark.rel(70)
def test_the_real_person_stands_in_the_audit_of_both_sides(walk: Walk) -> None:
    with schema_context("acme"):
        anna = world.customer("Anna Ltd")
    walk.go("owner", "acme")
    walk.post("acme", "/customers/switch/", {"account": anna.account_number})
    walk.post("acme", "/my/lines/new/", {"name": "1001", "frame": f"{anna.pk} Anna Ltd"})
    walk.post("acme", "/customers/return/")
    walk.post("acme", "/customers/return/")

    def trail(schema: str) -> list[tuple[str, Any, str, str]]:
        with schema_context(schema):
            entries = AuditEntry.objects.exclude(action="user.created").order_by("at", "pk")
            return [(entry.action, entry.actor_id, entry.actor_schema, entry.acted_for_name) for entry in entries]

    me = walk.who.pk
    assert trail("owner") == [("reseller.entered", me, "", ""), ("reseller.left", me, "", "")]
    assert trail("acme") == [
        ("parent.entered", me, "owner", ""),
        ("customer.entered", me, "owner", "Anna Ltd"),
        ("line.added", me, "owner", "Anna Ltd"),
        ("customer.left", me, "owner", "Anna Ltd"),
        ("parent.left", me, "owner", ""),
    ]


@pytest.mark.rel(71)
def test_no_account_and_no_key_is_captured_while_switched(walk: Walk) -> None:
    with schema_context("acme"):
        jane = user("jane")
    walk.go("owner", "acme")
    with schema_context("acme"):
        switch, window = switches.ensure_default(), walk.windows["acme"]
        answers = [
            window.get("/account/password/").status_code,
            window.post("/account/password/").status_code,
            window.get(f"/settings/switches/{switch.pk}/keys/new/").status_code,
            window.post(f"/settings/switches/{switch.pk}/keys/new/", {"scopes": "calls:write"}).status_code,
            window.post(f"/settings/staff/{jane.pk}/link/").status_code,
        ]
    assert answers == [403] * 5


def test_the_pseudo_user_is_no_colleague(walk: Walk) -> None:
    with schema_context("acme"):
        user("jane")
    walk.go("owner", "acme")
    with schema_context("acme"):
        pseudo = User.objects.get(stands_for_schema="owner")
        window = client(User.objects.get(username="jane"))

        assert "[Portal]" not in window.get("/settings/staff/").content.decode().split("<main")[1]
        assert window.get(f"/settings/staff/{pseudo.pk}/").status_code == 404
        assert Client(headers={"host": "acme.localhost"}).post("/sign-in/", {"login": "[owner]", "password": ""}).status_code == 422
        jane = User.objects.get(username="jane")
        assert window.post(f"/settings/staff/{jane.pk}/", {"role": "commerce"}).status_code == 422


@pytest.mark.rel(69)
def test_an_administrator_sees_who_is_switched_in_and_ends_it(walk: Walk) -> None:
    with schema_context("acme"):
        window = client(user("jane"))
    walk.go("owner", "acme")
    with schema_context("acme"):
        page = window.get("/platform/switched/").content.decode()
        session = ParentSession.objects.get()
        assert "Orla Byrne" in page
        assert window.post(f"/platform/switched/{session.pk}/end/").status_code == 302
        assert "Nobody is switched in" in window.get("/platform/switched/").content.decode()

    assert not walk.viewer("acme").signed_in
    with schema_context("owner"):
        assert AuditEntry.objects.get(action="reseller.left").note == "Jane"


@pytest.mark.rel(69)
def test_the_parent_calls_its_people_back_from_any_depth(walk: Walk) -> None:
    walk.go("owner", "acme")
    walk.go("acme", "globex")
    with schema_context("globex"):
        session = ParentSession.objects.get()
    with schema_context("owner"):
        assert walk.windows["owner"].get("/platform/switched/").content.decode().count("Orla Byrne<small>Portal</small>") == 2
    walk.post("owner", f"/platform/switched/{session.pk}/end/")

    assert not walk.viewer("globex").signed_in
    assert walk.viewer("acme").signed_in


def test_the_select_offers_resellers_first_then_the_last_customers(walk: Walk) -> None:
    with schema_context("owner"):
        world.customer("Alma Ltd")
        zoe = world.customer("Zoe Ltd")
    walk.post("owner", "/customers/switch/", {"account": zoe.account_number})
    walk.post("owner", "/customers/return/")
    with schema_context("owner"):
        page = walk.windows["owner"].get("/customers/").content.decode()

    assert re.findall(r">\[([^\]]+)\]</option>", page) == ["Acme", "Zoe Ltd", "Alma Ltd"]


@pytest.mark.rel(77)
def test_a_second_factor_is_asked_for_at_home_and_never_inside(walk: Walk, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    with schema_context("owner"):
        number = Customer.objects.get(reseller_schema="acme").account_number
        assert walk.windows["owner"].post("/customers/switch/", {"account": number}).headers["Location"] == "/account/second-factor/"
        add_app(walk.who)
        walk.windows["owner"] = at_the_door(walk.who, code=shown())
    walk.go("owner", "acme")

    with schema_context("acme"):
        assert walk.windows["acme"].get("/customers/").status_code == 200


@pytest.mark.rel(71)
def test_nobody_changes_how_somebody_signs_in_from_inside(walk: Walk) -> None:
    """Neither their own, which is at home, nor that of those who work here (semantics 34)."""
    walk.go("owner", "acme")
    with schema_context("acme"):
        ann = user("ann", Role.SUPPORT)
        add_app(ann)
        inside = walk.windows["acme"]
        pages = ["", "password/", "email/", "sessions/", "confirm/", "second-factor/", "second-factor/app/", "second-factor/passkey/"]
        opened = {page: inside.get(f"/account/{page}").status_code for page in pages}
        posted = {
            path: inside.post(path).status_code
            for path in ("/account/second-factor/codes/", "/account/sessions/end-others/", f"/settings/staff/{ann.pk}/second-factor/reset/")
        }

        assert opened == dict.fromkeys(opened, 403)
        assert posted == dict.fromkeys(posted, 403)
        assert second_factors.of(ann).app is not None
