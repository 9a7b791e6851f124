"""Celery's part: wake up, look into the database, do what is due."""

import logging

from celery import shared_task
from django.db import connection

from billing_portal.jobs import broker
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job
from billing_portal.tenancy import boot, queries

log = logging.getLogger(__name__)
SWEEP_LIMIT = 500  # of one reseller and queue
WORTH_SECONDS = 60  # of what a sweep tells: where more waits than workers can do, sweeps do not add to it


@shared_task(name="jobs.run")
def run(job_id: str) -> None:
    """Do one job of the reseller named in the message; refused without one."""
    if connection.schema_name == "public":
        raise RuntimeError("A job needs its reseller; the message named none.")
    boot.ensure_checked()
    running.run(job_id)


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Find due jobs that no message led to, of every reseller and queue, and wake workers for them."""
    for reseller in queries.each():
        for queue, jobs in running.due_by_queue(SWEEP_LIMIT).items():
            _tell(reseller.schema_name, queue, jobs)


def _tell(schema: str, queue: str, jobs: list[Job]) -> None:
    for before, job in enumerate(jobs):
        if queue:
            broker.tell(schema, str(job.pk), queue, before=before, worth_seconds=WORTH_SECONDS)
        else:
            log.error("Job %s of %s waits: nobody here does %s", job.pk, schema, job.kind)
