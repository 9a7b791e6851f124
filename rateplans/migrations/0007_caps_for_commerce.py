from django.db import migrations

from billing_portal.tenancy.models import MoneyField


class Migration(migrations.Migration):
    dependencies = [("rateplans", "0006_large_files_are_read_by_a_worker")]

    operations = [
        migrations.AddField("billingterms", "amount_cap", MoneyField(blank=True, null=True)),
        migrations.AddField("billingterms", "raise_cap", MoneyField(blank=True, null=True)),
    ]
