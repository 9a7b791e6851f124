import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import LetAppWrite


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_locks_and_low_balance"),
        ("invoicing", "0001_calls_and_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="buy_currency",
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddField(
            model_name="call",
            name="buy_inputs",
            field=models.JSONField(null=True),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["batch_id"], name="call_of_batch"),
        ),
        migrations.AddField(
            model_name="callbatch",
            name="child_batch_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="callbatch",
            name="child_schema",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AlterField(
            model_name="call",
            name="connection_charge",
            field=models.DecimalField(decimal_places=24, default=0, max_digits=38),
        ),
        migrations.AlterField(
            model_name="call",
            name="minimum",
            field=models.DecimalField(decimal_places=24, default=0, max_digits=38),
        ),
        migrations.AlterField(
            model_name="call",
            name="per_minute",
            field=models.DecimalField(decimal_places=24, default=0, max_digits=38),
        ),
        migrations.AlterField(
            model_name="callbatch",
            name="source",
            field=models.CharField(
                choices=[("api", "Switch"), ("file", "File"), ("rated_again", "Rated again"), ("climbed", "From a reseller below")], max_length=20
            ),
        ),
        migrations.CreateModel(
            name="LowBalanceEpisode",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("began_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("threshold", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("left_to_spend", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("warnings", models.PositiveSmallIntegerField(default=0)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="low_balance_episodes", to="customers.customer")),
            ],
            options={
                "ordering": ["-began_at"],
            },
        ),
        migrations.CreateModel(
            name="TopUpRequest",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("attempt", models.PositiveSmallIntegerField(default=1)),
                ("origin", models.CharField(choices=[("automatic", "Low balance"), ("customer", "Asked by the customer")], max_length=10)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Waiting"), ("processing", "Being paid"), ("approved", "Approved"), ("rejected", "Rejected")],
                        default="pending",
                        max_length=12,
                    ),
                ),
                ("gateway", models.CharField(default="manual", max_length=20)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("comment", models.CharField(blank=True, max_length=300)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="topup_requests", to="customers.customer")),
                ("episode", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="invoicing.lowbalanceepisode")),
                ("transfer", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.transfer")),
            ],
            options={
                "ordering": ["-asked_at"],
            },
        ),
        migrations.AddConstraint(
            model_name="lowbalanceepisode",
            constraint=models.UniqueConstraint(fields=("customer", "number"), name="episode_once"),
        ),
        migrations.AddConstraint(
            model_name="lowbalanceepisode",
            constraint=models.UniqueConstraint(condition=models.Q(("ended_at__isnull", True)), fields=("customer",), name="one_open_episode"),
        ),
        migrations.AddConstraint(
            model_name="topuprequest",
            constraint=models.UniqueConstraint(condition=models.Q(("state__in", ["pending", "processing"])), fields=("customer",), name="one_open_request"),
        ),
        migrations.AddConstraint(
            model_name="topuprequest",
            constraint=models.UniqueConstraint(condition=models.Q(("episode__isnull", False)), fields=("episode", "attempt"), name="request_attempt_once"),
        ),
        migrations.AddConstraint(
            model_name="topuprequest",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="request_above_zero"),
        ),
        migrations.AddConstraint(
            model_name="topuprequest",
            constraint=models.CheckConstraint(condition=models.Q(("comment", ""), ("state", "rejected"), _negated=True), name="rejection_has_comment"),
        ),
        LetAppWrite("invoicing_call", ("buy_price", "buy_currency")),
    ]
