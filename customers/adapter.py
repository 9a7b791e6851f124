"""What allauth asks about customers at sign-in: a locked sign-in stays shut, whatever the password (semantics 30)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing_portal.accounts.adapter import AccountAdapter
from billing_portal.accounts.models import User
from customers import queries

LOCKED = _("Sign-in is locked for your company. Ask us about it.")


class CustomerAccountAdapter(AccountAdapter):
    """People of a customer whose sign-in is locked cannot sign in; only who proved who they are learns why."""

    def shut_out(self, user: User) -> str | Promise:
        return LOCKED if queries.is_shut_out(user) else super().shut_out(user)
