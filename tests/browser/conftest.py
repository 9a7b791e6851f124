"""A served portal per test process and a browser window per visitor. Models are imported late: this file is read before Django is set up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.visitor import Visitors
from tests.support.portal import Mailbox, Portal, serve

REDIS_DATABASES = 16
expect.set_options(timeout=15_000)  # the machine may be busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder drives the browser and commits."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            for marker in (pytest.mark.browser, pytest.mark.chromium, pytest.mark.django_db(transaction=True)):
                item.add_marker(marker)


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Portal]:
    """The portal at acme.localhost, globex.localhost and localhost, with a worker and a mail server."""
    own = REDIS_DATABASES - 1 - int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    with serve(tmp_path_factory.mktemp("portal"), own) as portal:
        yield portal


@pytest.fixture
def mailbox(portal: Portal) -> Mailbox:
    """The mails of this test."""
    portal.mailbox.mails.clear()
    return portal.mailbox


@pytest.fixture
def visitors(portal: Portal, mailbox: Mailbox, browser: Browser) -> Iterator[Visitors]:
    """Windows of the browser; at the end no page may have complained."""
    opened = Visitors(portal, browser)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def jane(acme: Any, portal: Portal) -> Any:
    """Jane, administrator of Acme."""
    from tests.support.people import user

    return user("jane", name="Jane Whitfield")


@pytest.fixture
def anna(acme: Any, portal: Portal) -> Any:
    """Anna Ltd, account number 100001, a post-paid customer of Acme since two months; its first person is Ann Miller."""
    from tests.browser.sample import customer

    return customer("Anna Ltd", billing_email="ann@anna.example", attention="Ann Miller")
