"""A server that did not answer is left alone for a while, and never for ever."""

import time

import pytest

from billing_portal.kernel.silence import Silence


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the machine has been up; its only member may be changed."""
    seconds = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    return seconds


def test_it_holds_for_its_seconds_and_no_longer(clock: list[float]) -> None:
    quiet = Silence(5)
    assert not quiet.holds

    quiet.begin()

    assert quiet.holds
    clock[0] += 4.9
    assert quiet.holds
    clock[0] += 0.1
    assert not quiet.holds


def test_it_ends_when_somebody_says_so(clock: list[float]) -> None:
    quiet = Silence(5)
    quiet.begin()
    quiet.end()
    assert not quiet.holds


def test_a_clock_set_back_does_not_make_it_last(clock: list[float]) -> None:
    quiet = Silence(5)
    quiet.begin()
    clock[0] -= 900
    assert not quiet.holds
