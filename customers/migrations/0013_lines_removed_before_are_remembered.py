from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.kernel.folding import fold


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Remember the names of lines that were removed before that was remembered, with whose they were: the audit trail tells. It holds no addresses."""
    former = apps.get_model("customers", "FormerLine").objects
    customers = set(apps.get_model("customers", "Customer").objects.values_list("pk", flat=True))
    own_people = set(apps.get_model("accounts", "User").objects.filter(role__in=["account_admin", "account_user"]).values_list("pk", flat=True))
    entries = apps.get_model("accounts", "AuditEntry").objects
    removed = entries.filter(action="line.removed", subject_id__isnull=False, customer_id__in=customers).order_by("at", "pk")
    added = {entry.subject_id: entry for entry in entries.filter(action="line.added", subject_id__in=removed.values("subject_id"))}
    there = set(former.values_list("customer_id", "folded_name", "given_up_at"))
    rows = []
    for gone in removed:
        if (gone.customer_id, fold(gone.subject_name), gone.at) not in there:
            first = added.get(gone.subject_id)
            chosen = first is not None and first.acted_for_id is None and first.actor_id in own_people
            since = min(first.at, gone.at) if first else gone.at
            row = former.model(customer_id=gone.customer_id, name=gone.subject_name, since=since, given_up_at=gone.at, by_customer=chosen)
            rows.append(row)
    former.bulk_create(rows, batch_size=1_000)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_where_a_switch_began"),
        ("customers", "0012_names_that_changed_hands"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
