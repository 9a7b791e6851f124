"""Rules for passwords that depend on who chooses them."""

from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import MinimumLengthValidator

from billing_portal.accounts import queries
from billing_portal.accounts.models import User


def least_characters(user: User | None) -> int:
    """How long this person's password must be: longer where nothing else is asked for (reliability 76)."""
    second = user is not None and queries.has_second_factor(user)
    least: int = settings.PASSWORD_MIN_LENGTH_WITH_SECOND_FACTOR if second else settings.PASSWORD_MIN_LENGTH
    return least


class LengthBySecondFactor:
    """At least 15 characters, with a second factor 8 (PASSWORD_MIN_LENGTH, PASSWORD_MIN_LENGTH_WITH_SECOND_FACTOR)."""

    def validate(self, password: str, user: Any = None) -> None:
        self._rule(user).validate(password, user)

    def get_help_text(self) -> str:
        return self._rule(None).get_help_text()

    def _rule(self, user: Any) -> MinimumLengthValidator:
        return MinimumLengthValidator(least_characters(user if isinstance(user, User) else None))
