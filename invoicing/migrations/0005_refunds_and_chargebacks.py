import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0004_files_of_documents_never_change"),
    ]

    operations = [
        migrations.CreateModel(
            name="GiveBack",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("way", models.CharField(choices=[("refund", "Refund"), ("chargeback", "Chargeback")], max_length=12)),
                ("gross", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("reason", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=80, unique=True)),
                ("at", models.DateTimeField()),
                ("payment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="given_back", to="invoicing.payment")),
            ],
            options={
                "ordering": ["at", "id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("gross__gt", 0)), name="give_back_above_zero"),
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="give_back_has_reason"),
                ],
            },
        ),
        AppendOnly("invoicing_giveback"),
    ]
