"""Showing a second factor: at the door after the password, with a passkey alone, and again before a change to how one signs in."""

from datetime import datetime
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.models import Authenticator
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from billing_portal.accounts import ceremonies, known, queries
from billing_portal.accounts.access import me, own_account, public, while_setting_up
from billing_portal.accounts.domain import confirmations, passkeys, passwords, second_factors, tries
from billing_portal.accounts.forms import CodeForm, PasskeyForm, PasswordForm
from billing_portal.accounts.models import User
from billing_portal.accounts.stages import SecondFactorStage
from billing_portal.accounts.views.answers import answer
from billing_portal.kernel.errors import DomainError


@public
@never_cache
@sensitive_post_parameters("code", "answer")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """After the password: a code or a passkey of the person it belongs to, within a quarter of an hour."""
    stage = LoginStageController.enter(request, SecondFactorStage.key)
    if request.user.is_authenticated:
        return redirect("/")
    if not isinstance(stage, SecondFactorStage) or not stage.still_stands or "leave" in request.POST:
        clear_login(request)
        return redirect("account_login")
    form = _form(request)
    if form.is_valid() and _shows_second(request, stage.person, form):
        record_authentication(request, stage.person, confirmations.SECOND)
        entered: HttpResponse = stage.exit()
        return entered
    return _asked(request, "accounts/second_factor.html", stage.person, form)


@while_setting_up
@own_account
@never_cache
@sensitive_post_parameters("code", "answer", "password")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove again who one is, by the strongest means one has, and go on to the page that asked for it."""
    user, way = me(request), _way_on(request)
    if not queries.has_second_factor(user):
        return _confirm_by_password(request, user, way)
    form = _form(request)
    if form.is_valid() and _shows_second(request, user, form):
        confirmations.note(request, user, confirmations.SECOND)
        return HttpResponseRedirect(way)
    return _asked(request, "account/confirm.html", user, form, next=way)


def _confirm_by_password(request: HttpRequest, user: User, way: str) -> HttpResponse:
    form = PasswordForm(request.POST or None)
    if form.is_valid():
        try:
            passwords.prove(user, form.cleaned_data["password"], counted_as=known.counted_as(request, str(user.pk)), at=timezone.now())
        except DomainError as refusal:
            form.add_error("password", refusal.message)
        else:
            confirmations.note(request, user, confirmations.PASSWORD)
            return HttpResponseRedirect(way)
    return answer(request, "account/confirm_password.html", form, next=way)


@public
@never_cache
@sensitive_post_parameters("answer")
@require_http_methods(["GET", "POST"])
def passkey(request: HttpRequest) -> HttpResponse:
    """Sign in with a passkey alone: it is held, and it asked its holder for a finger or a PIN, so it is both factors. GET gives the browser its options."""
    site, now = ceremonies.site_of(request), timezone.now()
    if request.method == "GET":
        options, asked = passkeys.ask_to_prove(None, site=site)
        handed = JsonResponse(options)
        ceremonies.hand_over(handed, asked, at=now)
        return handed
    entered = _sign_in(request, site, now)
    ceremonies.forget_handed_over(entered)
    return entered


def _sign_in(request: HttpRequest, site: passkeys.Site, now: datetime) -> HttpResponse:
    form = PasskeyForm(request.POST)
    if form.is_valid():
        try:
            return _enter(request, passkeys.sign_in(form.cleaned_data["answer"], site=site, state=ceremonies.handed_over(request), at=now))
        except DomainError as refusal:
            form.refuse(refusal)
    return answer(request, "accounts/passkey_refused.html", form)


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    """Begin the session of somebody whose passkey was accepted; whoever was in this browser before is signed out, everywhere below too.

    Raises `locked`.
    """
    reason = get_adapter().shut_out(user)
    if reason:
        raise DomainError("locked", str(reason))
    if request.user.is_authenticated:
        logout(request)
    record_authentication(request, user, confirmations.SECOND, type=Authenticator.Type.WEBAUTHN.value, passwordless=True)
    entered: HttpResponse = perform_login(request, Login(user=user, redirect_url=_way_on(request, "/")))
    return entered


def _form(request: HttpRequest) -> CodeForm | PasskeyForm:
    """The form of the button that was pressed."""
    if "answer" in request.POST:
        return PasskeyForm(request.POST)
    return CodeForm(request.POST or None)


def _shows_second(request: HttpRequest, user: User, form: CodeForm | PasskeyForm) -> bool:
    """Whether what was sent proves the second factor; a refusal is said at the form. Codes can be guessed, so they are counted (reliability 75)."""
    now = timezone.now()
    try:
        if isinstance(form, PasskeyForm):
            state = ceremonies.take_state(request.session)
            passkeys.prove(user, form.cleaned_data["answer"], site=ceremonies.site_of(request), state=state, at=now)
        else:
            whom, address = known.counted_as(request, str(user.pk), second=True)
            counted = tries.begin(tries.Kind.CODE, whom=whom, address=address, at=now)
            second_factors.spend_code(user, form.cleaned_data["code"], at=now)
            tries.take_back(counted)
    except DomainError as refusal:
        form.refuse(refusal)
        return False
    return True


def _asked(request: HttpRequest, template: str, user: User, form: CodeForm | PasskeyForm, **context: Any) -> HttpResponse:
    """The page that asks for a code and, where there are passkeys, for one of those."""
    factors = second_factors.of(user)
    if factors.passkeys:
        options, state = passkeys.ask_to_prove(user, site=ceremonies.site_of(request))
        ceremonies.keep_state(request.session, state)
        context["options"] = ceremonies.as_json(options)
    codes = CodeForm() if isinstance(form, PasskeyForm) else form
    return answer(request, template, form, codes=codes, factors=factors, **context)


def _way_on(request: HttpRequest, otherwise: str = "") -> str:
    """The page of this host that was asked for, else another one, else one's own account."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else otherwise or reverse("own_account")
