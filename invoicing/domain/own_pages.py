"""Where mails lead a customer: its own pages, for a reseller its own host."""

from django.urls import reverse

from billing_portal.tenancy import queries as tenancy
from customers.models import Customer


def topups(customer: Customer) -> str:
    """The absolute address where the customer asks for a top-up and sees those it asked for; empty for a reseller that has no host yet."""
    return _address(customer, "invoicing:my-topups", "invoicing:parent-topups")


def documents(customer: Customer) -> str:
    """The absolute address of the customer's documents; empty for a reseller that has no host yet."""
    return _address(customer, "invoicing:my-documents", "invoicing:parent-account")


def _address(customer: Customer, own: str, at_parent: str) -> str:
    if customer.kind != Customer.CustomerKind.RESELLER:
        return tenancy.address_of(tenancy.current(), reverse(own))
    below = tenancy.named(customer.reseller_schema)
    return tenancy.address_of(below, reverse(at_parent)) if below else ""
