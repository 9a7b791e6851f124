"""Write down who did what; called by every verb that changes something people care about."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import AuditEntry


def record(
    actor: Actor,
    action: str,
    *,
    subject: tuple[str, UUID | None, str],
    customer_id: UUID | None = None,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    note: str = "",
    at: datetime | None = None,
) -> AuditEntry:
    """Add one entry: `action` as `customer.changed`, the subject as (kind, id, name), changes as {field: (old, new)} in words for people."""
    kind, subject_id, name = subject
    return AuditEntry.objects.create(
        at=at or timezone.now(),
        actor_id=actor.user_id,
        actor_name=actor.name,
        actor_schema=actor.schema,
        acted_for_id=actor.acted_for_id,
        acted_for_name=actor.acted_for_name,
        via=actor.via,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        subject_name=name,
        customer_id=customer_id,
        changes={field: [str(old), str(new)] for field, (old, new) in (changes or {}).items()},
        note=note,
    )
