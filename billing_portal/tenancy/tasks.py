"""Work of the provisioning worker, which alone holds the owner's database role."""

import logging

from celery import shared_task
from django.db import Error

from billing_portal.tenancy import queries
from billing_portal.tenancy.domain import partitions

log = logging.getLogger(__name__)


@shared_task(name="tenancy.make_partitions")
def make_partitions() -> None:
    """Make next months' partitions of every reseller; asked for once a day, does nothing when they are there.

    Trouble with one month keeps its reseller from no other month, and nobody else from theirs; the task fails at the end and names where months are missing.
    """
    failed = []
    for reseller in queries.each():
        try:
            partitions.make_all(reseller)
        except Error:
            log.exception("Partitions are missing at %s", reseller.schema_name)
            failed.append(reseller.schema_name)
    if failed:
        raise RuntimeError(f"Partitions are missing at {', '.join(failed)}.")
