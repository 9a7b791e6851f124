from django.db import migrations

from billing_portal.tenancy.operations import LetAppWrite


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0011_prices_beyond_any_account_wait")]

    operations = [LetAppWrite("invoicing_call", ("currency",))]
