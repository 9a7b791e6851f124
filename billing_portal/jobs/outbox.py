"""Owe work in the transaction that makes it due; Celery is only told to look (reliability rule 5)."""

import logging
from datetime import datetime
from functools import partial
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_context
from kombu.exceptions import OperationalError

from billing_portal.jobs import registry
from billing_portal.jobs.models import Job

log = logging.getLogger(__name__)


def add(kind: str, payload: dict[str, Any], *, key: str, at: datetime | None = None) -> bool:
    """Owe one job; False when a job with this key is owed or done already. Runs as soon as the transaction commits, or at `at`."""
    job = Job(kind=kind, key=key, payload=payload, due_at=at or timezone.now())
    if not Job.objects.bulk_create([job], ignore_conflicts=True) or not Job.objects.filter(pk=job.pk).exists():
        return False
    if at is None or at <= timezone.now():
        transaction.on_commit(partial(wake, connection.schema_name, str(job.pk), registry.find(kind).queue))
    return True


def wake(schema: str, job_id: str, queue: str) -> None:
    """Tell a worker that a job waits. Without a broker the sweeper finds it within half a minute."""
    try:
        with schema_context(schema):
            current_app.send_task("jobs.run", args=[job_id], queue=queue)
    except OperationalError as problem:
        log.warning("The broker does not answer; job %s of %s waits for the sweeper: %s", job_id, schema, problem)
