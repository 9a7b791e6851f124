import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models.functions import Now

from billing_portal.tenancy.models import FoldedField
from billing_portal.tenancy.models.records import new_id


def fill(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What is there was had since it was made."""
    for model in ("Line", "AccountCode"):
        apps.get_model("customers", model).objects.update(since=models.F("created_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0011_what_resellers_call_themselves"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerLine",
            fields=[
                ("id", models.UUIDField(default=new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="former_lines", to="customers.customer")),
                ("name", models.CharField(max_length=60)),
                ("folded_name", FoldedField(of="name")),
                ("address", models.CharField(blank=True, max_length=100)),
                ("folded_address", FoldedField(of="address")),
                ("by_customer", models.BooleanField(default=False)),
                ("since", models.DateTimeField()),
                ("given_up_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["given_up_at"],
                "indexes": [
                    models.Index(fields=["folded_name"], name="former_line_name"),
                    models.Index(fields=["folded_address"], name="former_line_address"),
                ],
            },
        ),
        migrations.AddField("line", "since", models.DateTimeField(default=django.utils.timezone.now, db_default=Now())),
        migrations.AddField("accountcode", "since", models.DateTimeField(default=django.utils.timezone.now, db_default=Now())),
        migrations.RemoveConstraint("accountcode", "account_code_once"),
        migrations.AddConstraint(
            "accountcode",
            models.UniqueConstraint(fields=["folded"], condition=models.Q(is_twin=False, given_up_at=None), name="account_code_once"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
