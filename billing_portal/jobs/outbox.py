"""Owe work in the transaction that makes it due; Celery is only told to look (reliability rule 5)."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from billing_portal.jobs import broker
from billing_portal.jobs.models import Job


def add(kind: str, payload: dict[str, Any], *, key: str, at: datetime | None = None) -> bool:
    """Owe one job; False when a job with this key is owed or done already. Runs as soon as the transaction commits, or at `at`."""
    job = Job(kind=kind, key=key, payload=payload, due_at=at or timezone.now())
    if not Job.objects.bulk_create([job], ignore_conflicts=True) or not Job.objects.filter(pk=job.pk).exists():
        return False
    if at is None or at <= timezone.now():
        broker.tell_after_commit(job)
    return True


def hold() -> None:
    """Wait for whoever owes or ends a job in the schema in force, and let nobody begin until the transaction ends: what is owed is known for sure."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE jobs_job IN EXCLUSIVE MODE")
