import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import django_countries.fields
from django.conf import settings
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly, OneCurrency


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("rateplans", "0001_plans_and_terms"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("kind", models.CharField(choices=[("normal", "Normal"), ("reseller", "Reseller")], default="normal", max_length=10)),
                (
                    "status",
                    models.CharField(
                        choices=[("new", "New"), ("active", "Active"), ("inactive", "Inactive"), ("closed", "Closed")], default="active", max_length=10
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("account_number", models.CharField(max_length=20)),
                ("switch_account_code", models.CharField(blank=True, max_length=60)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("billing_type", models.CharField(choices=[("prepaid", "Pre-paid"), ("postpaid", "Post-paid")], default="postpaid", max_length=20)),
                ("currency", models.CharField(max_length=3)),
                ("time_zone", models.CharField(max_length=64)),
                ("billing_since", models.DateField()),
                ("billing_email", models.EmailField(blank=True, max_length=254)),
                ("credit_limit", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("credit_unlimited", models.BooleanField(default=False)),
                ("attention", models.CharField(blank=True, max_length=120)),
                ("street", models.CharField(blank=True, max_length=200)),
                ("city", models.CharField(blank=True, max_length=100)),
                ("postcode", models.CharField(blank=True, max_length=20)),
                ("country", django_countries.fields.CountryField(blank=True, max_length=2)),
                ("tax_reference", models.CharField(blank=True, max_length=40)),
                ("reseller_schema", models.CharField(blank=True, max_length=63)),
            ],
            options={
                "ordering": [django.db.models.functions.text.Lower("name")],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("wallet", "Wallet"),
                            ("receivable", "Receivable"),
                            ("revenue", "Revenue"),
                            ("tax_payable", "Tax payable"),
                            ("cash_clearing", "Cash clearing"),
                            ("voucher_float", "Voucher float"),
                            ("bad_debt", "Bad debt"),
                            ("adjustments", "Adjustments"),
                            ("opening", "Opening"),
                            ("affiliate_expense", "Affiliate expense"),
                            ("rounding", "Rounding"),
                        ],
                        max_length=20,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "customer",
                    models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="accounts", to="customers.customer"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CustomerTax",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="customers.customer")),
                ("tax", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="rateplans.tax")),
            ],
        ),
        migrations.AddField(
            model_name="customer",
            name="taxes",
            field=models.ManyToManyField(related_name="customers", through="customers.CustomerTax", to="rateplans.tax"),
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("is_primary", models.BooleanField(default=False)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="people", to="customers.customer")),
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="person", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60)),
                ("description", models.CharField(blank=True, max_length=120)),
                ("address", models.CharField(blank=True, max_length=100)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="customers.customer")),
                (
                    "person",
                    models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="lines", to="customers.person"),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="PlanAssignment",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("valid_from", models.DateTimeField(blank=True, null=True)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="plan_assignments", to="customers.customer")),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="rateplans.rateplan")),
            ],
            options={
                "ordering": [models.OrderBy(models.F("valid_from"), descending=True, nulls_last=True)],
            },
        ),
        migrations.CreateModel(
            name="Standing",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("wallet", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("receivable", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("held", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("live_calls", models.PositiveIntegerField(default=0)),
                ("day", models.DateField(blank=True, null=True)),
                ("spent_today", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("held_today", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("raise_amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("raise_until", models.DateTimeField(blank=True, null=True)),
                ("calls_locked_until", models.DateTimeField(blank=True, null=True)),
                ("last_call_at", models.DateTimeField(blank=True, null=True)),
                ("overdue_since", models.DateField(blank=True, null=True)),
                ("billing_type", models.CharField(choices=[("prepaid", "Pre-paid"), ("postpaid", "Post-paid")], max_length=20)),
                ("credit_limit", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("credit_unlimited", models.BooleanField(default=False)),
                ("customer", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="standing", to="customers.customer")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("currency", models.CharField(max_length=3)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("usage", "Calls"),
                            ("fee", "Fee"),
                            ("charge", "Charge"),
                            ("credit", "Credit"),
                            ("tax", "Tax"),
                            ("rounding", "Rounding"),
                            ("topup", "Top-up"),
                            ("voucher", "Voucher"),
                            ("payment", "Payment"),
                            ("refund", "Refund"),
                            ("chargeback", "Chargeback"),
                            ("write_off", "Write-off"),
                            ("adjustment", "Adjustment"),
                            ("opening", "Opening balance"),
                            ("affiliate", "Affiliate fee"),
                            ("settle", "Settlement"),
                        ],
                        max_length=20,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("posted_at", models.DateTimeField()),
                ("key", models.CharField(max_length=200, unique=True)),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("actor_name", models.CharField(max_length=150)),
                ("acted_for_id", models.UUIDField(blank=True, null=True)),
                ("acted_for_name", models.CharField(blank=True, max_length=200)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("about_kind", models.CharField(blank=True, max_length=30)),
                ("about_id", models.UUIDField(blank=True, null=True)),
                ("credit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="credits", to="customers.account")),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="customers.customer")),
                ("debit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="debits", to="customers.account")),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="reversed_by", to="customers.transfer"
                    ),
                ),
            ],
            options={
                "ordering": ["posted_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="AccountCode",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("code", models.CharField(max_length=60)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="codes", to="customers.customer")),
            ],
            options={
                "constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("code"), name="account_code_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(condition=models.Q(("customer__isnull", False)), fields=("customer", "kind"), name="customer_account_once"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(condition=models.Q(("customer__isnull", True)), fields=("kind", "currency"), name="house_account_once"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(fields=("id", "currency"), name="account_currency"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", False), ("kind__in", ["wallet", "receivable"])),
                    models.Q(models.Q(("kind__in", ["wallet", "receivable"]), _negated=True), ("customer__isnull", True)),
                    _connector="OR",
                ),
                name="account_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="customertax",
            constraint=models.UniqueConstraint(fields=("customer", "tax"), name="customer_tax_once"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(django.db.models.functions.text.Lower("name"), name="customer_name"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(django.db.models.functions.text.Lower("billing_email"), name="customer_email"),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(fields=("account_number",), name="account_number_once"),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(condition=models.Q(("credit_limit__gte", 0)), name="credit_limit_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.CheckConstraint(condition=models.Q(("kind", "reseller"), ("reseller_schema", ""), _connector="XOR"), name="reseller_has_schema"),
        ),
        migrations.AddIndex(
            model_name="line",
            index=models.Index(django.db.models.functions.text.Lower("name"), name="line_name"),
        ),
        migrations.AddIndex(
            model_name="line",
            index=models.Index(django.db.models.functions.text.Lower("address"), name="line_address"),
        ),
        migrations.AddConstraint(
            model_name="line",
            constraint=models.UniqueConstraint(models.F("customer"), django.db.models.functions.text.Lower("name"), name="line_once"),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(condition=models.Q(("is_primary", True)), fields=("customer",), name="primary_person_once"),
        ),
        migrations.AddConstraint(
            model_name="planassignment",
            constraint=models.UniqueConstraint(fields=("customer", "valid_from"), name="plan_assignment_once", nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["customer", "posted_at"], name="transfer_statement"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["about_kind", "about_id"], name="transfer_about"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="transfer_moves_something"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(condition=models.Q(("debit", models.F("credit")), _negated=True), name="transfer_has_two_sides"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "usage",
                            "fee",
                            "charge",
                            "credit",
                            "tax",
                            "rounding",
                            "topup",
                            "voucher",
                            "payment",
                            "refund",
                            "chargeback",
                            "write_off",
                            "adjustment",
                            "opening",
                            "affiliate",
                            "settle",
                        ],
                    )
                ),
                name="transfer_kind_known",
            ),
        ),
        OneCurrency("customers_transfer", "customers_account", ("debit_id", "credit_id")),
        AppendOnly("customers_transfer"),
    ]
