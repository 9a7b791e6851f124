"""Work of this app that is owed to the outbox."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from billing_portal.jobs import registry
from rateplans.domain import sharing


@registry.handler(sharing.REFRESH, queue="default")
def refresh_shared(_payload: dict[str, Any]) -> None:
    """What a reseller above shares has changed."""
    sharing.refresh(at=timezone.now())
