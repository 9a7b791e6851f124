"""Celery's part: look now and then for what a lost job missed."""

import logging
from datetime import datetime
from typing import Protocol

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from billing_portal.tenancy import queries
from invoicing.domain import schedule, topup_triggers

log = logging.getLogger(__name__)


class Look(Protocol):
    """A verb that looks through the reseller whose schema is in force."""

    def __call__(self, *, at: datetime) -> object: ...


@shared_task(name="invoicing.sweep_low_balance")
def sweep_low_balance() -> None:
    """Every customer of every reseller."""
    _everywhere(topup_triggers.sweep)


@shared_task(name="invoicing.look_for_due_periods")
def look_for_due_periods() -> None:
    """Every reseller that issues its invoices automatically."""
    _everywhere(schedule.look)


def _everywhere(look: Look) -> None:
    """Trouble at one reseller does not keep the others from theirs."""
    for reseller in queries.each():
        try:
            look(at=timezone.now())
        except DatabaseError:
            log.exception("%s of %s was not done", look, reseller.schema_name)
