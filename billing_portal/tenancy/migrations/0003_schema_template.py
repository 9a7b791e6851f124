import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import OwnerOnly


class Migration(migrations.Migration):
    dependencies = [
        ("tenancy", "0002_exchange_rates"),
    ]

    operations = [
        migrations.CreateModel(
            name="SchemaTemplate",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("fingerprint", models.CharField(max_length=64, unique=True)),
                ("script", models.TextField()),
            ],
            options={
                "abstract": False,
            },
        ),
        OwnerOnly("tenancy_schematemplate"),
    ]
