"""Marks of the pages that stand below `web`: signing in, passwords. `web.access` refuses every view that carries no mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from billing_portal.accounts.domain import confirmations
from billing_portal.accounts.models import User

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Mark:
    """Who may open the view."""

    audience: str
    roles: tuple[str, ...] = ()


def public(view: View) -> View:
    """Open to anybody, signed in or not."""
    view.access = Mark("public")  # type: ignore[attr-defined]
    return view


def own_account(view: View) -> View:
    """Open to everybody signed in, about themselves, never while switched into a customer (semantics 34)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(getattr(request, "viewer", None), "switched", False):
            return render(request, "errors/acting.html", status=403)
        return view(request, *args, **kwargs)

    marked: View = login_required(guarded)
    marked.access = Mark("own_account")  # type: ignore[attr-defined]
    return marked


def me(request: HttpRequest) -> User:
    """Who opened a page of their own account."""
    assert isinstance(request.user, User)
    return request.user


def while_setting_up(view: View) -> View:
    """Open to staff who must add a second factor first; every other page is shut to them until then (reliability 77)."""
    view.while_setting_up = True  # type: ignore[attr-defined]
    return view


def confirmed(view: View) -> View:
    """Asks somebody first who has not proved lately who they are, then leads back to this page. Stands inside `own_account`."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if _is_fresh(request) else _to_confirm(request.get_full_path())

    return guarded


def confirmed_first(back: str) -> Callable[[View], View]:
    """The same for what can only be posted: it leads to the page where the button is, which must be pressed again."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs) if _is_fresh(request) else _to_confirm(reverse(back))

        return guarded

    return mark


def _is_fresh(request: HttpRequest) -> bool:
    return confirmations.is_fresh(request, me(request), at=timezone.now())


def _to_confirm(way_on: str) -> HttpResponseBase:
    return redirect(f"{reverse('confirm')}?{urlencode({'next': way_on})}")
