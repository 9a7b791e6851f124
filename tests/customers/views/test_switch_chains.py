"""Chains of switches, whole and broken: a table of sequences and who Orla is on each host after each (reliability 69)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django_tenants.utils import schema_context

from billing_portal.accounts.models import ParentSession, Role, User
from customers.models import Customer
from tests.support import walks, world
from tests.support.people import client, user
from tests.support.walks import HOSTS, Walk, walk_of

COMPANIES = {"owner": "Olga", "acme": "Abe", "globex": "Gina"}
OUT, IN = "-", "in"
# Steps: "owner>acme" goes down, "owner!acme" tries to and may not, "acme+" manages the company there, "acme<" returns there, "acme." signs out there,
# "acme#" is the administrator there who puts her out; then where Orla is at the owner, at Acme and at Globex: out, in, or managing a company.
SEQUENCES = [
    ("owner>acme acme>globex globex+", "in in Gina"),
    ("owner>acme acme>globex globex+ globex<", "in in in"),
    ("owner>acme acme>globex globex+ globex< globex<", "in in -"),
    ("owner>acme acme>globex globex+ globex< globex< acme<", "in - -"),
    ("owner>acme acme>globex globex+ globex< globex< acme< owner<", "in - -"),
    ("owner>acme acme+", "in Abe -"),
    ("owner>acme acme+ acme<", "in in -"),
    ("owner>acme acme+ acme< acme<", "in - -"),
    ("owner+", "Olga - -"),
    ("owner+ owner!acme", "Olga - -"),
    ("owner+ owner< owner>acme", "in in -"),
    ("owner>acme owner+", "Olga in -"),
    ("owner>acme acme+ acme!globex", "in Abe -"),
    ("owner>acme acme>globex acme<", "in - -"),
    ("owner>acme acme>globex acme+", "in Abe in"),
    ("owner>acme acme>globex acme+ acme<", "in in in"),
    ("owner>acme owner>acme", "in in -"),
    ("owner>acme acme>globex owner>acme", "in in -"),
    ("owner>acme acme< owner>acme acme>globex", "in in in"),
    ("owner>acme acme>globex globex< acme>globex", "in in in"),
    ("owner>acme owner.", "- - -"),
    ("owner>acme acme.", "- - -"),
    ("owner>acme acme>globex acme.", "- - -"),
    ("owner>acme acme>globex globex+ globex.", "- - -"),
    ("owner>acme acme< owner.", "- - -"),
    ("owner>acme lock", "- - -"),
    ("owner>acme acme>globex globex+ lock", "- - -"),
    ("owner>acme acme>globex lock unlock", "in - -"),
    ("owner>acme delete", "- - -"),
    ("owner>acme demote", "in - -"),
    ("owner>acme acme>globex globex+ demote", "in - -"),
    ("owner+ demote", "in - -"),
    ("owner>acme acme#", "in - -"),
    ("owner>acme acme>globex acme#", "in - -"),
    ("owner>acme acme>globex globex#", "in in -"),
    ("owner>acme acme# owner>acme", "in in -"),
    ("owner>acme acme>globex hour", "in - -"),
    ("owner>acme acme+ hour", "in - -"),
    ("owner+ hour", "in - -"),
    ("owner< owner<", "in - -"),
]


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-11-21T12:00:00+00:00", tick=False) as travelled:
        yield travelled


@pytest.fixture
def walk(owner: Any, clock: Any) -> Walk:
    walks.plant()
    for level, name in COMPANIES.items():
        with schema_context(level):
            world.customer(name)
            user("boss", name=f"Administrator of {level}")
    with schema_context("owner"):
        return walk_of("owner", user("orla", name="Orla Byrne"))


def account(level: str) -> str:
    with schema_context(level):
        return Customer.objects.get(name=COMPANIES[level]).account_number


def step(walk: Walk, clock: Any, wanted: str) -> None:
    """Take one step of a sequence."""
    level, sign, child = wanted.rstrip("+<.#"), wanted[-1], ""
    if ">" in wanted:
        walk.go(*wanted.split(">"))
    elif "!" in wanted:
        level, child = wanted.split("!")
        assert walk.post(level, "/customers/switch/", {"account": walks.number_of(level, child), "frame": walk.viewer(level).frame}).status_code == 403
    elif sign == "+":
        assert walk.post(level, "/customers/switch/", {"account": account(level)}).status_code == 302
    elif sign == "<":
        walk.post(level, "/customers/return/")
    elif sign == ".":
        walk.post(level, "/sign-out/")
    elif sign == "#":
        put_out(level)
    elif wanted == "hour":
        clock.shift(timedelta(minutes=60))
    else:
        befalls(walk.who, wanted)


def put_out(level: str) -> None:
    with schema_context(level):
        session = ParentSession.objects.get(ended_at=None)
        assert client(User.objects.get(username="boss")).post(f"/platform/switched/{session.pk}/end/").status_code == 302


CHANGES: dict[str, dict[str, Any]] = {"lock": {"is_active": False}, "unlock": {"is_active": True}, "demote": {"role": Role.REPORTS}}


def befalls(who: User, what: str) -> None:
    """What happens to her at home."""
    with schema_context("owner"):
        found = User.objects.filter(pk=who.pk)
        if what == "delete":
            found.delete()
        else:
            found.update(**CHANGES[what])


def state(walk: Walk, level: str) -> str:
    viewer = walk.viewer(level)
    return (viewer.acted_for or IN) if viewer.signed_in else OUT


def keys(walk: Walk) -> dict[str, str]:
    """The session that each browser shows, where it shows one."""
    return {level: cookie.value for level in HOSTS for name, cookie in walk.windows[level].cookies.items() if "session" in name}


def alive(level: str, key: str) -> bool:
    with schema_context(level):
        return Session.objects.filter(session_key=key).exists()


@pytest.mark.rel(69)
@pytest.mark.parametrize(("sequence", "expected"), SEQUENCES)
def test_who_orla_is_after(walk: Walk, clock: Any, sequence: str, expected: str) -> None:
    used: set[tuple[str, str]] = set()
    for wanted in sequence.split():
        used |= set(keys(walk).items())
        step(walk, clock, wanted)
        states = [state(walk, level) for level in HOSTS]
        # Fixation: a session that a browser shows no longer opens nothing any more.
        assert [(level, key) for level, key in used if keys(walk).get(level) != key and alive(level, key)] == [], wanted

    assert " ".join(states) == expected
    inside = {level: len(_open(level)) for level in ("acme", "globex")}
    assert inside == {level: int(states[list(HOSTS).index(level)] != OUT) for level in inside}, "who is listed as switched in, is"


def _open(level: str) -> list[Any]:
    with schema_context(level):
        return list(ParentSession.objects.filter(ended_at=None))
