"""Signing in needs no Redis, and guessing ends without it too (reliability 75)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches

from tests.support.people import client, user
from tests.support.second_factors import add_app, at_the_door, is_signed_in, shown

NOBODY = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def no_redis(acme: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cache asks at a port where nobody listens."""
    monkeypatch.setitem(caches.settings["default"], "LOCATION", NOBODY)
    del caches["default"]
    cache.set("anything", 1)
    assert cache.get("anything") is None
    yield
    del caches["default"]


@pytest.mark.rel(75)
def test_somebody_signs_in_by_password_and_code_adds_an_app_and_signs_out() -> None:
    jane, ann = user("jane"), user("ann")
    add_app(jane)

    assert is_signed_in(at_the_door(jane, code=shown()))
    anns = at_the_door(ann)
    assert anns.get("/account/second-factor/app/").status_code == 200
    assert anns.post("/account/second-factor/app/", {"code": "000000"}).status_code == 422
    assert anns.post("/sign-out/").status_code == 302
    assert anns.get("/").status_code == 302


@pytest.mark.rel(75)
def test_a_code_still_works_only_once() -> None:
    jane = user("jane")
    add_app(jane)
    code = shown()

    assert is_signed_in(at_the_door(jane, code=code))
    assert not is_signed_in(at_the_door(jane, code=code))


@pytest.mark.rel(75)
def test_passwords_codes_and_links_are_still_limited() -> None:
    jane, ann = user("jane"), user("ann")
    add_app(ann)
    for _guess in range(10):
        at_the_door(jane, password="wrong wrong wrong")
    browser = at_the_door(ann, REMOTE_ADDR="192.0.2.2")
    for _guess in range(10):
        browser.post("/sign-in/second-factor/", {"code": "000000"})

    assert not is_signed_in(at_the_door(jane, REMOTE_ADDR="192.0.2.3"))
    assert "Too many attempts" in browser.post("/sign-in/second-factor/", {"code": shown()}).content.decode()
    answers = {client().post("/password/forgotten/", {"name": name}).status_code for name in ("jane", "nobody")}
    assert answers == {200}
