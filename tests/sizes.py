"""How large tests are: small enough for the whole suite within minutes, or the sizes of the checklist with `script/test --full`."""

import os

import pytest

FULL = os.environ.get("PORTAL_TEST_SIZE") == "full"


def size(quick: int, full: int) -> int:
    """The size of a test: `quick` in every run, `full` with `script/test --full`."""
    return full if FULL else quick


EXAMPLES = size(50, 2_000)  # examples of a property
CALLS = size(2_000, 100_000)  # calls of a bulk test
TRIGGERS = 50  # low-balance triggers at once
TRIGGER_REPEATS = size(1, 25)  # times they are let loose
GUESSES = size(40, 1_000)  # tries at a password
GUESSERS = size(6, 50)  # who guess at the same moment
TIMINGS = size(25, 200)  # times an answer is timed
COMMON_PASSWORDS = size(300, 3_000)  # of the list of common ones

# The longest files begin first, so that at the end no process waits for one of them.
LONGEST = ("tests/local/test_demo.py", "tests/browser/test_every_address.py", "tests/scenarios/test_in_any_order.py", "tests/hostile/test_bad_strings.py")


def turn(item: pytest.Item) -> int:
    """When a test's file begins: the longest in their order, then all others in theirs."""
    name = item.path.relative_to(item.config.rootpath).as_posix()
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
