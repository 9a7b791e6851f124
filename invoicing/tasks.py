"""Celery's part: look now and then for what a lost job missed."""

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from billing_portal.tenancy import queries
from invoicing.domain import topup_triggers

log = logging.getLogger(__name__)


@shared_task(name="invoicing.sweep_low_balance")
def sweep_low_balance() -> None:
    """Every customer of every reseller; trouble at one reseller does not keep the others from theirs."""
    for reseller in queries.each():
        try:
            topup_triggers.sweep(at=timezone.now())
        except DatabaseError:
            log.exception("Low balances of %s could not be looked through", reseller.schema_name)
