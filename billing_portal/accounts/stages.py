"""What allauth asks for between the password and the session."""

from __future__ import annotations

from typing import Any

from allauth.mfa.stages import AuthenticateStage
from django.utils.crypto import constant_time_compare

from billing_portal.accounts import queries
from billing_portal.accounts.models import User


class SecondFactorStage(AuthenticateStage):
    """Somebody with a second factor shows it before they are signed in. What is remembered of the password lies under a new session key (reliability 69)."""

    def handle(self) -> tuple[Any, bool]:
        answer, go_on = super().handle()
        if answer is not None:
            self.request.session.cycle_key()
            self.state["password"] = self.person.get_session_auth_hash()
        return answer, go_on

    @property
    def person(self) -> User:
        user = self.login.user
        assert isinstance(user, User)
        return user

    @property
    def still_stands(self) -> bool:
        """Whether the password given is still this person's, and a second factor still theirs to show."""
        same = constant_time_compare(self.state.get("password", ""), self.person.get_session_auth_hash())
        return same and self.person.is_active and queries.has_second_factor(self.person)
