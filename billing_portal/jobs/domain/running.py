"""Take a job under a lease, do it, and end it: the effect happens once however often it is started."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing_portal.jobs import registry
from billing_portal.jobs.models import Job

log = logging.getLogger(__name__)
MAX_ATTEMPTS = 5
BACK_OFF = [10, 60, 600, 3600]  # seconds until the next attempt


class LeaseLostError(RuntimeError):
    """Somebody else took the job over while it was done here, so nothing of it was kept."""


def due() -> QuerySet[Job]:
    """Jobs that nobody works on and whose time has come, those with a lapsed lease among them."""
    now = timezone.now()
    return Job.objects.filter(Q(state=Job.State.PENDING, due_at__lte=now) | Q(state=Job.State.RUNNING, leased_until__lt=now)).order_by("due_at")


def run(job_id: UUID | str) -> bool:
    """Do the job if it is due and free; False when there was nothing to do."""
    job = _claim(job_id)
    if job is None:
        return False
    handler = registry.find(job.kind)
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
        _fail(job, problem)
    return True


def _claim(job_id: UUID | str) -> Job | None:
    with transaction.atomic():
        job = due().filter(pk=job_id).select_for_update(skip_locked=True).first()
        if job is None:
            return None
        if job.attempts >= MAX_ATTEMPTS:
            _give_up(job)
            return None
        job.state = Job.State.RUNNING
        job.fence += 1
        job.attempts += 1
        job.leased_until = timezone.now() + timedelta(seconds=registry.find(job.kind).lease_seconds)
        job.save(update_fields=["state", "fence", "attempts", "leased_until"])
    return job


def _give_up(job: Job) -> None:
    """Stop a job whose lease lapsed in every attempt: it kills its worker or outlasts it, and would do so for ever (reliability 43)."""
    job.state, job.leased_until = Job.State.DEAD, None
    job.error = f"No worker came to an end of it in {job.attempts} attempts."
    job.save(update_fields=["state", "leased_until", "error"])
    log.error("Job %s (%s) was given up after %s attempts without an end", job.pk, job.kind, job.attempts)


def _finish(job: Job) -> None:
    mine = Job.objects.filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)
    if not mine.update(state=Job.State.DONE, finished_at=timezone.now(), error="", leased_until=None):
        raise LeaseLostError(job.key)


def _fail(job: Job, problem: Exception) -> None:
    dead = job.attempts >= MAX_ATTEMPTS
    wait = BACK_OFF[min(job.attempts, len(BACK_OFF)) - 1]
    Job.objects.filter(pk=job.pk, fence=job.fence).update(
        state=Job.State.DEAD if dead else Job.State.PENDING,
        due_at=timezone.now() + timedelta(seconds=wait),
        leased_until=None,
        error=f"{type(problem).__name__}: {problem}"[:2000],
    )


def retry(job: Job) -> None:
    """A person asks for another five attempts of a dead job."""
    Job.objects.filter(pk=job.pk, state=Job.State.DEAD).update(state=Job.State.PENDING, attempts=0, due_at=timezone.now(), fence=F("fence") + 1)
