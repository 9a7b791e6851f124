"""What the frame of the pages asks about customers: search hits, links, and whom the viewer may switch to."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models.functions import Lower
from django.urls import reverse

from billing_portal.web.registry import Hit, Target
from billing_portal.web.viewer import Viewer
from customers import queries
from customers.models import Customer

HITS = 8
TARGETS = 50


def find(viewer: Viewer, term: str) -> Iterator[Hit]:
    """Customers that fit the term, for staff; a customer's own search has none."""
    if viewer.party is not None:
        return
    for customer in queries.visible_to(viewer).filter(queries.search(term)).order_by(Lower("name"))[:HITS]:
        yield Hit(customer.name, customer.account_number, reverse("customers:customer", args=[customer.account_number]))


def customer(id_: str) -> str | None:
    """The address of a customer's page by its id; None when it is gone."""
    number = Customer.objects.filter(pk=UUID(id_)).values_list("account_number", flat=True).first()
    return reverse("customers:customer", args=[number]) if number else None


def targets(viewer: Viewer) -> Iterator[Target]:
    """Where the viewer may go, for the select at the top right: resellers below, customers switched to last, then the others by name; the list has all."""
    for number, name in queries.targets(viewer, TARGETS):
        yield Target(number, name)
