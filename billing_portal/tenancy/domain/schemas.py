"""Make a reseller's schema, or drop it: all of it or nothing, one at a time."""

from typing import Any, cast

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy import database
from billing_portal.tenancy.domain import partitions, schema_templates
from billing_portal.tenancy.models import Domain, Reseller

_KEYS_AT_ONCE = 500


def register(*, name: str, schema_name: str, host: str, parent: Reseller | None, currency: str, time_zone: str) -> Reseller:
    """Enter a reseller and its host into the tree; its schema is made next (`make`)."""
    reseller = Reseller(name=name, schema_name=schema_name, parent=parent, currency=currency, time_zone=time_zone, legal_name=name)
    reseller.save()
    Domain.objects.create(domain=host.lower().rstrip("."), tenant=reseller, is_primary=True)
    return reseller


def make(reseller: Reseller) -> None:
    """Create the schema and its tables in one transaction, so that a failure leaves nothing behind; needs the owner's database role.

    The schema that was in force is in force again afterwards.
    """
    before = connection.tenant
    connection.set_schema_to_public()
    script = schema_templates.script_for(reseller.schema_name)
    try:
        with transaction.atomic():
            _create(reseller.schema_name, script)
            partitions.make_all(reseller)
            connection.set_schema_to_public()
            Reseller.objects.filter(pk=reseller.pk).update(state=Reseller.State.READY)
    finally:
        connection.set_tenant(before)
    reseller.state = Reseller.State.READY


def _create(schema: str, script: str | None) -> None:
    """By the template's script, or by migration where there is none or an empty schema was made by hand."""
    with connection.cursor() as cursor:
        database.wait_for_turn(cursor, schema_templates.MAKING)
        cursor.execute("SELECT to_regnamespace(%s) IS NULL", [connection.ops.quote_name(schema)])
        is_new = cursor.fetchone()[0]
        if script is not None and is_new:
            cursor.execute(script)
            return
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")
    call_command("migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0)


def is_there(reseller: Reseller) -> bool:
    """Whether the reseller's schema is there with its tables, ready or not; it is made whole or not at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{connection.ops.quote_name(reseller.schema_name)}.django_migrations"])
        return bool(cursor.fetchone()[0])


def may_drop(reseller: Reseller) -> bool:
    """Whether the database role in force owns the reseller's schema, if there is one; web and workers do not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = %s", [reseller.schema_name])
        found = cursor.fetchone()
    return found is None or bool(found[0])


def drop(reseller: Reseller) -> None:
    """Drop the schema with all in it, and its hosts, in one transaction; needs the owner's database role. The reseller is named still (`strike`)."""
    connection.set_schema_to_public()
    with transaction.atomic():
        with connection.cursor() as cursor:
            database.wait_for_turn(cursor, schema_templates.MAKING)
            cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(reseller.schema_name)} CASCADE")
        Domain.objects.filter(tenant=reseller).delete()


def strike(reseller: Reseller) -> None:
    """Take a reseller whose schema is gone out of the tree: nobody can name it any more."""
    Reseller.objects.filter(pk=reseller.pk).delete()


def forget_cached(schema_name: str) -> None:
    """Take every key of this reseller out of the cache; a key begins with its schema (reliability 51). Raises `cache_away`."""
    line = cast(Any, cache)._cache.get_client(None, write=True)
    try:
        found = list(line.scan_iter(match=f"{schema_name}:*", count=_KEYS_AT_ONCE))
        for first in range(0, len(found), _KEYS_AT_ONCE):
            line.delete(*found[first : first + _KEYS_AT_ONCE])
    except RedisError as away:
        raise DomainError("cache_away", _("The cache does not answer, so what lies there cannot be taken away. Try again.")) from away
