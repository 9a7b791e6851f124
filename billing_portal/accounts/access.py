"""Marks of the pages that stand below `web`: signing in, passwords. `web.access` refuses every view that carries no mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

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
