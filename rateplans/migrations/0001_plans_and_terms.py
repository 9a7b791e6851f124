import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import NoDelete


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("number", models.PositiveIntegerField()),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("rate_count", models.PositiveIntegerField(default=0)),
                ("made_by", models.CharField(max_length=150)),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="BillingTerms",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("document_prefix", models.CharField(blank=True, max_length=12)),
                ("due_days", models.PositiveSmallIntegerField(default=14)),
                ("only", models.BooleanField(default=True, editable=False, unique=True)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("only", True)), name="billing_terms_once")],
            },
        ),
        migrations.CreateModel(
            name="RatePlan",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=120)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("currency", models.CharField(max_length=3)),
                ("precision", models.PositiveSmallIntegerField(default=4)),
                ("due_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("charge_connection_at_zero", models.BooleanField(default=False)),
                ("position", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["position", django.db.models.functions.text.Lower("name")],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("name"), name="plan_name_once"),
                    models.CheckConstraint(condition=models.Q(("precision__lte", 6)), name="plan_precision"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RateImport",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField()),
                (
                    "mode",
                    models.CharField(choices=[("replace", "Replace all rates"), ("add", "Add to the rates that are there")], default="replace", max_length=10),
                ),
                ("state", models.CharField(choices=[("previewed", "Previewed"), ("applied", "Applied")], default="previewed", max_length=10)),
                ("made_by", models.CharField(max_length=150)),
                ("version", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="rateplans.planversion")),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="imports", to="rateplans.rateplan")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="planversion",
            name="plan",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="rateplans.rateplan"),
        ),
        migrations.CreateModel(
            name="StoredRate",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("prefix", models.CharField(max_length=15)),
                ("destination", models.CharField(max_length=500)),
                ("per_minute", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("connection_charge", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("initial_increment", models.PositiveIntegerField(default=1)),
                ("increment", models.PositiveIntegerField(default=1)),
                ("included_seconds", models.PositiveIntegerField(default=0)),
                ("minimum", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="rates", to="rateplans.planversion")),
            ],
            options={
                "ordering": ["prefix"],
            },
        ),
        migrations.CreateModel(
            name="Tax",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("on_account_fees", models.BooleanField(default=True)),
                ("on_features", models.BooleanField(default=True)),
                ("on_calls", models.BooleanField(default=True)),
                ("on_products", models.BooleanField(default=True)),
                ("on_charges", models.BooleanField(default=True)),
                ("liable_by_default", models.BooleanField(default=True)),
            ],
            options={
                "ordering": [django.db.models.functions.text.Lower("name")],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("name"), name="tax_name_once"),
                    models.CheckConstraint(condition=models.Q(("percent__gte", 0), ("percent__lte", 100)), name="tax_percent"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(fields=("plan", "number"), name="plan_version_once"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(fields=("plan", "valid_from"), name="plan_version_moment_once", nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name="storedrate",
            constraint=models.UniqueConstraint(fields=("version", "prefix"), name="rate_once"),
        ),
        migrations.AddConstraint(
            model_name="storedrate",
            constraint=models.CheckConstraint(condition=models.Q(("increment__gte", 1)), name="rate_increment"),
        ),
        migrations.AddConstraint(
            model_name="storedrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("connection_charge__gte", 0), ("minimum__gte", 0), ("per_minute__gte", 0)), name="rate_not_negative"
            ),
        ),
        NoDelete("rateplans_planversion"),
        NoDelete("rateplans_storedrate"),
    ]
