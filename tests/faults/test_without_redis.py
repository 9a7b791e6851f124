"""Redis is dead, or takes connections and never answers: people sign in, stay signed in, and every page answers (reliability 42)."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured

from billing_portal.jobs.models import Job
from billing_portal.kernel.silence import Silence
from billing_portal.tenancy.cache import TolerantCache
from tests.support import addresses, world
from tests.support.people import PASSWORD, client, user
from tests.support.telling import told_through

pytestmark = [pytest.mark.rel(42), pytest.mark.django_db]
DEAD, SILENT = "dead", "silent"
in_both_ways = pytest.mark.parametrize("nowhere", [DEAD, SILENT], indirect=True)
SLOW = 8  # seconds for the first page that finds out, on a busy machine; all that follow are asked nothing


@pytest.fixture
def nowhere(request: pytest.FixtureRequest, acme: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cache and broker are both at an address where nobody is, or one where nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        address = f"redis://127.0.0.1:{line.getsockname()[1]}/0"
        if request.param == DEAD:
            line.close()
        monkeypatch.setattr(TolerantCache, "silence", Silence(5))
        settings.CACHES = {"default": configured.CACHES["default"] | {"LOCATION": address}}
        with told_through(address):
            yield


@in_both_ways
def test_people_sign_in_and_stay_signed_in(nowhere: None) -> None:
    user("jane")
    window = client()

    begin = time.monotonic()
    answer = window.post("/sign-in/", {"login": "jane", "password": PASSWORD})
    took = time.monotonic() - begin

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert window.get("/customers/").status_code == 200
    assert took < SLOW


@pytest.mark.parametrize("nowhere", [DEAD], indirect=True)
def test_a_wrong_password_is_still_wrong(nowhere: None) -> None:
    user("jane")

    assert client().post("/sign-in/", {"login": "jane", "password": "something else"}).status_code == 422


@pytest.mark.parametrize("nowhere", [DEAD], indirect=True)
def test_every_page_answers(nowhere: None) -> None:
    window = client(user("jane"))
    world.customer("Anna Ltd", on=world.plan())
    paths = sorted({address.pattern for address in addresses.every() if not address.arguments and "sign-out" not in address.pattern})
    assert len(paths) > 40
    begin = time.monotonic()
    for path in paths:
        assert window.get(path).status_code < 500, path

    assert time.monotonic() - begin < SLOW + len(paths) / 4


@in_both_ways
@pytest.mark.django_db(transaction=True)
def test_what_a_page_owes_is_owed(nowhere: None) -> None:
    """Asking for a new password owes a mail; nobody can be told of it now."""
    user("jane")
    begin = time.monotonic()
    answer = client().post("/password/forgotten/", {"name": "jane"})
    took = time.monotonic() - begin

    assert answer.status_code in (200, 302)
    assert list(Job.objects.values_list("state", flat=True)) == ["pending"]
    assert took < SLOW
