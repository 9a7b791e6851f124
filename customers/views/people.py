"""The people of a customer: one set of pages for staff, and the same among the customer's own pages."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.domain import sessions
from billing_portal.accounts.models import Role, User
from billing_portal.accounts.queries import LoginState, login_state, login_states, with_second_factor
from billing_portal.accounts.rights import Extent, Right
from billing_portal.web.access import SWITCHERS, never_from_above, never_switched, roles, staff
from billing_portal.web.access import people as peoples
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from customers import queries
from customers.domain import people as verbs
from customers.forms.people import EditPersonForm, PersonForm
from customers.views.shell import Place, place_of

EDITORS = rights.roles(Right.CHANGE_CUSTOMERS, Extent.ALL, Extent.PEOPLE_AND_LINES)
RESETTERS = rights.roles(Right.CHANGE_CUSTOMERS)
LOCKERS = rights.roles(Right.LOCK)
OWN = (Role.ACCOUNT_ADMIN, *SWITCHERS)
PILLS = {LoginState.ACTIVATED: "good", LoginState.SENT: "plain", LoginState.QUEUED: "now", LoginState.NEVER: "warn", LoginState.FAILED: "bad"}


def _shown(request: PortalRequest, place: Place, link: str = "", link_of: str = "") -> HttpResponse:
    found = list(queries.people_of(place.customer).prefetch_related("lines"))
    states = login_states([person.user for person in found])
    second = with_second_factor(states) if _may_reset(request, place) else set()
    rows = [{"person": person, "user": person.user, "login": states[person.user_id], "pill": PILLS[states[person.user_id]]} for person in found]
    rows = [row | {"may_reset": person.user_id in second} for row, person in zip(rows, found, strict=True)]
    editable = request.viewer.role in (OWN if place.own else EDITORS)
    hrefs = [_addresses(place, person.pk) for person in found]
    listed = [row | links for row, links in zip(rows, hrefs, strict=True)]
    return place.show(
        request,
        "customers/people.html",
        "people",
        heading=_("People"),
        rows=listed,
        editable=editable,
        link=link,
        link_of=link_of,
        new_url="" if request.viewer.home else place.url("person-new"),
    )


def _may_reset(request: PortalRequest, place: Place) -> bool:
    """Whether the viewer may take away a lost second factor: who may change customers, a customer's administrator; never while switched (semantics 34)."""
    return not request.viewer.switched and (place.own or request.viewer.role in RESETTERS)


def _addresses(place: Place, person: UUID) -> dict[str, str]:
    return {name: place.url(f"person-{name}", person=person) for name in ("edit", "resend", "link", "deactivate", "activate", "reset", "end")}


@require_safe
def _people(request: PortalRequest, account: str = "") -> HttpResponse:
    return _shown(request, place_of(request, account))


@require_http_methods(["GET", "POST"])
def _new(request: PortalRequest, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    form = PersonForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            person = verbs.add(place.customer, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            _say_added(request, person.user)
            return redirect(place.url("people"))
    return place.form(request, form, _("New person"), back=place.url("people"))


def _say_added(request: PortalRequest, user: User) -> None:
    if login_state(user) == LoginState.NEVER:
        said = _("%s was added without a mail: too many about signing in were caused within a quarter of an hour. Copy the link and hand it over.")
        messages.warning(request, said % user)
    else:
        messages.success(request, _("Login details emailed to %s.") % user.email)


@require_http_methods(["GET", "POST"])
def _edit(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    form = EditPersonForm(request.POST or None, person=found, viewer=request.viewer)
    if form.is_valid():
        with form.refusals():
            changed = verbs.change(found, **form.changes(), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("%s was saved.") % changed.user)
            return redirect(place.url("people"))
    return place.form(request, form, str(found.user), back=place.url("people"))


@require_POST
def _resend(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    email = verbs.send_login_details(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("Login details emailed to %s. Links sent before no longer work.") % email)
    return redirect(place.url("people"))


@require_POST
def _link(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    """Show a fresh link once, on the answer itself, so that it is kept nowhere."""
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    link = verbs.copy_link(found, actor=actor_of(request), at=timezone.now())
    return _shown(request, place, link=link, link_of=str(found.user))


@require_POST
def _deactivate(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    verbs.deactivate(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%s can no longer sign in.") % found.user)
    return redirect(place.url("people"))


@require_POST
def _activate(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    verbs.activate(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%s can sign in again.") % found.user)
    return redirect(place.url("people"))


@require_POST
def _reset(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    verbs.reset_second_factor(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("The second factor of %s is reset, and they are signed out. A mail tells them.") % found.user)
    return redirect(place.url("people"))


@require_POST
def _end_sessions(request: PortalRequest, person: UUID, account: str = "") -> HttpResponse:
    place = place_of(request, account)
    found = queries.person_or_404(place.customer, person)
    verbs.end_sessions(found, actor=actor_of(request), at=timezone.now(), but=sessions.row_of(request.session))
    messages.success(request, _("%s is signed out everywhere.") % found.user)
    return redirect(place.url("people"))


people, my_people = staff(_people), peoples(*OWN)(_people)
new, my_new = never_from_above(roles(*EDITORS)(_new)), never_from_above(peoples(*OWN)(_new))
edit, my_edit = roles(*EDITORS)(_edit), peoples(*OWN)(_edit)
resend, my_resend = roles(*LOCKERS)(_resend), peoples(*OWN)(_resend)
link, my_link = never_switched(roles(*LOCKERS)(_link)), never_switched(peoples(*OWN)(_link))
deactivate, my_deactivate = roles(*EDITORS)(_deactivate), peoples(*OWN)(_deactivate)
activate, my_activate = never_from_above(roles(*EDITORS)(_activate)), never_from_above(peoples(*OWN)(_activate))
reset, my_reset = never_switched(roles(*RESETTERS)(_reset)), never_switched(peoples(Role.ACCOUNT_ADMIN)(_reset))
end_sessions, my_end_sessions = roles(*LOCKERS)(_end_sessions), peoples(*OWN)(_end_sessions)
