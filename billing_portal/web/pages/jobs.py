"""Platform » Jobs: what waits, what was given up, and trying it again."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.domain import again
from billing_portal.accounts.rights import Right
from billing_portal.jobs.models import Job
from billing_portal.web.access import roles
from billing_portal.web.listing import Chip, Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest, Viewer

ADMINISTRATORS = rights.roles(Right.PLATFORM)
OPEN = Q(state__in=[Job.State.PENDING, Job.State.RUNNING, Job.State.DEAD])
CHIPS = (
    Chip("dead", gettext_lazy("Given up"), Q(state=Job.State.DEAD)),
    Chip("waiting", gettext_lazy("Waiting"), Q(state=Job.State.PENDING)),
    Chip("running", gettext_lazy("Running"), Q(state=Job.State.RUNNING)),
)


@roles(*ADMINISTRATORS)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    listing = Listing(
        request.GET,
        Job.objects.filter(OPEN).defer("payload"),
        search=("kind__icontains", "key__icontains", "error__icontains"),
        chips=CHIPS,
        sorts={"due": ("due_at",), "kind": ("kind", "due_at"), "attempts": ("attempts", "due_at")},
        default="due",
    )
    return page(request, "web/pages/jobs.html", listing=listing)


@roles(*ADMINISTRATORS)
@require_POST
def retry(request: PortalRequest, job: UUID) -> HttpResponse:
    found = get_object_or_404(Job, pk=job)
    again.retry(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("%(kind)s is tried again.") % {"kind": found.kind})
    return redirect("web:jobs")


def given_up(viewer: Viewer) -> int:
    """The number beside the menu entry."""
    return Job.objects.filter(state=Job.State.DEAD).count()
