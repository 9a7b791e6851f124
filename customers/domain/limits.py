"""Write what the settings come to into the standing, where calls ask for it (semantics 32)."""

from customers.models import Customer, Standing


def resolve(customer: Customer) -> None:
    """Rewrite the resolved part of the customer's standing; called in the transaction that changes any of its sources. Balances are not touched."""
    Standing.objects.filter(customer=customer).update(
        billing_type=customer.billing_type, credit_limit=customer.credit_limit, credit_unlimited=customer.credit_unlimited
    )
