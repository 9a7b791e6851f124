"""Answers at the door tell nothing by the time they take (reliability 74)."""

import re
from collections.abc import Callable
from statistics import median
from time import thread_time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing_portal.accounts.models import SignInTry
from tests import sizes
from tests.support.people import client, user
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


@pytest.mark.rel(74)
@pytest.mark.parametrize("act", [sign_in, ask_for_a_link])
def test_the_medians_of_known_and_unknown_names_lie_together(names: list[str], act: Act) -> None:
    """The time of our own processor, taken in turn: what else the machine does is not ours, and what the database does stands above."""
    took: dict[str, list[float]] = {name: [] for name in names}
    for _round in range(sizes.TIMINGS):
        for name in names:
            SignInTry.objects.all().delete()
            began = thread_time()
            act(name)
            took[name].append(thread_time() - began)
    medians = {name: median(times) for name, times in took.items()}

    assert max(medians.values()) - min(medians.values()) < 0.010, medians


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
