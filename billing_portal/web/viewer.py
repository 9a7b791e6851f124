"""Who looks at a page, in which role, and whose pages they are. `customers` fills it, because only it knows customers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.http import HttpRequest

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Role, User
from billing_portal.accounts.models.users import PEOPLE_ROLES, STAFF_ROLES
from billing_portal.tenancy.models import Reseller

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

STAFF = STAFF_ROLES
PEOPLE = PEOPLE_ROLES
SWITCHERS = (Role.ADMINISTRATOR, Role.COMMERCE, Role.SUPPORT)

OWN_FRAME = "own"


class Party(Protocol):
    """The customer whose pages are shown: their own, or the one that staff have switched into."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def account_number(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def language(self) -> str: ...


@dataclass(frozen=True)
class Viewer:
    """One person at one page. `role` stays the actor's own while switched (E40); `zone` is the person's choice, else that of
    their company; while switched, the customer's.

    `home` names the reseller above that the person works for, when they switched into this one from there; `user` is then its pseudo-user.
    """

    user: User | None = None
    role: Role | None = None
    actor: Actor | None = None
    party: Party | None = None
    zone: str = "UTC"
    home: str = ""

    @property
    def signed_in(self) -> bool:
        return self.user is not None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def acting(self) -> bool:
        """True while staff have switched into a customer."""
        return self.actor is not None and self.actor.acted_for_id is not None

    @property
    def switched(self) -> bool:
        """True while somebody is where they did not sign in: staff in a customer, or somebody of a parent in this reseller (semantics 34)."""
        return self.acting or bool(self.home)

    @property
    def acted_for(self) -> str:
        """The name of the customer switched into, empty when nobody is."""
        return self.actor.acted_for_name if self.actor is not None and self.acting else ""

    @property
    def frame(self) -> str:
        """What a form remembers of whose pages it was drawn in (semantics 34)."""
        return f"{self.actor.acted_for_id} {self.acted_for}" if self.actor is not None and self.acting else OWN_FRAME


ANONYMOUS = Viewer()


class PortalRequest(HttpRequest):
    """A request behind all our middleware; for annotations only."""

    viewer: Viewer
    tenant: Reseller
    htmx: HtmxDetails


def works_for(request: PortalRequest) -> str:
    """The short name of the reseller the person works for: this one, or the one above that they switched in from."""
    actor = request.viewer.actor
    return actor.schema if actor is not None and actor.schema else request.tenant.schema_name


def viewer_of(request: HttpRequest) -> Viewer:
    """The request's viewer, also when the request ended before the middleware that fills it."""
    viewer: Viewer = getattr(request, "viewer", ANONYMOUS)
    return viewer
