"""What allauth asks the portal: its words, its limits, and where a visitor may be sent."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib import messages
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

NO_MATCH = _("That name and password do not match. Check both, or use your account number.")
TOO_MANY = _("Too many attempts. Wait a quarter of an hour, or ask for a link to set a new password.")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up here; one neutral answer to every wrong name or password (reliability 74)."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": NO_MATCH,
        "email_password_mismatch": NO_MATCH,
        "too_many_login_attempts": TOO_MANY,
    }
    said: ClassVar[dict[str, Any]] = {"account/messages/logged_out.txt": _("You have signed out.")}

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Customers and staff are added by people who may; there is no sign-up."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Only addresses of this very host, never another reseller's."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={context.request.get_host()}, require_https=context.request.is_secure())

    def add_message(self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any) -> None:
        """Say what the portal says, leave out the rest."""
        words = self.said.get(message_template or "")
        if words:
            messages.add_message(request, level, words)
