from collections.abc import Iterator
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.kernel.folding import fold

FIELDS = ("account_number", "switch_account_code")


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Remember with the customer that had it last what was given up before that was remembered: the audit trail tells, and nobody is given it by itself."""
    codes = apps.get_model("customers", "AccountCode").objects
    there = set(codes.values_list("folded", flat=True))
    last = {fold(code): (code, customer, at) for code, customer, at in _given_up(apps) if fold(code) not in there}
    codes.bulk_create([codes.model(code=code, customer_id=customer, given_up_at=at) for code, customer, at in last.values()], batch_size=1_000)


def _given_up(apps: StateApps) -> Iterator[tuple[str, Any, Any]]:
    """Each number and code that a customer had before a change, with that customer and when, in order."""
    customers = set(apps.get_model("customers", "Customer").objects.values_list("pk", flat=True))
    entries = apps.get_model("accounts", "AuditEntry").objects.filter(action="customer.changed", changes__has_any_keys=FIELDS)
    for customer, at, changes in entries.order_by("at", "created_at", "pk").values_list("customer_id", "at", "changes"):
        before = [changes[field][0] for field in FIELDS if field in changes]
        yield from ((code, customer, at) for code in before if code and customer in customers)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_where_a_switch_began"),
        ("customers", "0007_names_are_folded"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
