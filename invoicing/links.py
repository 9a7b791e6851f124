"""What the frame of the pages asks about documents: search hits and links."""

from collections.abc import Iterator
from uuid import UUID

from django.urls import reverse

from billing_portal.kernel import money
from billing_portal.web.registry import Hit
from billing_portal.web.viewer import Viewer
from invoicing.models import Document, InvoiceRun
from invoicing.queries import documents as queries

HITS = 8


def find(viewer: Viewer, term: str) -> Iterator[Hit]:
    """Documents whose number holds the term; people find their own customer's."""
    name = "invoicing:document" if viewer.party is None else "invoicing:my-document"
    for document in queries.visible_to(viewer).filter(number__icontains=term)[:HITS]:
        total = money.text(money.to_minor(document.total, document.currency), document.currency)
        yield Hit(document.number, f"{document.customer.name}, {total}", reverse(name, args=[document.number]))


def document(id_: str) -> str | None:
    """The address of a document's page by its id."""
    number = Document.objects.filter(pk=UUID(id_)).values_list("number", flat=True).first()
    return reverse("invoicing:document", args=[number]) if number else None


def run(id_: str) -> str | None:
    """The address of a run's page by its id."""
    return reverse("invoicing:run", args=[id_]) if InvoiceRun.objects.filter(pk=UUID(id_)).exists() else None
