"""Make a reseller's schema: all of it or nothing, one at a time."""

from django.core.management import call_command
from django.db import connection, transaction

from billing_portal.tenancy import database
from billing_portal.tenancy.domain import partitions
from billing_portal.tenancy.models import Domain, Reseller

_MAKING = 7_262_001  # the advisory lock under which schemas are made


def register(*, name: str, schema_name: str, host: str, parent: Reseller | None, currency: str, time_zone: str) -> Reseller:
    """Enter a reseller and its host into the tree; its schema is made next (`make`)."""
    reseller = Reseller(name=name, schema_name=schema_name, parent=parent, currency=currency, time_zone=time_zone, legal_name=name)
    reseller.save()
    Domain.objects.create(domain=host.lower().rstrip("."), tenant=reseller, is_primary=True)
    return reseller


def make(reseller: Reseller) -> None:
    """Create the schema and its tables in one transaction, so that a failure leaves nothing behind; needs the owner's database role."""
    connection.set_schema_to_public()
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = 0")  # for its turn it waits as long as it takes
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MAKING])
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{database.lock_seconds()}s"])
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(reseller.schema_name)}")
            call_command("migrate_schemas", tenant=True, schema_name=reseller.schema_name, interactive=False, verbosity=0)
            partitions.make_all(reseller)
            connection.set_schema_to_public()
            Reseller.objects.filter(pk=reseller.pk).update(state=Reseller.State.READY)
    finally:
        connection.set_schema_to_public()
    reseller.state = Reseller.State.READY
