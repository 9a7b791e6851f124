"""The door: signing in, forgotten passwords, the page behind a one-time link; and one's own account."""

from allauth.account.views import LoginView
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billing_portal.accounts import queries
from billing_portal.accounts.access import own_account, public
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import links, passwords, users
from billing_portal.accounts.forms import ChangePasswordForm, ForgottenForm, NewPasswordForm, PreferencesForm
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError


class SignInView(LoginView):
    """allauth's view; a refused form is a 422."""

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        answer: HttpResponse = super().form_invalid(form)
        answer.status_code = 422
        return answer


sign_in = public(SignInView.as_view())


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password; the answer never tells whether the name is known."""
    form = ForgottenForm(request.POST or None, label_suffix="")
    if not form.is_valid():
        return _answer(request, "accounts/forgotten.html", form)
    name = form.cleaned_data["name"]
    if ratelimit.consume(request, action="reset_password", key=name.lower()):
        passwords.forgotten(name, at=timezone.now())
    return render(request, "accounts/on_its_way.html")


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link: looking spends nothing, a new password does (reliability 72, 73)."""
    now = timezone.now()
    link = links.find(token, at=now)
    if link is None:
        return render(request, "accounts/link_ended.html", {"token": token}, status=410)
    form = NewPasswordForm(request.POST or None, user=link.user)
    if form.is_valid():
        try:
            links.set_password(token, form.cleaned_data["password"], at=now)
        except DomainError:
            return render(request, "accounts/link_ended.html", {"token": token}, status=410)
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")
    return _answer(request, "accounts/set_password.html", form, person=link.user, account_number=queries.account_number_of(link.user))


@public
@never_cache
@require_POST
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """A new link in place of one that ended, to the address on file; the same answer for every token."""
    if ratelimit.consume(request, action="reset_password", key=links.fingerprint(token)):
        passwords.renew(token, at=timezone.now())
    return render(request, "accounts/on_its_way.html")


@own_account
@never_cache
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """What everybody signed in may see and choose about themselves (contracts, Rights: own preferences)."""
    assert isinstance(request.user, User)
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial={"time_zone": request.user.time_zone})
    if form.is_valid():
        users.choose_time_zone(request.user, form.cleaned_data["time_zone"], actor=Actor.of(request.user), at=timezone.now())
        messages.success(request, _("Your preferences are saved."))
        return redirect("own_account")
    return _answer(request, "account/preferences.html", form)


@own_account
@never_cache
@sensitive_post_parameters("password", "current")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session goes on, all others end (reliability 78)."""
    assert isinstance(request.user, User)
    form = ChangePasswordForm(request.POST or None, user=request.user)
    if form.is_valid():
        passwords.change(request.user, form.cleaned_data["password"], actor=Actor.of(request.user), at=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        return redirect("account_change_password")
    return _answer(request, "account/password_change.html", form)


def _answer(request: HttpRequest, template: str, form: BaseForm, **context: object) -> HttpResponse:
    wrong = form.is_bound and bool(form.errors)
    return render(request, template, {**context, "form": form, "page_errors": wrong}, status=422 if wrong else 200)
