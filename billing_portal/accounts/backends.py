"""Signing in by username, email or account number, within one reseller."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from billing_portal.accounts import queries
from billing_portal.accounts.models import User


class SignInBackend(BaseBackend):
    """The password decides; an unknown name costs as much time as a known one (reliability 74)."""

    def authenticate(self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **credentials: Any) -> User | None:
        if not username or password is None:
            return None
        user = queries.named(username)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: UUID | str) -> User | None:
        """Whose session this is; nobody's once the person is deactivated (reliability 78)."""
        return User.objects.filter(pk=user_id, is_active=True).first()
