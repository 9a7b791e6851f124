"""What allauth asks about customers at sign-in: a locked sign-in stays shut, whatever the password (semantics 30)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.adapter import AccountAdapter
from billing_portal.accounts.models import User
from customers import queries

LOCKED = _("Sign-in is locked for your company. Ask us about it.")


class CustomerAccountAdapter(AccountAdapter):
    """People of a customer whose sign-in is locked cannot sign in; only who knows the password learns why."""

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        if user is not None and queries.is_shut_out(user):
            raise ValidationError(LOCKED, code="locked")
        return user
