"""Entries of the audit trail as lines of a history."""

from collections.abc import Iterable

from billing_portal.accounts import words
from billing_portal.accounts.models import AuditEntry
from billing_portal.web.history import Event


def events_of(entries: Iterable[AuditEntry]) -> list[Event]:
    """What happened in words, by whom, and for whom while switched."""
    return [Event(text=words.of(entry), by=entry.actor_name, at=entry.at, acted_for=entry.acted_for_name) for entry in entries]
