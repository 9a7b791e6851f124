"""Who looks, and the small site they look at. Models are imported late: this file is read before Django is set up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import RequestFactory


@pytest.fixture
def sample_site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site of its own: nothing that the apps have put into menu, search and switch."""
    from django.urls import clear_url_caches

    from billing_portal.web import registry

    monkeypatch.setattr(registry.menu, "items", [])
    monkeypatch.setattr(registry.search, "providers", [])
    monkeypatch.setattr(registry.switching, "targets", None)
    settings.ROOT_URLCONF = "tests.web.sample"
    clear_url_caches()
    yield
    clear_url_caches()


@pytest.fixture
def asking(rf: RequestFactory, sample_site: None) -> Callable[..., Any]:
    """A request as it reaches a view: with its viewer, its reseller and a place for messages."""
    from django.contrib.messages.storage.cookie import CookieStorage

    from billing_portal.tenancy.models import Reseller

    def ask(viewer: Any, path: str = "/", *, post: dict[str, str] | None = None, **headers: str) -> Any:
        request: Any = rf.post(path, post, headers=headers) if post is not None else rf.get(path, headers=headers)
        request.viewer, request.tenant, request._messages = viewer, Reseller(name="Harbour Voice", schema_name="harbour"), CookieStorage(request)
        return request

    return ask


@pytest.fixture
def acme_ltd() -> Any:
    from tests.web.viewers import Customer

    return Customer()


@pytest.fixture
def commerce() -> Any:
    return _viewer("commerce")


@pytest.fixture
def support() -> Any:
    return _viewer("support")


@pytest.fixture
def person() -> Any:
    """Ann, who administers the account of her company."""
    return _viewer("account_admin")


@pytest.fixture
def switched(acme_ltd: Any) -> Any:
    """Jane of Commerce, managing Acme Ltd."""
    return _viewer("commerce", switched_into=acme_ltd)


def _viewer(role: str, **options: Any) -> Any:
    from billing_portal.accounts.models import Role
    from tests.web.viewers import viewer_in

    return viewer_in(Role(role), **options)
