"""The Redis that the web itself uses is flushed, killed and full while people work: pages, sign-in, limits and what pages owe go on (reliability 42)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from redis.exceptions import ConnectionError as NobodyError
from redis.exceptions import OutOfMemoryError

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import tries
from billing_portal.jobs import broker, tasks
from billing_portal.jobs.models import Job
from billing_portal.tenancy.cache import TolerantCache
from tests import sizes
from tests.faults.ground import Ground, ground
from tests.support import addresses, world
from tests.support.people import client, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown

pytestmark = [pytest.mark.rel(42), pytest.mark.django_db(transaction=True)]
SLOW = 8  # seconds for a sign-in that finds out, on a busy machine
EVERY = sizes.size(30, 1)  # so-and-so-many-th page is looked at in each act
ACTS = 4
ELSEWHERE = "192.0.2.9"  # where somebody guesses joe's password


@pytest.fixture
def portal(acme: Any, settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A Redis that may be broken: this process's cache is in it, and what it owes is told through it."""
    with ground(tmp_path_factory.mktemp("web")) as made:
        settings.CACHES = {"default": configured.CACHES["default"] | {"LOCATION": made.broker.url}}
        yield made


def paths() -> list[str]:
    every = {address.pattern for address in addresses.every() if not address.arguments and "sign-out" not in address.pattern}
    return sorted(every)[::EVERY]


class People:
    """Somebody signed in before anything broke, and in each act somebody else who comes, forgets, guesses."""

    def __init__(self) -> None:
        world.customer("Anna Ltd", on=world.plan())
        self.inside: Client = client(user("jane"))
        user("joe")
        self.comers = [user(f"comer{act}") for act in range(ACTS)]
        for comer in self.comers:
            add_app(comer)
        self.guesses = 0

    def go_on(self) -> None:
        comer = self.comers.pop()
        begin = time.monotonic()
        assert is_signed_in(at_the_door(comer, code=shown()))
        assert time.monotonic() - begin < SLOW
        assert "Anna Ltd" in self.inside.get("/customers/").content.decode()
        for path in paths():
            assert self.inside.get(path).status_code < 500, path
        assert client().post("/password/forgotten/", {"name": comer.username}).status_code == 200
        assert not is_signed_in(at_the_door(comer, password="something else"))

    def guess(self, times: int) -> list[str]:
        answers = [client(REMOTE_ADDR=ELSEWHERE).post("/sign-in/", {"login": "joe", "password": f"guess {n}"}).content.decode() for n in range(times)]
        return ["refused" if "Too many attempts" in answer else "wrong" for answer in answers]


def names_told(times: int) -> list[int]:
    """How somebody is answered who asks so many names more, after eighteen."""
    nosy = user("nosy")
    for _name in range(18):
        tries.ask_a_name(Actor.of(nosy), at=timezone.now())
    browser = client(nosy)
    return [browser.get("/customers/check-name/", {"value": f"Name {number}"}).status_code for number in range(times)]


def silence_is_over() -> None:
    """Five seconds later: who did not answer is asked again."""
    TolerantCache.silence.end()
    broker.silence.end()


def kept() -> Any:
    """What the cache has of what it is given now."""
    cache.set("mark", "kept")
    return cache.get("mark")


def owed() -> list[Job]:
    """What those who forgot are owed."""
    return list(Job.objects.filter(kind="accounts.forgotten", state=Job.State.PENDING))


def told(portal: Ground) -> int:
    """How many messages about that lie in Redis."""
    waiting = portal.redis().lrange("mail", 0, -1)
    return sum(str(job.pk).encode() in message for message in waiting for job in owed())


def test_people_work_while_it_is_flushed_killed_and_full(portal: Ground) -> None:
    people = People()
    people.go_on()
    assert (kept(), len(portal.redis().keys("*mark")), told(portal), len(owed())) == ("kept", 1, 1, 1)
    assert people.guess(3) == ["wrong"] * 3

    portal.redis().flushall()
    assert cache.get("mark") is None
    people.go_on()
    assert (kept(), told(portal), len(owed())) == ("kept", 1, 2)
    assert people.guess(3) == ["wrong"] * 3

    portal.kill_redis()
    with pytest.raises(NobodyError):
        portal.redis().ping()
    people.go_on()
    silence_is_over()
    assert (kept(), len(owed())) == (None, 3)
    assert people.guess(2) == ["wrong"] * 2

    portal.redis_again()
    portal.redis().config_set("maxmemory", 1)
    silence_is_over()
    with pytest.raises(OutOfMemoryError):
        portal.redis().set("anything", 1)
    people.go_on()
    silence_is_over()
    assert (kept(), told(portal), len(owed())) == (None, 1, 4)
    assert people.guess(3) == ["wrong"] * 2 + ["refused"]
    assert names_told(3) == [200] * 2 + [429], "of twenty in a minute, eighteen were told before"

    portal.redis().config_set("maxmemory", 0)
    silence_is_over()
    assert kept() == "kept"
    tasks.sweep()
    assert told(portal) == 1 + len(owed()), "the sweep tells of all four, of one for the second time"
