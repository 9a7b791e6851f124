"""Tell workers to look: a hint that may get lost, and must never make a request wait or fail (reliability rule 5, 42)."""

import logging

from celery import current_app
from django.db import connection, transaction
from django_tenants.utils import schema_context
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from billing_portal.jobs import registry
from billing_portal.jobs.models import Job
from billing_portal.kernel.silence import Silence

log = logging.getLogger(__name__)
TURNS = ((1_000, 9), (100, 6), (10, 3))
"""From so many jobs that waited before it on, a job's message has this priority; of 0 are read first, of 9 last."""
silence = Silence(5)  # of this process, after the broker did not answer; what is not told meanwhile the sweeper finds


def tell(schema: str, job_id: str, queue: str, *, before: int = 0, worth_seconds: float | None = None) -> bool:
    """Send the message that a job waits; False when the broker is away, full, or was a moment ago. Read later than so many seconds it is dropped.

    `before` counts the reseller's own jobs of that queue that wait longer: whoever has few waits for nobody's thousands (reliability 59).
    """
    if silence.holds:
        return False
    try:
        with schema_context(schema):
            current_app.send_task("jobs.run", args=[job_id], queue=queue, priority=turn(before), expires=worth_seconds)
    except (KombuError, RedisError, OSError) as problem:
        silence.begin()
        log.warning("The broker does not answer; job %s of %s waits for the sweeper: %s", job_id, schema, problem)
        return False
    return True


def turn(before: int) -> int:
    """The priority of a message by how many jobs of its reseller and queue wait longer."""
    return next((priority for count, priority in TURNS if before >= count), 0)


def tell_after_commit(job: Job) -> None:
    """Tell of this job of the schema in force once it is there to be seen; whatever goes wrong in telling undoes nothing."""
    schema, queue = connection.schema_name, registry.find(job.kind).queue

    def committed() -> None:
        with schema_context(schema):
            tell(schema, str(job.pk), queue, before=_waiting_before(job, queue))

    transaction.on_commit(committed, robust=True)


def _waiting_before(job: Job, queue: str) -> int:
    """How many jobs of this queue in the schema in force are due longer, counted no further than it matters."""
    longer = Job.objects.filter(state=Job.State.PENDING, kind__in=registry.queues()[queue], due_at__lt=job.due_at)
    return longer[: TURNS[0][0]].count()
