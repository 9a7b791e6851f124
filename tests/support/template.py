"""Builds the template database, run as a process of its own in the owner's role: the shared schema and three resellers."""

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from billing_portal.tenancy.domain import schemas
    from billing_portal.tenancy.models import Reseller
    from tests.support import canary_words

    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    root = schemas.register(name="Portal", schema_name="owner", host="localhost", parent=None, currency="EUR", time_zone="UTC")
    schemas.make(root)
    for name, currency, zone in (("Acme", "GBP", "Europe/London"), ("Globex", "USD", "America/New_York")):
        schema = name.lower()
        schemas.make(schemas.register(name=name, schema_name=schema, host=f"{schema}.localhost", parent=root, currency=currency, time_zone=zone))
    for schema in canary_words.WORD:
        Reseller.objects.filter(schema_name=schema).update(**canary_words.company(schema))


if __name__ == "__main__":
    main()
