import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_locks_and_low_balance"),
        ("invoicing", "0005_refunds_and_chargebacks"),
    ]

    operations = [
        migrations.CreateModel(
            name="LineTax",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("amount", billing_portal.tenancy.models.records.MoneyField(decimal_places=6, max_digits=20)),
            ],
        ),
        migrations.AddField(
            model_name="document",
            name="credits",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="credit_notes", to="invoicing.document"),
        ),
        migrations.AddField(
            model_name="documentline",
            name="credits",
            field=models.OneToOneField(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="credited_by", to="invoicing.documentline"
            ),
        ),
        migrations.AddField(
            model_name="match",
            name="note",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="settles", to="invoicing.document"),
        ),
        migrations.AlterField(
            model_name="match",
            name="credit",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="matches", to="customers.transfer"),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(condition=models.Q(("kind", "credit_note"), ("credits", None), _connector="XOR"), name="credit_note_credits"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(condition=models.Q(("credit", None), ("note", None), _connector="XOR"), name="match_has_one_source"),
        ),
        migrations.AddField(
            model_name="linetax",
            name="line",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="taxes", to="invoicing.documentline"),
        ),
        migrations.AddField(
            model_name="linetax",
            name="tax",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="invoicing.documenttax"),
        ),
        migrations.AddConstraint(
            model_name="linetax",
            constraint=models.UniqueConstraint(fields=("line", "tax"), name="line_tax_once"),
        ),
        AppendOnly("invoicing_linetax"),
    ]
