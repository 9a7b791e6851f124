"""Links to a password that somebody copied to hand them over: they end with the access of who took them, who may still hold them (reliability 69, 78)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from billing_portal.accounts.models import AuditEntry, LoginLink

COPIED = "user.link_copied"


def end_of(takers: Collection[UUID], *, at: datetime, until: datetime | None = None) -> None:
    """End the links that these users copied last for somebody, up to `until` if given, and nobody has used. Those that were mailed, or copied by others
    or again since, stay."""
    copied = AuditEntry.objects.filter(action=COPIED, at__gt=at - timedelta(hours=settings.LOGIN_LINK_HOURS))
    if not copied.filter(actor_id__in=takers).exists():
        return
    last = copied.order_by("subject_id", "-at", "-pk").distinct("subject_id").values_list("subject_id", "actor_id", "at")
    whose = [person for person, taker, then in last if person is not None and taker in takers and (until is None or then <= until)]
    LoginLink.objects.filter(user_id__in=whose, sent_to="", used_at=None, ended_at=None).update(ended_at=at)
