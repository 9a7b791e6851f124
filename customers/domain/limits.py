"""Write what the settings come to into the standing, where calls ask for it (semantics 32)."""

from datetime import datetime

from customers.domain import daily_limit, low_balance, standing
from customers.models import Customer, Standing


def resolve(customer: Customer, *, at: datetime) -> None:
    """Rewrite the resolved part of the customer's standing; called in the transaction that changes any of its sources. Balances are not touched.

    What follows from the new limits follows at once: a low balance begins or ends, a daily limit locks or lets go.
    """
    standing.lock(customer)
    Standing.objects.filter(customer=customer).update(
        billing_type=customer.billing_type,
        credit_limit=customer.credit_limit,
        credit_unlimited=customer.credit_unlimited,
        daily_limit=customer.daily_limit,
        low_threshold=customer.low_balance_threshold,
    )
    low_balance.watch([customer.pk], at=at)
    daily_limit.review([customer.pk], at=at)
