from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.kernel import phone
from billing_portal.kernel.folding import fold
from billing_portal.tenancy.models import FoldedField

AT_ONCE = 10_000
LINES = """UPDATE customers_line SET folded_name = new.name, folded_address = new.address, is_twin = new.is_twin, on_net = new.on_net
           FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::boolean[], %s::boolean[]) AS new (id, name, address, is_twin, on_net)
           WHERE customers_line.id = new.id"""
CODES = """UPDATE customers_accountcode SET folded = new.folded, is_twin = new.is_twin
           FROM unnest(%s::uuid[], %s::text[], %s::boolean[]) AS new (id, folded, is_twin) WHERE customers_accountcode.id = new.id"""


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Fold what is there; of several that fold alike all but the first are twins. Lines that customers made of what can be dialled are on-net no more."""
    _update(editor, LINES, _lines(apps))
    _update(editor, CODES, _codes(apps))


def _lines(apps: StateApps) -> Iterator[tuple[Any, ...]]:
    own_people = apps.get_model("accounts", "User").objects.filter(role__in=["account_admin", "account_user"])
    added = apps.get_model("accounts", "AuditEntry").objects.filter(action="line.added", acted_for_id=None, actor_id__in=own_people.values("pk"))
    made_by_customers = set(added.values_list("subject_id", flat=True))
    seen: set[tuple[Any, str]] = set()
    rows = apps.get_model("customers", "Line").objects.order_by("created_at", "pk").values_list("pk", "customer_id", "name", "address")
    for key, customer, name, address in rows:
        folded = fold(name)
        yield key, folded, fold(address), (customer, folded) in seen, key not in made_by_customers or phone.is_word(name)
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
        ("accounts", "0006_where_a_switch_began"),
        ("customers", "0006_used_keys"),
    ]

    operations = [
        migrations.AddField("line", "folded_name", FoldedField(of="name", null=True)),  # type: ignore[misc] # until all are filled
        migrations.AddField("line", "folded_address", FoldedField(of="address", null=True)),  # type: ignore[misc] # until all are filled
        migrations.AddField("line", "on_net", models.BooleanField(default=True, db_default=True)),
        migrations.AddField("line", "is_twin", models.BooleanField(default=False, db_default=False, editable=False)),
        migrations.AddField("accountcode", "folded", FoldedField(of="code", null=True)),  # type: ignore[misc] # until all are filled
        migrations.AddField("accountcode", "is_twin", models.BooleanField(default=False, db_default=False, editable=False)),
        migrations.RemoveConstraint("line", "line_once"),
        migrations.RemoveIndex("line", "line_name"),
        migrations.RemoveIndex("line", "line_address"),
        migrations.RemoveConstraint("accountcode", "account_code_once"),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint("line", models.UniqueConstraint(fields=["customer", "folded_name"], condition=models.Q(is_twin=False), name="line_once")),
        migrations.AddConstraint("accountcode", models.UniqueConstraint(fields=["folded"], condition=models.Q(is_twin=False), name="account_code_once")),
        migrations.AddIndex("line", models.Index(fields=["folded_name"], name="line_name")),
        migrations.AddIndex("line", models.Index(fields=["folded_address"], name="line_address")),
        migrations.AddIndex("accountcode", models.Index(fields=["folded"], name="account_code")),
    ]
