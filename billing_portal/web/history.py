"""A line of somebody's history, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Event:
    """What happened, who did it, when, and for whom if for somebody else (semantics 33)."""

    text: str
    by: str
    at: datetime
    acted_for: str = ""
    url: str = ""
