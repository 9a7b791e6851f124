"""Take a job under a lease, do it, and end it: the effect happens once however often it is started."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing_portal.jobs import registry
from billing_portal.jobs.domain import holding
from billing_portal.jobs.models import Job
from billing_portal.tenancy import database

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 5
BACK_OFF = [10, 60, 600, 3600]  # seconds until the next attempt
AFTER_DEATH = [0, 0, 60, 600]  # seconds until the next start of a job whose worker died over it: what killed it may pass, or be another job beside it
STOPPED = "Its worker was stopped."
MAX_STARTS = 60  # of a job that always meets trouble that is not its own: about two days
PATIENCE = [5, 10, 30, 60, 300, 900, 1800, 3600]  # seconds until the next of those


class LeaseLostError(RuntimeError):
    """Somebody else took the job over while it was done here, so nothing of it was kept."""


def due() -> QuerySet[Job]:
    """Jobs that nobody works on and whose time has come: also those whose worker's session has ended, or whose lease has lapsed."""
    now = timezone.now()
    left = Q(state=Job.State.RUNNING) & (Q(leased_until__lt=now) | ~Q(holding.IsHeld()))
    return Job.objects.filter(Q(state=Job.State.PENDING, due_at__lte=now) | left).order_by("due_at")


def due_by_queue(limit: int) -> dict[str, list[Job]]:
    """Of each queue the jobs that are due longest, so many at most: what waits in one hides nothing in another (reliability 59).

    Jobs that nobody here does stand under no queue's name.
    """
    oldest = list(due()[:limit])
    if len(oldest) < limit:
        queues: dict[str, list[Job]] = {}
        for job in oldest:
            queues.setdefault(registry.find(job.kind).queue if registry.knows(job.kind) else "", []).append(job)
        return queues
    kinds = registry.queues()
    known = {kind for each in kinds.values() for kind in each}
    return {queue: list(due().filter(kind__in=kinds[queue])[:limit]) for queue in kinds} | {"": list(due().exclude(kind__in=known)[:limit])}


def run(job_id: UUID | str) -> bool:
    """Do the job if it is due and free; False when there was nothing to do."""
    job = _claim(job_id)
    if job is None:
        return False
    try:
        _do(job, registry.find(job.kind))
    finally:
        holding.let_go(job)
    return True


def _do(job: Job, handler: registry.Handler) -> None:
    try:
        if handler.atomic:
            with transaction.atomic():
                handler.work(job.payload)
                _finish(job)
        else:
            handler.work(job.payload)
            _finish(job)
    except LeaseLostError:
        log.warning("Job %s was taken over by another worker", job.pk)
    except Exception as problem:
        log.exception("Job %s (%s) failed", job.pk, job.kind)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        _fail(job, problem)


def _claim(job_id: UUID | str) -> Job | None:
    with transaction.atomic():
        job = due().filter(pk=job_id).select_for_update(skip_locked=True).first()
        if job is None:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            _give_up(job)
            return None
        if job.state == Job.State.RUNNING and AFTER_DEATH[job.attempts - 1]:
            _put_off(job, AFTER_DEATH[job.attempts - 1])
            return None
        job.state = Job.State.RUNNING
        job.fence += 1
        job.attempts += 1
        job.leased_until = timezone.now() + timedelta(seconds=registry.find(job.kind).lease_seconds)
        job.save(update_fields=["state", "fence", "attempts", "leased_until"])
        holding.take(job)
    return job


def _put_off(job: Job, seconds: int) -> None:
    """Wait with a job over which workers died several times, up to twice as long: each its own time, so that it comes apart from what killed it (rel. 43)."""
    job.state, job.leased_until = Job.State.PENDING, None
    job.due_at = timezone.now() + timedelta(seconds=seconds * (100 + job.pk.int % 100) // 100)
    job.error = STOPPED
    job.save(update_fields=["state", "leased_until", "due_at", "error"])
    log.warning("Job %s (%s) waits: its worker was stopped for the %s. time", job.pk, job.kind, job.attempts)


def _give_up(job: Job) -> None:
    """Stop a job that no attempt brought to an end: it kills its worker or outlasts it, and would do so for ever (reliability 43)."""
    job.state, job.leased_until = Job.State.DEAD, None
    job.error = f"No worker came to an end of it in {job.attempts} attempts."
    job.save(update_fields=["state", "leased_until", "error"])
    log.error("Job %s (%s) was given up after %s attempts without an end", job.pk, job.kind, job.attempts)


def _finish(job: Job) -> None:
    mine = Job.objects.filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)
    forgotten: dict[str, Any] = {"payload": {}} if registry.find(job.kind).forgets else {}
    if not mine.update(state=Job.State.DONE, finished_at=timezone.now(), error="", leased_until=None, **forgotten):
        raise LeaseLostError(job.key)


def _fail(job: Job, problem: Exception) -> None:
    """Owe it again after a while. Trouble that is not the job's own is no attempt, so an hour without a server costs nobody a job."""
    if _passes(problem):
        attempts, wait, dead = job.attempts - 1, PATIENCE[min(job.fence, len(PATIENCE)) - 1], job.fence >= MAX_STARTS
    else:
        attempts, wait, dead = job.attempts, BACK_OFF[min(job.attempts, len(BACK_OFF)) - 1], job.attempts >= MAX_ATTEMPTS
    Job.objects.filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING).update(
        state=Job.State.DEAD if dead else Job.State.PENDING,
        attempts=attempts,
        due_at=timezone.now() + timedelta(seconds=wait),
        leased_until=None,
        error=f"{type(problem).__name__}: {problem}"[:2000],
    )


def _passes(problem: Exception) -> bool:
    """Whether it will pass by itself: somebody else's server is away, or the database is, or others held a row too long (reliability 39, 44, 45)."""
    return isinstance(problem, registry.TryLaterError) or database.passes(problem)


def retry(job: Job) -> None:
    """A person asks for another five attempts of a dead job."""
    Job.objects.filter(pk=job.pk, state=Job.State.DEAD).update(state=Job.State.PENDING, attempts=0, due_at=timezone.now(), fence=F("fence") + 1)
