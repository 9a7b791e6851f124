"""A cache that may be away: nothing is found, nothing is kept, nothing fails (reliability 42)."""

import socket
import time
from collections.abc import Iterator

import pytest

from billing_portal.kernel.silence import Silence
from billing_portal.tenancy.cache import TolerantCache


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[TolerantCache]:
    """A cache whose server takes connections and never answers."""
    monkeypatch.setattr(TolerantCache, "silence", Silence(5))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cache = TolerantCache(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", {"OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}})
        yield cache
        cache.close()


@pytest.mark.rel(42)
def test_every_question_has_the_answer_of_an_empty_cache(nowhere: TolerantCache) -> None:
    begin = time.monotonic()
    answers = [
        nowhere.get("a"),
        nowhere.get("a", 7),
        nowhere.add("a", 1),
        nowhere.set("a", 1),
        nowhere.incr("a"),
        nowhere.incr("a", 3),
        nowhere.touch("a"),
        nowhere.delete("a"),
        nowhere.has_key("a"),
        nowhere.get_many(["a"]),
        nowhere.set_many({"a": 1}),
        nowhere.delete_many(["a"]),
        nowhere.clear(),
    ]

    assert answers == [None, 7, True, None, 1, 3, False, False, False, {}, [], None, False]
    assert time.monotonic() - begin < 4
