"""Who acts on a page that only somebody signed in can open."""

from billing_portal.accounts.actor import Actor
from billing_portal.web.viewer import PortalRequest


def actor_of(request: PortalRequest) -> Actor:
    """The actor of a page behind a role."""
    actor = request.viewer.actor
    assert actor is not None, "a page without a role was opened by nobody"
    return actor
