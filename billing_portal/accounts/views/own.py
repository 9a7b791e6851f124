"""One's own account: preferences, password, email, open sessions, and proving again who one is."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing_portal.accounts import known
from billing_portal.accounts.access import confirmed, me, own_account, public
from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import emails, passwords, second_factors, sessions, users
from billing_portal.accounts.forms import ChangePasswordForm, EmailForm, PreferencesForm
from billing_portal.accounts.views.answers import answer
from billing_portal.accounts.where import Where, in_words
from billing_portal.kernel.errors import DomainError


@own_account
@never_cache
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """What everybody signed in may see and choose about themselves (contracts, Rights: own preferences)."""
    user, now = me(request), timezone.now()
    form = PreferencesForm(request.POST if request.method == "POST" else None, initial={"time_zone": user.time_zone})
    if form.is_valid():
        users.choose_time_zone(user, form.cleaned_data["time_zone"], actor=Actor.of(user), at=now)
        messages.success(request, _("Your preferences are saved."))
        return redirect("own_account")
    return answer(request, "account/preferences.html", form, factors=second_factors.of(user), sessions=len(sessions.of(user, at=now)))


@own_account
@never_cache
@sensitive_post_parameters("password", "current")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; this session goes on, all others end (reliability 78)."""
    user = me(request)
    form = ChangePasswordForm(request.POST or None, user=user, counted_as=known.counted_as(request, str(user.pk)))
    if form.is_valid():
        passwords.change(user, form.cleaned_data["password"], actor=Actor.of(user), at=timezone.now(), keep=sessions.row_of(request.session))
        update_session_auth_hash(request, user)
        messages.success(request, _("Your password is changed. You are signed out everywhere else."))
        return redirect("account_change_password")
    return answer(request, "account/password_change.html", form)


@own_account
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for another address; it counts once the link mailed to it is confirmed."""
    form = EmailForm(request.POST or None)
    if form.is_valid():
        try:
            emails.ask(me(request), form.cleaned_data["email"], address=Where.of(request).network, at=timezone.now())
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("A link is on its way to %(email)s. Your address changes when you confirm it there.") % form.cleaned_data)
            return redirect("own_account")
    return answer(request, "account/email.html", form)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in the mail to the new address: looking spends nothing (reliability 73)."""
    found = emails.wanted(token)
    if found is None:
        return render(request, "accounts/email_ended.html", status=410)
    if request.method == "POST":
        emails.confirm(token, at=timezone.now())
        messages.success(request, _("Your email address is %(email)s now.") % {"email": found[1]})
        return redirect("own_account")
    return render(request, "accounts/email_confirm.html", {"person": found[0], "email": found[1]})


@own_account
@never_cache
@require_safe
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    found = sessions.of(me(request), at=timezone.now())
    shown = [(session, in_words(session.browser)) for session in found]
    return render(request, "account/sessions.html", {"sessions": shown, "here": sessions.row_of(request.session)})


@own_account
@require_POST
def end_session(request: HttpRequest, session: UUID) -> HttpResponse:
    user = me(request)
    if sessions.end_one(user, session, actor=Actor.of(user), at=timezone.now()):
        messages.success(request, _("That browser is signed out."))
    return redirect("open_sessions")


@own_account
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    user = me(request)
    sessions.end_all(user, actor=Actor.of(user), at=timezone.now(), but=sessions.row_of(request.session))
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("open_sessions")
