"""Work of the provisioning worker, which alone holds the owner's database role."""

from celery import shared_task

from billing_portal.tenancy import queries
from billing_portal.tenancy.domain import partitions


@shared_task(name="tenancy.make_partitions")
def make_partitions() -> None:
    """Make next months' partitions of every reseller; asked for once a day, does nothing when they are there."""
    for reseller in queries.each():
        partitions.make_all(reseller)
