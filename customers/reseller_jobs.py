"""Making resellers, work of the provisioning worker, which alone holds the owner's database role."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from billing_portal.jobs import registry
from customers.domain import reseller_orders


@registry.handler(reseller_orders.MAKE, queue=reseller_orders.QUEUE, atomic=False, lease_seconds=900)
def make(payload: dict[str, Any]) -> None:
    """One reseller that was ordered."""
    reseller_orders.work(payload, at=timezone.now())
