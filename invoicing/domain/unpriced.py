"""Calls that stand at nothing because they have no price here: they wait for it or were set aside, and may have climbed all the same (semantics 22, 23)."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from customers.models import Customer
from invoicing.domain import margins
from invoicing.models import Call, WaitingCall


def are_all(customer: Customer) -> bool:
    """Whether the customer has calls and none of them ever had a price."""
    queued = WaitingCall.objects.exclude(state=WaitingCall.State.RATED).exclude(reason=WaitingCall.Reason.CONFLICT)
    calls = Call.objects.filter(customer_id=customer.pk)
    return calls.exists() and not calls.exclude(Exists(queued.filter(key_id=OuterRef("key_id")))).exists()


def follow_currency(customer: Customer) -> None:
    """Put them in the customer's currency, in which they get their price one day; the rate of their margin follows. The caller holds the standing."""
    calls = Call.objects.filter(customer_id=customer.pk)
    calls.update(currency=customer.currency, margin_rate=None)
    margins.fill(list(calls.values_list("at", "id")))
