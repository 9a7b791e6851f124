"""The door: signing in, forgotten passwords, the page behind a one-time link."""

from allauth.account.views import LoginView
from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from billing_portal.accounts import known, queries
from billing_portal.accounts.access import public
from billing_portal.accounts.domain import links, passwords, tries
from billing_portal.accounts.forms import ForgottenForm, NewPasswordForm
from billing_portal.accounts.views.answers import answer
from billing_portal.accounts.where import Where
from billing_portal.kernel.errors import DomainError


class SignInView(LoginView):
    """allauth's view; a refused form is a 422."""

    http_method_names = ["get", "head", "post", "options"]

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        refused: HttpResponse = super().form_invalid(form)
        refused.status_code = 422
        return refused


sign_in = public(SignInView.as_view())


@public
@never_cache
@require_http_methods(["GET", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link to a new password; the answer never tells whether the name is known."""
    form = ForgottenForm(request.POST or None, label_suffix="")
    if not form.is_valid():
        return answer(request, "accounts/forgotten.html", form)
    name = form.cleaned_data["name"]
    if _may_ask(request, tries.whom(name)):
        passwords.forgotten(name, at=timezone.now())
    return render(request, "accounts/on_its_way.html")


def _may_ask(request: HttpRequest, whom: str) -> bool:
    """Whether one more request for a link is taken; each counts, and one too many is answered as all are (reliability 74, 75)."""
    try:
        tries.begin(tries.Kind.LINK, whom=whom, address=Where.of(request).network, at=timezone.now())
    except DomainError:
        return False
    return True


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
        messages.success(request, _("Your password is set. Sign in with it. A passkey or an authenticator app, under Your account, makes it safer."))
        entrance = redirect("account_login")
        known.remember(request, entrance, link.user, came_by=known.LINK)
        return entrance
    return answer(request, "accounts/set_password.html", form, person=link.user, account_number=queries.account_number_of(link.user))


@public
@never_cache
@require_POST
def renew(request: HttpRequest, token: str) -> HttpResponse:
    """A new link in place of one that ended, to the address on file; the same answer for every token."""
    if _may_ask(request, links.fingerprint(token)):
        passwords.renew(token, at=timezone.now())
    return render(request, "accounts/on_its_way.html")
