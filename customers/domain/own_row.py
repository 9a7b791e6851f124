"""The row of a reseller among its parent's customers, of which the apps below know nothing (semantics 23)."""

from __future__ import annotations

from uuid import UUID

from django_tenants.utils import schema_context

from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models import Reseller
from customers.models import Customer


def holder_of_name(reseller: Reseller) -> UUID | None:
    """Under which id the platform holds the names of the reseller: its row's at the parent; the root's own."""
    row = _row(reseller)
    return row.pk if row is not None else reseller.pk if reseller.parent is None else None


def take_name(reseller: Reseller, name: str) -> None:
    """Hold what the reseller calls itself from now on: beside what its parent calls it; the root's beside all it was called. Raises `name_taken`."""
    row = _row(reseller)
    if row is None or reseller.parent is None:
        names.take_too(name, customer_id=reseller.pk)
        return
    with schema_context(reseller.parent.schema_name):
        names.take(row.name, beside=name, customer_id=row.pk)


def calls_itself(row: Customer) -> str:
    """What the reseller that this customer is calls itself; a company is called what it is."""
    if not row.reseller_schema:
        return ""
    return Reseller.objects.filter(schema_name=row.reseller_schema).values_list("name", flat=True).first() or ""


def _row(reseller: Reseller) -> Customer | None:
    if reseller.parent is None:
        return None
    with schema_context(reseller.parent.schema_name):
        return Customer.objects.filter(reseller_schema=reseller.schema_name).first()
