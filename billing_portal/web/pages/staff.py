"""Settings » Staff: who works for the reseller, in which role."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import queries, rights
from billing_portal.accounts.domain import second_factors, sessions, users
from billing_portal.accounts.models import User
from billing_portal.accounts.rights import Right
from billing_portal.web.access import never_from_above, never_switched, roles
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.pages.forms import RoleForm, StaffForm
from billing_portal.web.pages.histories import events_of
from billing_portal.web.viewer import PortalRequest

ADMINISTRATORS = rights.roles(Right.PLATFORM)
CHIPS = (
    Chip("active", gettext_lazy("Active"), Q(is_active=True)),
    Chip("inactive", gettext_lazy("Deactivated"), Q(is_active=False)),
)


@roles(*ADMINISTRATORS)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    listing = Listing(
        request.GET,
        queries.staff(),
        search=("full_name__icontains", "username__icontains", "email__icontains"),
        chips=CHIPS,
        sorts={"name": ("full_name",), "role": ("role", "full_name"), "seen": ("last_login",)},
        default="name",
    )
    states = queries.login_states(listing)
    return page(request, "web/pages/staff.html", listing=listing, people=[(person, states[person.pk]) for person in listing])


@never_from_above
@roles(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    """Somebody new who works here; somebody of a parent would leave an account of their own behind (`letting_in`)."""
    form = StaffForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            person = _add(request, form)
            messages.success(request, _("%(name)s is added; the login details are on their way to %(email)s.") % {"name": person, "email": person.email})
            return redirect("web:staff")
    return page(request, "web/pages/staff_new.html", form=form)


@transaction.atomic
def _add(request: PortalRequest, form: StaffForm) -> User:
    actor, now = actor_of(request), timezone.now()
    person = users.create(**form.cleaned_data, actor=actor, at=now)
    users.send_login_details(person, to=[person.email], actor=actor, at=now)
    return person


@roles(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def person(request: PortalRequest, person: UUID) -> HttpResponse:
    found = _found(person)
    form = RoleForm(request.POST or None, initial={"role": found.role}, about=(queries.ABOUT_USER, found.pk), reader=request.viewer)
    if form.is_valid():
        with form.refusals():
            users.change_role(found, form.changes().get("role"), actor=actor_of(request), at=timezone.now())
            messages.success(request, _("Role of %(name)s saved.") % {"name": found})
            return redirect("web:staff-person", person=found.pk)
    return _shown(request, found, form)


@roles(*ADMINISTRATORS)
@require_POST
def resend(request: PortalRequest, person: UUID) -> HttpResponse:
    found = _found(person)
    mail = users.send_login_details(found, to=[found.email], actor=actor_of(request), at=timezone.now())
    messages.success(request, _("Login details are on their way to %(email)s; the link sent before has ended.") % {"email": ", ".join(mail.recipients)})
    return redirect("web:staff-person", person=found.pk)


@never_switched
@roles(*ADMINISTRATORS)
@never_cache
@require_POST
def copy_link(request: PortalRequest, person: UUID) -> HttpResponse:
    """The answer shows a fresh link once; that it was taken stands in the audit trail."""
    found = _found(person)
    link = users.copy_link(found, actor=actor_of(request), at=timezone.now())
    return page(request, "web/pages/staff_link.html", person=found, link=link)


@roles(*ADMINISTRATORS)
@require_POST
def deactivate(request: PortalRequest, person: UUID) -> HttpResponse:
    found = users.deactivate(_found(person), actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%(name)s is deactivated and signed out everywhere.") % {"name": found})
    return redirect("web:staff-person", person=found.pk)


@never_from_above
@roles(*ADMINISTRATORS)
@require_POST
def activate(request: PortalRequest, person: UUID) -> HttpResponse:
    found = users.activate(_found(person), actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%(name)s can sign in again.") % {"name": found})
    return redirect("web:staff-person", person=found.pk)


@never_switched
@roles(*ADMINISTRATORS)
@require_POST
def reset_second_factor(request: PortalRequest, person: UUID) -> HttpResponse:
    found = _found(person)
    second_factors.reset(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("The second factor of %(name)s is reset, and they are signed out. A mail tells them.") % {"name": found})
    return redirect("web:staff-person", person=found.pk)


@roles(*ADMINISTRATORS)
@require_POST
def end_sessions(request: PortalRequest, person: UUID) -> HttpResponse:
    found = _found(person)
    mine = sessions.row_of(request.session) if _is_me(request, found) else None
    sessions.end_all(found, actor=actor_of(request), at=timezone.now(), but=mine)
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": found})
    return redirect("web:staff-person", person=found.pk)


def _is_me(request: PortalRequest, found: User) -> bool:
    return request.viewer.user is not None and request.viewer.user.pk == found.pk


def _found(person: UUID) -> User:
    """A member of staff; people of customers are reached through their customer."""
    return get_object_or_404(queries.staff(), pk=person)


def _shown(request: PortalRequest, found: User, form: RoleForm) -> HttpResponse:
    events = events_of(queries.audit_trail(subject_kind=queries.ABOUT_USER, subject_id=found.pk).order_by("-at", "-pk")[:20])
    access: dict[str, Any] = {"factors": second_factors.of(found), "sessions": len(sessions.of(found, at=timezone.now()))}
    shown: dict[str, Any] = {"person": found, "form": form, "events": events, "is_me": _is_me(request, found), "state": queries.login_state(found)}
    return page(request, "web/pages/staff_person.html", **access, **shown)
