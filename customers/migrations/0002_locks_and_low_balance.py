import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_customers_and_ledger"),
        ("rateplans", "0002_plans_across_the_tree"),
    ]

    operations = [
        migrations.CreateModel(
            name="Lock",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("admin", "Locked by staff"),
                            ("overdue", "Invoice overdue"),
                            ("daily_limit", "Daily limit reached"),
                            ("fraud", "Fraud suspected"),
                            ("parent", "Locked by the parent"),
                            ("fee_unpaid", "Fee not paid"),
                        ],
                        max_length=20,
                    ),
                ),
                ("scope", models.CharField(choices=[("web", "Sign-in"), ("calls", "Calls")], max_length=10)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("set_at", models.DateTimeField()),
                ("set_by", models.CharField(max_length=150)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "ordering": ["-set_at"],
            },
        ),
        migrations.AddField(
            model_name="customer",
            name="daily_limit",
            field=billing_portal.tenancy.models.records.MoneyField(blank=True, decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="low_balance_email",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="low_balance_repeat_days",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="customer",
            name="low_balance_threshold",
            field=billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20),
        ),
        migrations.AddField(
            model_name="customer",
            name="topup",
            field=models.CharField(choices=[("off", "Off"), ("fixed", "A fixed amount"), ("target", "Up to a target balance")], default="off", max_length=10),
        ),
        migrations.AddField(
            model_name="customer",
            name="topup_amount",
            field=billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20),
        ),
        migrations.AddField(
            model_name="customer",
            name="topup_parked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="customer",
            name="topup_threshold",
            field=billing_portal.tenancy.models.records.MoneyField(blank=True, decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="calls_locked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="standing",
            name="daily_limit",
            field=billing_portal.tenancy.models.records.MoneyField(blank=True, decimal_places=6, max_digits=20, null=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="low_episode",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="standing",
            name="low_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="low_threshold",
            field=billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20),
        ),
        migrations.AddField(
            model_name="standing",
            name="web_locked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="transfer",
            name="actor_schema",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(
                condition=models.Q(("daily_limit__isnull", True), ("daily_limit__gte", 0), _connector="OR"), name="daily_limit_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(condition=models.Q(("low_balance_threshold__gte", 0), ("topup_amount__gte", 0)), name="low_balance_not_negative"),
        ),
        migrations.AddField(
            model_name="lock",
            name="customer",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="locks", to="customers.customer"),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.UniqueConstraint(condition=models.Q(("lifted_at__isnull", True)), fields=("customer", "reason", "scope"), name="lock_once"),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.CheckConstraint(condition=models.Q(("scope", "calls"), ("reason", "admin"), _connector="OR"), name="only_staff_lock_the_web"),
        ),
    ]
