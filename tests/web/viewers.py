"""Viewers without a database: what a page shows depends on the viewer alone."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Role, User
from billing_portal.web.viewer import PEOPLE, PortalRequest, Viewer

Asking = Callable[..., PortalRequest]


@dataclass(frozen=True)
class Customer:
    """As much of a customer as a page knows."""

    name: str = "Acme Ltd"
    account_number: str = "100042"
    currency: str = "GBP"
    time_zone: str = "Europe/London"
    language: str = "en-gb"
    id: uuid.UUID = field(default_factory=uuid.uuid4)


def viewer_in(role: Role, *, name: str = "Jane Whitfield", switched_into: Customer | None = None) -> Viewer:
    """Somebody signed in; a customer's person belongs to a customer."""
    user = User(username="jane", full_name=name, role=role)
    actor = Actor.of(user)
    if switched_into is not None:
        return Viewer(user, role, actor.acting_for(switched_into.id, switched_into.name), switched_into, switched_into.time_zone)
    own = Customer() if role in PEOPLE else None
    return Viewer(user, role, actor, own, "Europe/London")
