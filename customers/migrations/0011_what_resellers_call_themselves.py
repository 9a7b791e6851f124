from collections.abc import Iterator
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models.names import LONGEST


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Hold for the resellers below, and for the root, what they call themselves by now, where nobody has it; what two bear already stays with both."""
    held, schema = apps.get_model("tenancy", "CustomerName").objects, editor.connection.schema_name
    for holder, name in _called(apps, schema):
        folded = names.fold(name)
        if len(folded) <= LONGEST and not held.filter(folded=folded).exists():
            held.create(folded=folded, schema_name=schema, customer_id=holder)


def _called(apps: StateApps, schema: str) -> Iterator[tuple[Any, str]]:
    resellers = apps.get_model("tenancy", "Reseller").objects
    yield from resellers.filter(schema_name=schema, parent=None).values_list("pk", "name")
    rows = apps.get_model("customers", "Customer").objects.filter(kind="reseller").order_by("created_at", "pk")
    for key, below in rows.values_list("pk", "reseller_schema"):
        yield from ((key, name) for name in resellers.filter(schema_name=below).values_list("name", flat=True))


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0010_lines_that_customers_named"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
