from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0010_top_ups_the_seller_asked_for")]

    operations = [
        migrations.AlterField(
            "waitingcall",
            "reason",
            models.CharField(
                max_length=20,
                choices=[
                    ("unknown_customer", "Nobody has this account, line or address"),
                    ("no_rate", "The rate plan has no rate for this number"),
                    ("no_plan", "The customer has no rate plan with rates at that time"),
                    ("invalid_number", "Not an international number, and no line of yours"),
                    ("no_exchange_rate", "No exchange rate of that day"),
                    ("too_large", "The price is beyond what an account can hold"),
                    ("inactive", "The customer is inactive"),
                    ("closed", "The customer is closed"),
                    ("conflict", "The same call came before with other content"),
                    ("bad_record", "The record contradicts itself"),
                ],
            ),
        ),
    ]
