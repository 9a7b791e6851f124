"""Questions about top-ups that were asked for, always starting from who asks."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from billing_portal.web.viewer import Viewer
from customers import queries as customers
from customers.models import Customer
from invoicing.models import Document, TopUpRequest

State = TopUpRequest.State
WAITING = Q(state__in=(State.PENDING, State.PROCESSING))


def visible_to(viewer: Viewer) -> QuerySet[TopUpRequest]:
    """The requests of the customers this viewer may see, with their standings and receipts."""
    return with_receipts(TopUpRequest.objects.filter(customer__in=customers.visible_to(viewer)))


def with_receipts(requests: QuerySet[TopUpRequest]) -> QuerySet[TopUpRequest]:
    """The same requests, read whole: the customer's standing, and the receipt of what was approved."""
    return requests.select_related("customer__standing", "transfer__taken__document")


def receipt_of(request: TopUpRequest) -> Document | None:
    """The receipt of an approved top-up of a wallet; a payment of who pays afterwards has none."""
    taken = getattr(request.transfer, "taken", None)
    return taken.document if taken is not None else None


def parked(viewer: Viewer) -> QuerySet[Customer]:
    """Customers whose automatic top-up waits for staff to let it go on."""
    return customers.visible_to(viewer).filter(topup_parked=True)


def of_customer(viewer: Viewer, customer: Customer) -> QuerySet[TopUpRequest]:
    return visible_to(viewer).filter(customer=customer)


def request_or_404(viewer: Viewer, request: UUID) -> TopUpRequest:
    """The request with this id; 404 for strangers."""
    return get_object_or_404(visible_to(viewer), pk=request)


def waiting(viewer: Viewer) -> int:
    """How many requests wait for an answer: the number beside the menu's entry."""
    return visible_to(viewer).filter(WAITING).count()
