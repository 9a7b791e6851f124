import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("rateplans", "0001_plans_and_terms"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnExchangeRate",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("day", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("per_euro", models.DecimalField(decimal_places=10, max_digits=20)),
                ("made_by", models.CharField(max_length=150)),
            ],
            options={
                "ordering": ["-day", "currency"],
            },
        ),
        migrations.AddField(
            model_name="planversion",
            name="markup_percent",
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=7, null=True),
        ),
        migrations.AddField(
            model_name="billingterms",
            name="cost_plan",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rateplans.rateplan"),
        ),
        migrations.AddField(
            model_name="billingterms",
            name="topups_per_day",
            field=models.PositiveSmallIntegerField(default=3),
        ),
        migrations.AddField(
            model_name="billingterms",
            name="topups_per_month",
            field=models.PositiveSmallIntegerField(default=20),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="inherits",
            field=models.CharField(
                choices=[
                    ("nothing", "Nothing: it has rates of its own"),
                    ("plan", "Another rate plan of yours"),
                    ("own_plan", "Your own rate plan"),
                    ("shared", "A plan your parent shares"),
                ],
                default="nothing",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="markup_percent",
            field=models.DecimalField(decimal_places=2, default=0, max_digits=7),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="shared_plan_id",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="shared_schema",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="sharing",
            field=models.CharField(
                choices=[("private", "Not shared"), ("resellers", "With your resellers"), ("recursive", "With your resellers and theirs")],
                default="private",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="source",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="heirs", to="rateplans.rateplan"),
        ),
        migrations.AddField(
            model_name="rateplan",
            name="withdrawn",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="rateplan",
            constraint=models.UniqueConstraint(condition=models.Q(("inherits", "shared")), fields=("shared_schema", "shared_plan_id"), name="shared_plan_once"),
        ),
        migrations.AddConstraint(
            model_name="rateplan",
            constraint=models.CheckConstraint(condition=models.Q(("inherits", "plan"), ("source__isnull", True), _connector="XOR"), name="plan_source"),
        ),
        migrations.AddConstraint(
            model_name="rateplan",
            constraint=models.CheckConstraint(
                condition=models.Q(("inherits", "shared"), ("shared_plan_id__isnull", True), _connector="XOR"), name="plan_shared_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="rateplan",
            constraint=models.CheckConstraint(condition=models.Q(("markup_percent__gt", -100)), name="plan_markup"),
        ),
        migrations.AddConstraint(
            model_name="ownexchangerate",
            constraint=models.UniqueConstraint(fields=("day", "currency"), name="own_exchange_rate_once"),
        ),
        migrations.AddConstraint(
            model_name="ownexchangerate",
            constraint=models.CheckConstraint(condition=models.Q(("per_euro__gt", 0)), name="own_exchange_rate_above_zero"),
        ),
    ]
