from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.kernel.folding import fold
from billing_portal.tenancy.models import FoldedField
from billing_portal.tenancy.operations import FoldWhatIsLeftOut

AT_ONCE = 10_000
LINES = """UPDATE customers_line SET folded_name = new.name, folded_address = new.address, is_twin = new.is_twin
           FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::boolean[]) AS new (id, name, address, is_twin) WHERE customers_line.id = new.id"""
CODES = """UPDATE customers_accountcode SET folded = new.folded, is_twin = new.is_twin
           FROM unnest(%s::uuid[], %s::text[], %s::boolean[]) AS new (id, folded, is_twin) WHERE customers_accountcode.id = new.id"""


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Fold what is there as this release does; of several that fold alike all but the first are twins."""
    _update(editor, LINES, _lines(apps))
    _update(editor, CODES, _codes(apps))


def _lines(apps: StateApps) -> Iterator[tuple[Any, ...]]:
    seen: set[tuple[Any, str]] = set()
    rows = apps.get_model("customers", "Line").objects.order_by("created_at", "pk").values_list("pk", "customer_id", "name", "address")
    for key, customer, name, address in rows:
        folded = fold(name)
        yield key, folded, fold(address), (customer, folded) in seen
        seen.add((customer, folded))


def _codes(apps: StateApps) -> Iterator[tuple[Any, ...]]:
    seen: set[str] = set()
    for key, code in apps.get_model("customers", "AccountCode").objects.order_by("created_at", "pk").values_list("pk", "code"):
        folded = fold(code)
        yield key, folded, folded in seen
        seen.add(folded)


def _update(editor: BaseDatabaseSchemaEditor, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    left = iter(rows)
    while part := list(islice(left, AT_ONCE)):
        with editor.connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*part, strict=True)])


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0006_names_nobody_tells_apart"),
        ("customers", "0008_codes_given_up_before_are_remembered"),
    ]

    operations = [
        FoldWhatIsLeftOut("customers_line", {"folded_name": "name", "folded_address": "address"}),
        FoldWhatIsLeftOut("customers_accountcode", {"folded": "code"}),
        migrations.RemoveConstraint("line", "line_once"),
        migrations.RemoveConstraint("accountcode", "account_code_once"),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField("line", "folded_name", FoldedField(of="name")),
        migrations.AlterField("line", "folded_address", FoldedField(of="address")),
        migrations.AlterField("accountcode", "folded", FoldedField(of="code")),
        migrations.AddConstraint("line", models.UniqueConstraint(fields=["customer", "folded_name"], condition=models.Q(is_twin=False), name="line_once")),
        migrations.AddConstraint("accountcode", models.UniqueConstraint(fields=["folded"], condition=models.Q(is_twin=False), name="account_code_once")),
    ]
