import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly, LetAppWrite

PRICE = (
    "plan_id",
    "version_id",
    "prefix",
    "destination",
    "per_minute",
    "connection_charge",
    "initial_increment",
    "increment",
    "included_seconds",
    "minimum",
    "billed_seconds",
    "net",
    "exchange_rate",
    '"precision"',
    "price",
    "price_number",
    "buy_inputs",
    "buy_number",
)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_locks_and_low_balance"),
        ("invoicing", "0006_credit_notes"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="buy_number",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="call",
            name="price_number",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="PriceChange",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("call_at", models.DateTimeField()),
                ("attempt", models.UUIDField(db_index=True)),
                ("price_number", models.IntegerField()),
                ("buy_number", models.IntegerField()),
                ("price_before", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("price_after", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("buy_before", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20, null=True)),
                ("buy_after", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20, null=True)),
                ("before", models.JSONField(default=dict)),
                ("posted_at", models.DateTimeField()),
                ("actor_name", models.CharField(max_length=150)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.customer")),
                ("key", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="price_changes", to="invoicing.callkey")),
                (
                    "transfer",
                    models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="price_change", to="customers.transfer"),
                ),
            ],
            options={
                "ordering": ["price_number", "buy_number"],
                "constraints": [
                    models.UniqueConstraint(fields=("key", "price_number", "buy_number"), name="price_change_once"),
                    models.CheckConstraint(
                        condition=models.Q(("price_before", models.F("price_after")), ("transfer__isnull", False), _connector="XOR"),
                        name="price_change_moves_its_difference",
                    ),
                ],
            },
        ),
        AppendOnly("invoicing_pricechange"),
        LetAppWrite("invoicing_call", PRICE),
    ]
