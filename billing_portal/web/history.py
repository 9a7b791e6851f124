"""A line of somebody's history, as pages show it, and the days that are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from billing_portal.kernel import period


@dataclass(frozen=True)
class Event:
    """What happened, who did it, when, and for whom if for somebody else (semantics 33)."""

    text: str
    by: str
    at: datetime
    acted_for: str = ""
    url: str = ""


def between(since: date | None, until: date | None, zone: str) -> Q:
    """What happened from the first day to the last, in this time zone; a day that is not given bounds nothing."""
    where = Q()
    if since:
        where &= Q(at__gte=period.first_instant(since, zone))
    if until:
        where &= Q(at__lt=period.first_instant(until + timedelta(days=1), zone))
    return where
