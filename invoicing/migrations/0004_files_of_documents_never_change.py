from django.db import migrations

from billing_portal.tenancy.operations import AppendOnly, NoDelete


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0003_receipts")]

    operations = [
        AppendOnly("invoicing_documentfile"),
        NoDelete("invoicing_series"),
    ]
