"""What every way of paying a top-up can do."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from invoicing.models import TopUpRequest


class Gateway(Protocol):
    """Takes the money for a top-up, or asks somebody to. The balance rises only when the money is confirmed, never here."""

    @property
    def name(self) -> str:
        """What is stored with the request."""
        ...

    def begin(self, request: TopUpRequest, *, at: datetime) -> None:
        """Ask for the money. Called once, in the transaction that wrote the request: what talks to the outside is owed to the outbox from here."""
        ...
