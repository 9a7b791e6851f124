"""Work that a low balance owes: warn, warn again, top up, end."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing_portal.jobs import registry
from invoicing.domain import episodes, topups


@registry.handler("low_balance", queue="payments")
def low_balance(payload: dict[str, Any]) -> None:
    """What is left to spend fell below the threshold."""
    topups.begin_episode(UUID(payload["customer"]), payload["episode"], at=timezone.now())


@registry.handler("low_balance.over", queue="payments")
def over(payload: dict[str, Any]) -> None:
    """What is left to spend is back at the threshold."""
    episodes.end(UUID(payload["customer"]), payload["episode"], at=datetime.fromisoformat(payload["at"]))


@registry.handler("low_balance.repeat", queue="payments")
def repeat(payload: dict[str, Any]) -> None:
    """So many days later: warn again if it is still low."""
    episodes.remind(UUID(payload["episode"]), payload["warning"], at=timezone.now())


@registry.handler("low_balance.topup", queue="payments")
def topup(payload: dict[str, Any]) -> None:
    """The next attempt to top up by itself."""
    topups.attempt(UUID(payload["customer"]), at=timezone.now())
