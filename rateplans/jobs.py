"""Work of this app that is owed to the outbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from billing_portal.jobs import registry
from rateplans.domain import large_files, sharing


@registry.handler(sharing.REFRESH, queue="default")
def refresh_shared(_payload: dict[str, Any]) -> None:
    """What a reseller above shares has changed."""
    sharing.refresh(at=timezone.now())


@registry.handler(large_files.READ, queue="documents", atomic=False, lease_seconds=900)
def read_rates(payload: dict[str, Any]) -> None:
    """A large rates file that was uploaded."""
    large_files.read(UUID(payload["import"]), at=timezone.now())


@registry.handler(large_files.APPLY, queue="documents", atomic=False, lease_seconds=900)
def apply_rates(payload: dict[str, Any]) -> None:
    """A large rates file that somebody has looked at."""
    large_files.apply(payload, at=timezone.now())
