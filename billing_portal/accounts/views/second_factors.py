"""One's own second factor: an authenticator app, passkeys, recovery codes."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import ceremonies
from billing_portal.accounts.access import confirmed, confirmed_first, me, own_account, while_setting_up
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import confirmations, passkeys, second_factors, sessions
from billing_portal.accounts.forms import CodeForm, PasskeyForm, PasskeyNameForm
from billing_portal.accounts.models import User
from billing_portal.accounts.views.answers import answer
from billing_portal.kernel.errors import DomainError


@while_setting_up
@own_account
@never_cache
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What one has, and what can be added; where staff without a second factor are led."""
    user = me(request)
    factors, required = second_factors.of(user), second_factors.is_required(user)
    if required and factors.any and not confirmations.passed_second(request, user):
        return redirect("confirm")
    return render(request, "account/second_factor.html", {"factors": factors, "required": required})


@while_setting_up
@own_account
@confirmed
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def add_app(request: HttpRequest) -> HttpResponse:
    """Scan the code, write what the app shows; the answer may show recovery codes, once."""
    user, secret = me(request), ceremonies.app_secret(request.session, fresh=request.method == "GET")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            codes = second_factors.add_app(user, secret, form.cleaned_data["code"], actor=Actor.of(user), at=timezone.now())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            ceremonies.forget_app_secret(request.session)
            return _added(request, user, codes, _("Your authenticator app is added."))
    return answer(request, "account/app.html", form, picture=ceremonies.picture(request, secret), secret=ceremonies.grouped(secret))


@while_setting_up
@own_account
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def add_passkey(request: HttpRequest) -> HttpResponse:
    """The browser makes a passkey from the options of this page; the answer may show recovery codes, once."""
    user, site, now = me(request), ceremonies.site_of(request), timezone.now()
    form = PasskeyForm(request.POST or None)
    if form.is_valid():
        state = ceremonies.take_state(request.session)
        try:
            codes = passkeys.add(user, form.cleaned_data["name"], form.cleaned_data["answer"], site=site, state=state, actor=Actor.of(user), at=now)
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            return _added(request, user, codes, _("Your passkey is added."))
    options, state = passkeys.ask_to_add(user, site=site)
    ceremonies.keep_state(request.session, state)
    return answer(request, "account/passkey.html", form, options=ceremonies.as_json(options))


def _added(request: HttpRequest, user: User, codes: list[str], said: str) -> HttpResponse:
    """This session has shown a second factor now; every other one has not and ends."""
    confirmations.note(request, user, confirmations.SECOND)
    sessions.shut([user.pk], at=timezone.now(), but=sessions.row_of(request.session))
    messages.success(request, said)
    return _codes(request, codes) if codes else redirect("own_second_factor")


@own_account
@confirmed_first("own_second_factor")
@require_POST
def remove(request: HttpRequest, factor: int) -> HttpResponse:
    user = me(request)
    second_factors.remove(user, factor, actor=Actor.of(user), at=timezone.now())
    messages.success(request, _("It is removed."))
    return redirect("own_second_factor")


@own_account
@never_cache
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, passkey: int) -> HttpResponse:
    """Call a passkey something else; it is one's own or none."""
    user = me(request)
    found = next((row for row in passkeys.of(user) if row.pk == passkey), None)
    if found is None:
        return redirect("own_second_factor")
    form = PasskeyNameForm(request.POST or None, initial={"name": found.wrap().name})
    if form.is_valid():
        passkeys.rename(user, passkey, form.cleaned_data["name"])
        return redirect("own_second_factor")
    return answer(request, "account/passkey_name.html", form)


@own_account
@confirmed_first("own_second_factor")
@never_cache
@require_POST
def make_codes(request: HttpRequest) -> HttpResponse:
    """The answer shows the new codes once."""
    user = me(request)
    return _codes(request, second_factors.make_codes(user, actor=Actor.of(user), at=timezone.now()))


def _codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """The one page that shows recovery codes, as text and as a file; they are kept nowhere in readable form."""
    shown = [f"{code[:5]} {code[5:]}" for code in codes]
    return render(request, "account/codes.html", {"codes": shown, "file": ceremonies.text_file(request, shown)})
