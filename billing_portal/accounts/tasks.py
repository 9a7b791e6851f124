"""Celery's part: once a day, forget what is over."""

from celery import shared_task
from django.utils import timezone

from billing_portal.accounts.domain import sessions, tries
from billing_portal.tenancy import queries


@shared_task(name="accounts.tidy")
def tidy() -> None:
    """Of every reseller: tries that count no more, sessions that have expired."""
    for _reseller in queries.each():
        now = timezone.now()
        tries.tidy(at=now)
        sessions.tidy(at=now)
