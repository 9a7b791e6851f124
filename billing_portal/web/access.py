"""Every view says who may open it; one that says nothing is open to nobody (reliability 61)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast, overload

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from billing_portal.accounts.domain import confirmations, second_factors
from billing_portal.accounts.models import Role
from billing_portal.kernel.errors import DomainError
from billing_portal.web.viewer import PEOPLE, STAFF, SWITCHERS, PortalRequest, Viewer, viewer_of

__all__ = [
    "PEOPLE",
    "STAFF",
    "SWITCHERS",
    "Access",
    "AccessMiddleware",
    "answers_while_locked",
    "any_frame",
    "never_from_above",
    "never_switched",
    "own_account",
    "people",
    "public",
    "roles",
    "signed_in",
    "staff",
    "takes_files",
    "while_locked",
    "written",
]

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponseBase]
V = TypeVar("V", bound=View)

# Views of libraries, by module: allauth checks by the sign-in, ninja by the key of a switch.
THIRD_PARTY = frozenset({"allauth.account.views", "ninja.operation"})
WITHOUT_SIGN_IN = frozenset({"ninja.operation"})
OPEN_WHILE_ACTING = frozenset({"LogoutView", "LoginView"})
# What no person wrote, and what proves who somebody is: the password in force, a code, the answer of a passkey.
NEVER_SHOWN_AGAIN = frozenset({"csrfmiddlewaretoken", "frame", "drawn_for", "drawn", "key", "current", "code", "answer", "token"})


class ActingError(Exception):
    """The page cannot be opened while a customer is being managed (semantics 33, 34)."""


@dataclass(frozen=True)
class Access:
    """Who may open a view: the audience is public, signed_in, staff, people or own_account; no roles means every role of the audience."""

    audience: str
    roles: tuple[Role, ...] = ()

    def check(self, viewer: Viewer) -> None:
        """Raise 404 for somebody the page is not for, 403 for a colleague whose role does not include it."""
        if self.audience == "staff" and not viewer.is_staff:
            raise Http404
        if self.audience == "people" and viewer.party is None:
            raise Http404
        if (viewer.acting and self.audience == "staff") or (viewer.switched and self.audience == "own_account"):
            raise ActingError
        if self.roles and viewer.role not in self.roles:
            raise PermissionDenied


def _guard(view: V, access: Access) -> V:
    @wraps(view)
    def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if access.audience != "public":
            if not request.viewer.signed_in:
                return to_sign_in(request)
            access.check(request.viewer)
        return view(request, *args, **kwargs)

    guarded.access = access  # type: ignore[attr-defined]
    return cast(V, guarded)


def public(view: V) -> V:
    """Open to anybody, signed in or not."""
    return _guard(view, Access("public"))


def signed_in(view: V) -> V:
    """Open to every person and every member of staff."""
    return _guard(view, Access("signed_in"))


def own_account(view: V) -> V:
    """Open to everybody signed in, about themselves: never while switched (semantics 34)."""
    return _guard(view, Access("own_account"))


def staff(view: V) -> V:
    """Open to the reseller's staff of every role."""
    return _guard(view, Access("staff"))


def roles(*allowed: Role) -> Callable[[V], V]:
    """Open to the reseller's staff of these roles."""
    return lambda view: _guard(view, Access("staff", allowed))


@overload
def people(view: V, /) -> V: ...
@overload
def people(*allowed: Role) -> Callable[[V], V]: ...
def people(*allowed: Any) -> Any:
    """Open to a customer's people and to staff switched into one: `@people`, or `@people(Role.ACCOUNT_ADMIN, …)` where staff keep their own role."""
    if len(allowed) == 1 and not isinstance(allowed[0], Role):
        return _guard(allowed[0], Access("people"))
    return lambda view: _guard(view, Access("people", allowed))


def any_frame(view: V) -> V:
    """Works from a form drawn in another frame as well: signing out, returning."""
    view.any_frame = True  # type: ignore[attr-defined]
    return view


def while_locked(view: V) -> V:
    """Answers on the host of a reseller whose sign-in is locked as well: what the page that says so is made of, and the way in from the parent."""
    view.while_locked = True  # type: ignore[attr-defined]
    return view


def answers_while_locked(view: View) -> bool:
    """Whether this view goes on while nobody may sign in: the API goes by the keys of switches, whose calls are rated all the same (semantics 22)."""
    return hasattr(view, "while_locked") or getattr(view, "view_class", view).__module__ in WITHOUT_SIGN_IN


