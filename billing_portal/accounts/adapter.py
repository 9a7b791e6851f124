"""What allauth asks the portal: its words, its limits, and where a visitor may be sent."""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts import known
from billing_portal.accounts.domain import sealing, tries
from billing_portal.accounts.models import User
from billing_portal.kernel.errors import DomainError

NO_MATCH = _("That name and password do not match. Check both, or use your account number.")


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up here; one neutral answer to every wrong name or password (reliability 74)."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": NO_MATCH,
        "email_password_mismatch": NO_MATCH,
    }
    said: ClassVar[dict[str, Any]] = {"account/messages/logged_out.txt": _("You have signed out.")}

    def get_login_stages(self) -> list[str]:
        """After the password comes the second factor of who has one, and nothing else."""
        return ["billing_portal.accounts.stages.SecondFactorStage"]

    def shut_out(self, user: User) -> str | Promise:
        """Why this person may not sign in although they proved who they are; empty when they may. Higher apps know reasons."""
        return ""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """One try, counted before the password is looked at and taken back when it was the right one (reliability 75).

        One that is not looked at costs as much and is answered as a wrong one, so that nobody learns which names are of one account (74).
        """
        counted = self._count(request, credentials.get("username", ""))
        user: User | None = super().authenticate(request, **credentials)
        if user is None or not counted.looked_at:
            return None
        tries.take_back(*counted.rows)
        reason = self.shut_out(user)
        if reason:
            raise ValidationError(str(reason), code="locked")
        return user

    def _count(self, request: HttpRequest, name: str) -> tries.AtTheDoor:
        """A browser known as the account's counts by itself, whatever name is typed there."""
        account, now = tries.whom(name), timezone.now()
        whom, address = known.counted_as(request, account)
        try:
            if whom != account:
                return tries.AtTheDoor((tries.begin(tries.Kind.PASSWORD, whom=whom, address=address, at=now),), looked_at=True)
            return tries.begin_at_the_door(name, whom=whom, address=address, at=now)
        except DomainError as refusal:
            raise ValidationError(refusal.message, code=refusal.code) from refusal

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


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are stored sealed."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)
