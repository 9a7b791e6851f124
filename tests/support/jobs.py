"""Do what is owed, as a worker would."""

from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job


def run_jobs(*kinds: str) -> list[str]:
    """Run due jobs (of these kinds, if named; mails are left to the mail server's tests) until none is left; their kinds in order."""
    done: list[str] = []
    while job := _next(kinds):
        running.run(job.pk)
        done.append(job.kind)
    return done


def _next(kinds: tuple[str, ...]) -> Job | None:
    due = running.due().exclude(kind="mail.deliver") if not kinds else running.due().filter(kind__in=kinds)
    return due.first()
