"""Settings » Switches and keys: what sends calls, and the keys it shows."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import rights
from billing_portal.accounts.domain import keys, switches
from billing_portal.accounts.models import ApiKey
from billing_portal.accounts.rights import Right
from billing_portal.tenancy.queries import address_of
from billing_portal.web.access import never_switched, roles
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.pages.forms import KeyForm, SwitchForm
from billing_portal.web.viewer import PortalRequest

ADMINISTRATORS = rights.roles(Right.PLATFORM)


@roles(*ADMINISTRATORS)
@require_safe
def overview(request: PortalRequest) -> HttpResponse:
    newest = Prefetch("keys", ApiKey.objects.order_by("revoked_at", "-created_at"))
    return page(request, "web/pages/switches.html", switches=switches.own().prefetch_related(newest))


@roles(*ADMINISTRATORS)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    form = SwitchForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            switch = switches.create(**form.cleaned_data, actor=actor_of(request), at=timezone.now())
            if request.viewer.switched:
                messages.success(request, _("Switch %(name)s added.") % {"name": switch.name})
                return redirect("web:switches")
            messages.success(request, _("Switch %(name)s added. Make a key for it.") % {"name": switch.name})
            return redirect("web:key-new", switch=switch.pk)
    return page(request, "web/pages/switch_new.html", form=form)


@never_switched
@roles(*ADMINISTRATORS)
@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "POST"])
def new_key(request: PortalRequest, switch: UUID) -> HttpResponse:
    """The answer to the POST is the one page that ever shows the secret; it is kept nowhere."""
    of = get_object_or_404(switches.own(), pk=switch)
    form = KeyForm(request.POST or None)
    if form.is_valid():
        with form.refusals():
            _key, secret = keys.make(of, **form.cleaned_data, actor=actor_of(request), at=timezone.now())
            return page(request, "web/pages/key_made.html", switch=of, secret=secret, address=address_of(request.tenant, "/api/v1/calls"))
    return page(request, "web/pages/key_new.html", form=form, switch=of)


@never_switched
@roles(*ADMINISTRATORS)
@require_POST
def revoke_key(request: PortalRequest, key: UUID) -> HttpResponse:
    found = get_object_or_404(ApiKey.objects.select_related("switch"), pk=key)
    keys.revoke(found, actor=actor_of(request), at=timezone.now())
    messages.success(request, _("Key %(key)s of %(switch)s is revoked and works no more.") % {"key": found, "switch": found.switch})
    return redirect("web:switches")
