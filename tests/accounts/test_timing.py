"""Answers at the door tell nothing by the time they take (reliability 74)."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import permutations
from math import erfc, sqrt
from statistics import median
from time import thread_time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import Role, SignInTry
from customers.domain import people
from tests import sizes
from tests.support import world
from tests.support.people import START, client, system, user
from tests.support.second_factors import add_app, at_the_door

FIGURES = re.compile(r" ?-?\w*\d\w*")  # names of savepoints, numbers of locks
Act = Callable[[str], Any]


def sign_in(name: str) -> Any:
    return client().post("/sign-in/", {"login": name, "password": "wrong wrong wrong"})


def ask_for_a_link(name: str) -> Any:
    return client().post("/password/forgotten/", {"name": name})


@pytest.fixture
def names(acme: Any) -> list[str]:
    """Known, known with a second factor, deactivated, and nobody's."""
    user("jane")
    add_app(user("ann"))
    left = user("left")
    left.is_active = False
    left.save(update_fields=["is_active"])
    return ["jane", "ann", "left", "nobody"]


@pytest.mark.rel(74)
@pytest.mark.parametrize("act", [sign_in, ask_for_a_link])
def test_every_name_asks_the_database_the_same(names: list[str], act: Act) -> None:
    asked = {}
    act("first of all")  # which looks up the reseller and the pooler too
    for name in names:
        with CaptureQueriesContext(connection) as queries:
            act(name)
        asked[name] = [FIGURES.sub("#", query["sql"].split(" WHERE ")[0].split(" VALUES ")[0])[:80] for query in queries]

    assert len({tuple(sqls) for sqls in asked.values()}) == 1, asked


def timed(act: Act, names: list[str], rounds: int = sizes.TIMINGS) -> dict[str, list[float]]:
    """The time of our own processor, taken in turn: what else the machine does is not ours, and what the database does stands above."""
    took: dict[str, list[float]] = {name: [] for name in names}
    for _round in range(rounds):
        for name in names:
            SignInTry.objects.all().delete()
            begun = transaction.savepoint()
            began = thread_time()
            act(name)
            took[name].append(thread_time() - began)
            transaction.savepoint_rollback(begun)
    return took


def chance(slow: list[float], fast: list[float], *, by: float = 0.0) -> float:
    """How probable two samples of the same are to lie so far apart, once the first is taken to be shorter `by` seconds: one-sided Mann-Whitney."""
    others, pairs = sorted(fast), len(slow) * len(fast)
    slower = sum((bisect_left(others, time - by) + bisect_right(others, time - by)) / 2 for time in slow)
    return erfc((slower - pairs / 2) / sqrt(pairs * (len(slow) + len(fast) + 1) / 6)) / 2


def lie_together(took: dict[str, list[float]]) -> None:
    """The medians within ten milliseconds; of full samples no ranks by which one name takes a millisecond longer than another."""
    medians = {name: median(times) for name, times in took.items()}
    assert max(medians.values()) - min(medians.values()) < 0.010, medians
    told = {pair: chance(took[pair[0]], took[pair[1]], by=0.001) for pair in permutations(took, 2)}
    assert not sizes.FULL or min(told.values()) > 0.01, (told, medians)


@pytest.mark.rel(74)
def test_ranks_tell_a_millisecond_from_chance() -> None:
    even = [0.005 + number % 10 / 10_000 for number in range(100)]
    slow = [time + 0.0012 for time in even]

    assert chance(even, even) == 0.5
    assert (chance(slow, even) < 1e-9, chance(even, slow) > 1 - 1e-9) == (True, True)
    assert (chance(slow, even, by=0.001) < 0.01, chance(slow, even, by=0.0012) > 0.01) == (True, True)


@pytest.mark.rel(74)
@pytest.mark.parametrize("act", [sign_in, ask_for_a_link])
def test_known_and_unknown_names_take_the_same_time(names: list[str], act: Act) -> None:
    lie_together(timed(act, names))


@pytest.mark.rel(74)
def test_an_invitation_takes_the_same_time_whether_somebody_elsewhere_has_the_address(acme: Any) -> None:
    anna, bob = (world.customer(name, on=plan) for plan in [world.plan()] for name in ("Anna Ltd", "Bob Ltd"))
    admin = people.add(anna, full_name="Ann Admin", email="ann@anna.example", role=Role.ACCOUNT_ADMIN, actor=system, at=START)
    people.add(bob, full_name="Bob", email="bob@bob.example", actor=system, at=START)
    browser = client(admin.user)

    def invite(email: str) -> None:
        assert browser.post("/my/people/new/", {"full_name": "Bob", "email": email, "role": "account_user"}).status_code == 302

    invite("warm@warm.example")
    lie_together(timed(invite, ["bob@bob.example", "zed@zed.example"], sizes.size(5, sizes.TIMINGS)))


@pytest.mark.rel(74)
def test_a_wrong_code_costs_the_same_whatever_somebody_has(acme: Any) -> None:
    """With an app and codes, and with codes of which some are used."""
    jane, ann = user("jane"), user("ann")
    add_app(jane)
    [used, *_others] = add_app(ann)
    at_the_door(ann, code=used)
    asked = []
    for person in (jane, ann):
        browser = at_the_door(person)
        with CaptureQueriesContext(connection) as queries:
            browser.post("/sign-in/second-factor/", {"code": "000000"})
        asked.append(len(queries))

    assert asked[0] == asked[1]
