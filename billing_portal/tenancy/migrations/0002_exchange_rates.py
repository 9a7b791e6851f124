import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0001_resellers_and_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("per_euro", models.DecimalField(decimal_places=10, max_digits=20)),
                ("source", models.CharField(choices=[("ecb", "Ecb"), ("hand", "Hand")], default="hand", max_length=10)),
            ],
            options={
                "ordering": ["-day", "currency"],
                "constraints": [
                    models.UniqueConstraint(fields=("day", "currency"), name="exchange_rate_once"),
                    models.CheckConstraint(condition=models.Q(("per_euro__gt", 0)), name="exchange_rate_above_zero"),
                ],
            },
        ),
    ]
