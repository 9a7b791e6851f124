"""Who does something, and for whom; carried into every audit entry and every transfer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from billing_portal.accounts.models import User


@dataclass(frozen=True)
class Actor:
    """The real person (or the program) behind an act, and the customer it is done for while switched. Never the customer's name in the actor's place.

    `schema` names the reseller the person belongs to when it is not the one acted in: somebody of a parent who switched across hosts.
    """

    name: str
    user_id: UUID | None = None
    acted_for_id: UUID | None = None
    acted_for_name: str = ""
    via: str = "web"
    schema: str = ""

    @classmethod
    def of(cls, user: User, *, via: str = "web") -> Actor:
        return cls(name=str(user), user_id=user.pk, via=via)

    @classmethod
    def program(cls, name: str, *, via: str = "system") -> Actor:
        """A command, a schedule or a switch acting by itself."""
        return cls(name=name, via=via)

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> Actor:
        """The actor that `to_json` wrote, for work that is done later."""
        user_id, acted_for_id = (UUID(given[name]) if given.get(name) else None for name in ("user_id", "acted_for_id"))
        return cls(given["name"], user_id, acted_for_id, given.get("acted_for_name", ""), given.get("via", "web"), given["schema"])

    def to_json(self) -> dict[str, Any]:
        """Who it is, as the payload of owed work keeps it."""
        return {name: str(value) if value is not None else None for name, value in vars(self).items()}

    def acting_for(self, party_id: UUID, party_name: str) -> Actor:
        return replace(self, acted_for_id=party_id, acted_for_name=party_name)
