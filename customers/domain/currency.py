"""The currency of a customer: fixed by what moved or was priced in it, and put right until then."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from billing_portal.kernel import currencies
from billing_portal.kernel.errors import require
from billing_portal.tenancy import queries as tenancy
from customers.models import Customer, Standing, Transfer

Unpriced = Callable[[Customer], bool]
Follow = Callable[[Customer], object]
_registered: list[tuple[Unpriced, Follow]] = []


def register(none_priced: Unpriced, follow: Follow) -> None:
    """Say at start-up whether a customer has calls and none with a price, and how those follow another currency: calls live in a higher app."""
    _registered[:] = [(none_priced, follow)]


def is_fixed(customer: Customer) -> bool:
    """Whether money of this customer ever moved or a call of it was priced, be it at nothing; one that waits for its price has none.

    A reseller's calls are bought in its currency before they arrive here, so money and calls in its own books count as well (semantics 25).
    """
    if Transfer.objects.filter(customer=customer).exists() or _was_priced(customer):
        return True
    if customer.kind != Customer.CustomerKind.RESELLER or tenancy.named(customer.reseller_schema, made=True) is None:
        return False
    with schema_context(customer.reseller_schema):
        return Transfer.objects.exists() or Standing.objects.filter(last_call_at__isnull=False).exists()


def _was_priced(customer: Customer) -> bool:
    called = Standing.objects.filter(customer=customer, last_call_at__isnull=False).exists()
    return called and not any(none_priced(customer) for none_priced, _follow in _registered)


def change(customer: Customer, currency: str) -> None:
    """Have the customer pay in another currency from the start; its row is saved by the caller, who holds its standing. Raises `currency_fixed` and others."""
    require(not is_fixed(customer), "currency_fixed", _("The currency cannot change after the first call or movement of money."), "currency")
    check(currency)
    customer.currency = currency
    customer.accounts.update(currency=currency)
    for _none_priced, follow in _registered:
        follow(customer)


def check(currency: str) -> None:
    """Any currency, whatever the plan's: calls are converted once, when they are rated (semantics 20). Raises `currency_unknown`."""
    require(currency in currencies.codes(), "currency_unknown", _("Choose a currency from the list."), "currency")
