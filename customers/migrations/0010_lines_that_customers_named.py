from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing_portal.kernel import phone


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Who added a line stands in the audit trail; what staff have made on-net since is staff's word."""
    own_people = apps.get_model("accounts", "User").objects.filter(role__in=["account_admin", "account_user"])
    added = apps.get_model("accounts", "AuditEntry").objects.filter(action="line.added", acted_for_id=None, actor_id__in=own_people.values("pk"))
    lines = apps.get_model("customers", "Line").objects
    theirs = lines.filter(pk__in=added.values("subject_id")).values_list("pk", "name", "on_net")
    lines.filter(pk__in=[key for key, name, on_net in theirs if phone.is_word(name) or not on_net]).update(by_customer=True)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_names_nobody_tells_apart"),
    ]

    operations = [
        migrations.AddField("line", "by_customer", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
