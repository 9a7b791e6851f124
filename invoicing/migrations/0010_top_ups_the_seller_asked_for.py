from django.db import migrations, models

# Requests of before: the trail tells for whom somebody asked, and at a parent of which reseller they were.
FILL = """
    UPDATE invoicing_topuprequest AS request SET by_seller = true
      FROM accounts_auditentry AS entry, customers_customer AS customer
     WHERE customer.id = request.customer_id AND entry.customer_id = customer.id AND entry.action = 'topup.asked' AND entry.at = request.asked_at
       AND (entry.acted_for_id IS NOT NULL OR (customer.kind = 'reseller' AND entry.actor_schema <> customer.reseller_schema))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("invoicing", "0009_the_line_of_what_was_taken"),
        ("accounts", "0002_switching_across_hosts"),
        ("customers", "0001_customers_and_ledger"),
    ]

    operations = [
        migrations.AddField("topuprequest", "by_seller", models.BooleanField(default=False, db_default=False)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
