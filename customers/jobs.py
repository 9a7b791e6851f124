"""Work of this app that is owed to the outbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from billing_portal.jobs import registry
from customers.domain import daily_limit, standing


@registry.handler("daily_limit.over")
def daily_limit_over(payload: dict[str, Any]) -> None:
    """A customer's local midnight: its daily limit begins anew."""
    customer_id = UUID(payload["customer"])
    standing.lock_many([customer_id])
    daily_limit.review([customer_id], at=timezone.now())
