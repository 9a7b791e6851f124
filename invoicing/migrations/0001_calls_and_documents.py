import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly, CreatePartitionedModel, NoDelete


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_people_who_sign_in"),
        ("customers", "0001_customers_and_ledger"),
        ("jobs", "0001_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=30, unique=True)),
                ("next_number", models.PositiveIntegerField(default=1)),
            ],
            options={
                "abstract": False,
            },
        ),
        CreatePartitionedModel(
            name="Call",
            partition_by="at",
            fields=[
                ("pk", models.CompositePrimaryKey("at", "id", blank=True, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id)),
                ("customer_id", models.UUIDField()),
                ("key_id", models.UUIDField()),
                ("batch_id", models.UUIDField()),
                ("transfer_id", models.UUIDField(null=True)),
                ("direction", models.CharField(default="out", max_length=3)),
                ("line", models.CharField(blank=True, max_length=60)),
                ("caller", models.CharField(blank=True, max_length=60)),
                ("number", models.CharField(max_length=60)),
                ("setup_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("seconds", models.IntegerField(default=0)),
                ("cause", models.CharField(blank=True, max_length=60)),
                ("plan_id", models.UUIDField(null=True)),
                ("version_id", models.UUIDField(null=True)),
                ("prefix", models.CharField(blank=True, max_length=15)),
                ("destination", models.CharField(blank=True, max_length=500)),
                ("per_minute", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("connection_charge", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("initial_increment", models.IntegerField(default=1)),
                ("increment", models.IntegerField(default=1)),
                ("included_seconds", models.IntegerField(default=0)),
                ("minimum", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("billed_seconds", models.IntegerField(default=0)),
                ("net", models.DecimalField(decimal_places=12, default=0, max_digits=26)),
                ("exchange_rate", models.DecimalField(decimal_places=10, default=1, max_digits=20)),
                ("precision", models.SmallIntegerField(default=4)),
                ("price", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("buy_price", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20, null=True)),
                ("extra", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [models.Index(fields=["customer_id", "at"], name="call_of_customer"), models.Index(fields=["transfer_id"], name="call_of_transfer")],
            },
        ),
        migrations.CreateModel(
            name="CallBatch",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("source", models.CharField(choices=[("api", "Switch"), ("file", "File"), ("rated_again", "Rated again")], max_length=20)),
                ("posted_at", models.DateTimeField()),
                ("actor_name", models.CharField(max_length=150)),
                ("switch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.switch")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CallKey",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("call_id", models.CharField(max_length=128)),
                ("leg", models.CharField(max_length=16)),
                ("record_hash", models.CharField(max_length=64)),
                ("answer", models.JSONField(default=dict)),
                ("batch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="invoicing.callbatch")),
                ("switch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="accounts.switch")),
            ],
        ),
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("kind", models.CharField(choices=[("invoice", "Invoice"), ("credit_note", "Credit note")], default="invoice", max_length=20)),
                ("sequence", models.PositiveIntegerField()),
                ("number", models.CharField(max_length=40, unique=True)),
                ("period_start", models.DateField()),
                ("period_end", models.DateField()),
                ("time_zone", models.CharField(max_length=64)),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("net", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("tax", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("total", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("snapshot", models.JSONField()),
                ("actor_name", models.CharField(max_length=150)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="customers.customer")),
                ("series", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="invoicing.series")),
            ],
            options={
                "ordering": ["-issued_at", "-sequence"],
            },
        ),
        migrations.CreateModel(
            name="DocumentFile",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("format", models.CharField(max_length=10)),
                ("path", models.CharField(max_length=300)),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField()),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="files", to="invoicing.document")),
            ],
        ),
        migrations.CreateModel(
            name="DocumentLine",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("position", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("description", models.CharField(max_length=200)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=16)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="invoicing.document")),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.CreateModel(
            name="DocumentTax",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60)),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("base", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="taxes", to="invoicing.document")),
                ("transfer", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.transfer")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="InvoiceRun",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("as_of", models.DateField()),
                ("key", models.CharField(max_length=64, unique=True)),
                ("made_by", models.CharField(max_length=150)),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("progress", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="jobs.progress")),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="InvoiceRunItem",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("period_start", models.DateField()),
                ("period_end", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("issued", "Issued"), ("skipped", "Skipped"), ("failed", "Failed")], default="waiting", max_length=10
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=60)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("expected_total", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, default=0, max_digits=20)),
                ("customer", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="customers.customer")),
                ("document", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="invoicing.document")),
                ("run", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="items", to="invoicing.invoicerun")),
            ],
            options={
                "ordering": ["period_start", "id"],
            },
        ),
        migrations.CreateModel(
            name="Match",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
                ("at", models.DateTimeField()),
                ("credit", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="matches", to="customers.transfer")),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="matches", to="invoicing.document")),
            ],
        ),
        migrations.CreateModel(
            name="Payment",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("reference", models.CharField(blank=True, max_length=140)),
                ("gross", models.DecimalField(decimal_places=6, max_digits=20)),
                ("transfer", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="payment", to="customers.transfer")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Taken",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("document", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="taken", to="invoicing.document")),
                ("transfer", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="taken", to="customers.transfer")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WaitingCall",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("unknown_customer", "Nobody has this account, line or address"),
                            ("no_rate", "The rate plan has no rate for this number"),
                            ("no_plan", "The customer has no rate plan with rates at that time"),
                            ("invalid_number", "Not an international number, and no line of yours"),
                            ("no_exchange_rate", "No exchange rate of that day"),
                            ("inactive", "The customer is inactive"),
                            ("closed", "The customer is closed"),
                            ("conflict", "The same call came before with other content"),
                            ("bad_record", "The record contradicts itself"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("state", models.CharField(choices=[("waiting", "Waiting"), ("rated", "Rated"), ("set_aside", "Set aside")], default="waiting", max_length=10)),
                ("record", models.JSONField()),
                ("record_hash", models.CharField(max_length=64)),
                ("at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("batch", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="invoicing.callbatch")),
                ("customer", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="customers.customer")),
                ("key", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="waiting", to="invoicing.callkey")),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.AddConstraint(
            model_name="callkey",
            constraint=models.UniqueConstraint(fields=("switch", "call_id", "leg"), name="call_once"),
        ),
        migrations.AddConstraint(
            model_name="documentfile",
            constraint=models.UniqueConstraint(fields=("document", "format"), name="document_file_once"),
        ),
        migrations.AddConstraint(
            model_name="documentline",
            constraint=models.UniqueConstraint(fields=("document", "position"), name="document_line_once"),
        ),
        migrations.AddIndex(
            model_name="invoicerunitem",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["run"], name="run_item_waiting"),
        ),
        migrations.AddConstraint(
            model_name="invoicerunitem",
            constraint=models.UniqueConstraint(fields=("run", "customer", "period_start"), name="run_item_once"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(condition=models.Q(("amount", 0), _negated=True), name="match_moves_something"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["customer", "-issued_at"], name="document_of_customer"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(fields=("series", "sequence"), name="document_sequence_once"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.UniqueConstraint(condition=models.Q(("kind", "invoice")), fields=("customer", "period_start"), name="one_invoice_per_period"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(condition=models.Q(("period_start__lt", models.F("period_end"))), name="document_period"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("total", django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("tax")))), name="document_adds_up"
            ),
        ),
        migrations.AddIndex(
            model_name="waitingcall",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["reason", "-created_at"], name="call_waiting"),
        ),
        migrations.AddConstraint(
            model_name="waitingcall",
            constraint=models.CheckConstraint(condition=models.Q(("note", ""), ("state", "set_aside"), _negated=True), name="set_aside_has_note"),
        ),
        migrations.AddConstraint(
            model_name="waitingcall",
            constraint=models.UniqueConstraint(fields=("key", "record_hash"), name="waiting_record_once"),
        ),
        AppendOnly("invoicing_document"),
        AppendOnly("invoicing_documentline"),
        AppendOnly("invoicing_documenttax"),
        AppendOnly("invoicing_taken"),
        AppendOnly("invoicing_match"),
        AppendOnly("invoicing_payment"),
        AppendOnly("invoicing_callbatch"),
        NoDelete("invoicing_callkey"),
    ]
