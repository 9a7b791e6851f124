"""The ground of fault tests, and what comes of the story when nothing breaks. Models are imported late: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import sizes

CUSTOMERS = sizes.size(4, 40)
BATCH = 2  # customers in one transaction of a run, so that a run has several


@pytest.fixture(scope="module")
def portal_of_faults(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.faults.ground import ground

    # No longer than a module: its workers would do what other tests owe in this database.
    with ground(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture(scope="module")
def told_before() -> list[Any]:
    return []


@pytest.fixture
def portal(portal_of_faults: Any, transactional_db: None, in_acme: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The ground, with an empty Redis and an empty mailbox; workers and beats come with `up`."""
    from invoicing.domain import runs

    monkeypatch.setattr(runs, "BATCH", BATCH)
    portal_of_faults.clean()
    return portal_of_faults


@pytest.fixture
def undisturbed(portal: Any, told_before: list[Any]) -> Any:
    """What comes of the story when nothing breaks: told once in this process, and taken back."""
    from tests.faults import story

    if not told_before:
        told_before.append(story.undisturbed(CUSTOMERS))
    return told_before[0]


@pytest.fixture
def customers(undisturbed: Any) -> Any:
    """The customers at the bottom of three levels, before anything happens."""
    from tests.faults import story

    return story.plant(CUSTOMERS)
