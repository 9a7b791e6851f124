"""Where a customer finds its top-ups: what mails about them lead to."""

from django.urls import reverse

from billing_portal.tenancy import queries as tenancy
from customers.models import Customer


def address_of(customer: Customer) -> str:
    """A company's own pages are on this reseller's host; a reseller asks on its own host (semantics 27), and nowhere before it is made."""
    if customer.kind == Customer.CustomerKind.RESELLER:
        below = tenancy.named(customer.reseller_schema)
        return tenancy.address_of(below, reverse("invoicing:parent-topups")) if below else ""
    return tenancy.address_of(tenancy.current(), reverse("invoicing:my-topups"))
