"""Settings » Currencies: the platform's exchange rates on the owner's host, a reseller's own on its host (semantics 20)."""

from datetime import UTC

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing_portal.tenancy.domain.exchange import OLDEST
from billing_portal.tenancy.models import ExchangeRate
from billing_portal.web import display
from billing_portal.web.access import roles, takes_files
from billing_portal.web.forms import clean_line
from billing_portal.web.listing import Listing
from billing_portal.web.pages import page
from billing_portal.web.pages.actors import actor_of
from billing_portal.web.viewer import PortalRequest
from rateplans import queries
from rateplans.domain import exchange
from rateplans.entrances import MAY_SET
from rateplans.forms.exchange import ExchangeFileForm, ExchangeRateForm
from rateplans.models import OwnExchangeRate

SORTS = {"day": ("day", "currency"), "currency": ("currency", "day")}
BAD_SHOWN = 50


@roles(*MAY_SET)
@require_GET
def currencies(request: PortalRequest) -> HttpResponse:
    platform = exchange.is_platform()
    rows: QuerySet[ExchangeRate] | QuerySet[OwnExchangeRate] = ExchangeRate.objects.all() if platform else OwnExchangeRate.objects.all()
    listing = Listing(request.GET, rows, search=("currency__icontains",), sorts=SORTS, default="-day")
    latest = queries.latest_exchange_rates()
    newest = max((row.day for row in latest), default=None)
    stale = newest is None or timezone.now().astimezone(UTC).date() - newest > OLDEST
    return page(request, "rateplans/currencies.html", listing=listing, platform=platform, latest=latest, newest=newest, stale=stale)


@roles(*MAY_SET)
@require_http_methods(["GET", "POST"])
def new(request: PortalRequest) -> HttpResponse:
    now = timezone.now()
    form = ExchangeRateForm(request.POST or None, initial={"day": now.astimezone(UTC).date()})
    if form.is_valid():
        with form.refusals():
            exchange.put(**form.cleaned_data, actor=actor_of(request), at=now)
            messages.success(request, _("Saved."))
            return redirect("rateplans:currencies")
    return page(request, "rateplans/exchange_new.html", form=form, platform=exchange.is_platform())


@takes_files
@roles(*MAY_SET)
@require_http_methods(["GET", "POST"])
def upload(request: PortalRequest) -> HttpResponse:
    form = ExchangeFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        name = clean_line(file.name)
        came = exchange.take_file(name, file.read(), leave_out_bad=form.cleaned_data["leave_out_bad"], actor=actor_of(request), at=timezone.now())
        if came.stored and came.first and came.last:
            span = {"count": came.stored, "first": display.full_date(came.first), "last": display.full_date(came.last)}
            messages.success(request, _("%(count)d rates stored, of %(first)s to %(last)s.") % span)
            return redirect("rateplans:currencies")
        return page(request, "rateplans/exchange_import.html", 422, form=form, came=came, shown=came.bad[:BAD_SHOWN], file_name=name)
    return page(request, "rateplans/exchange_import.html", form=form, came=None, shown=(), file_name="")
