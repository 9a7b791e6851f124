"""The ground of fault tests, and what comes of the story when nothing breaks. Models are imported late: this file is read before Django is set up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import sizes

CUSTOMERS = sizes.size(4, 80)
MANY = sizes.size(4, 500)  # where runs are started at once (reliability 26)
PAPERS = sizes.size(4, 40)  # of those many have their PDFs and mails made; those of the others stay owed
BATCH = 2  # customers in one transaction of a run, so that a run has several


@pytest.fixture(scope="module")
def portal_of_faults(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tests.faults.ground import ground

    # No longer than a module: its workers would do what other tests owe in this database.
    with ground(tmp_path_factory.mktemp("faults")) as made:
        yield made


@pytest.fixture(scope="module")
def told_before() -> dict[tuple[int, int], Any]:
    return {}


@pytest.fixture
def portal(portal_of_faults: Any, transactional_db: None, in_acme: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The ground, with an empty Redis and an empty mailbox; workers and beats come with `up`."""
    from invoicing.domain import runs

    monkeypatch.setattr(runs, "BATCH", BATCH)
    portal_of_faults.clean()
    return portal_of_faults


@pytest.fixture
def undisturbed(portal: Any, told_before: Any) -> Any:
    """What comes of the story when nothing breaks: told once in this process, and taken back."""
    return _told(portal, told_before, CUSTOMERS, CUSTOMERS)


@pytest.fixture
def many_undisturbed(portal: Any, told_before: Any) -> Any:
    """The same of many customers."""
    return _told(portal, told_before, MANY, PAPERS)


def _told(portal: Any, before: dict[tuple[int, int], Any], customers: int, papers: int) -> Any:
    from tests.faults import story

    if (customers, papers) not in before:
        portal.down()
        before[customers, papers] = story.undisturbed(story.whole(customers, papers))
    return before[customers, papers]


@pytest.fixture
def customers(undisturbed: Any) -> Any:
    """The customers at the bottom of three levels, before anything happens."""
    from tests.faults import story

    return story.plant(CUSTOMERS)


@pytest.fixture
def many_customers(many_undisturbed: Any) -> Any:
    from tests.faults import story

    return story.plant(MANY)