def never_switched(view: V) -> V:
    """Shut to whoever is switched, into a customer or from a parent: what would hand over somebody's password or a key (semantics 34, reliability 71)."""
    view.never_switched = True  # type: ignore[attr-defined]
    return view


def never_from_above(view: V) -> V:
    """Shut to whoever came from a parent: what lets somebody in here, and so would leave a way back in (`accounts.domain.letting_in`, reliability 69)."""
    view.never_from_above = True  # type: ignore[attr-defined]
    return view


def takes_files(view: V) -> V:
    """Takes files with its form: of everybody and everywhere else none is read (`web/uploads.py`)."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back; a fragment asks the browser to go there, instead of drawing it inside the page."""
    answer = redirect_to_login(request.get_full_path() if request.method == "GET" else "/")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
    return answer


class AccessMiddleware:
    """Refuses views without a mark and forms of another frame; turns a refusal of the domain into a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponseBase | None:
        viewer = viewer_of(request)
        if must_add_second_factor(request, viewer) and not stays_open(view):
            return to_second_factor(request)
        if hasattr(view, "access"):
            if is_shut_while_switched(view, viewer):
                return refused_while_acting(request, of_others=True)
            if request.method == "POST" and viewer.signed_in and not hasattr(view, "any_frame"):
                return of_another_frame(request, viewer)
            return None
        if is_third_party(view):
            return refused_while_acting(request) if viewer.switched and view_name(view) not in OPEN_WHILE_ACTING else None
        logger.error("view without a mark of access: %s.%s", view.__module__, view_name(view))
        raise Http404

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ActingError):
            return refused_while_acting(request)
        if isinstance(exception, DomainError):
            return render(request, "errors/refused.html", {"message": exception.message, "back": way_back(request)}, status=422)
        return None


def is_shut_while_switched(view: View, viewer: Viewer) -> bool:
    """Whether the viewer is switched, and the view is about how others sign in or, from a parent, about who does."""
    return (viewer.switched and hasattr(view, "never_switched")) or (bool(viewer.home) and hasattr(view, "never_from_above"))


def must_add_second_factor(request: HttpRequest, viewer: Viewer) -> bool:
    """Whether this is staff in a session that has shown no second factor, where one is required; never inside a switch (reliability 77)."""
    if viewer.user is None or viewer.switched or not second_factors.is_required(viewer.user):
        return False
    return not confirmations.passed_second(request, viewer.user)


def stays_open(view: View) -> bool:
    """Pages for everybody, signing out, and those where a second factor is added."""
    is_public = getattr(getattr(view, "access", None), "audience", "") == "public"
    return is_public or hasattr(view, "while_setting_up") or (is_third_party(view) and view_name(view) in OPEN_WHILE_ACTING)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To the page where one is added, or where the one there is is shown; a fragment asks the browser to go there."""
    way = reverse("own_second_factor")
    return HttpResponse(status=204, headers={"HX-Redirect": way}) if request.headers.get("HX-Request") else redirect(way)


def view_name(view: View) -> str:
    return getattr(getattr(view, "view_class", view), "__name__", type(view).__name__)


def is_third_party(view: View) -> bool:
    """True for the library views that are named above."""
    return getattr(view, "view_class", view).__module__ in THIRD_PARTY


def way_back(request: HttpRequest) -> str:
    """The page the visitor came from, when it is one of this host."""
    referer = request.headers.get("Referer", "")
    return referer if url_has_allowed_host_and_scheme(referer, {request.get_host()}) else "/"


def refused_while_acting(request: HttpRequest, *, of_others: bool = False) -> HttpResponse:
    return render(request, "errors/acting.html", {"of_others": of_others}, status=403)


def of_another_frame(request: HttpRequest, viewer: Viewer) -> HttpResponse | None:
    """A form that was drawn while managing somebody else saves nothing; what was written stays on the page (semantics 34).

    While a customer is managed a form that does not say where it was drawn is refused as well.
    """
    drawn = request.POST.get("frame", "" if viewer.acting else viewer.frame)
    if drawn == viewer.frame:
        return None
    return render(request, "errors/frame.html", {"drawn_for": drawn.partition(" ")[2], "written": written(request)}, status=409)


def written(request: HttpRequest) -> list[tuple[str, str]]:
    """What somebody wrote into a form that is not sent on, without what proves who they are, to be shown once more."""
    lists = [(name, values) for name, values in request.POST.lists() if name not in NEVER_SHOWN_AGAIN and "password" not in name]
    return [(name, str(value)) for name, values in lists for value in values if value]
