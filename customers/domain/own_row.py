"""The row of a reseller among its parent's customers, of which the apps below know nothing (semantics 23)."""

from __future__ import annotations

from uuid import UUID

from django_tenants.utils import schema_context

from billing_portal.tenancy.models import Reseller
from customers.models import Customer


def holder_of_name(reseller: Reseller) -> UUID | None:
    """Under which id the platform holds the name the reseller was made with: its row's at the parent; the root's own."""
    if reseller.parent is None:
        return reseller.pk
    with schema_context(reseller.parent.schema_name):
        return Customer.objects.filter(reseller_schema=reseller.schema_name).values_list("pk", flat=True).first()
