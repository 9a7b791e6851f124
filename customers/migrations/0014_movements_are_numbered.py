import django.db.models.deletion
from django.db import migrations, models

# Until now their keys, which follow the clock of the server that posted them, were the only order they had.
FILL = """
    ALTER TABLE customers_transfer DISABLE TRIGGER customers_transfer_no_change;
    UPDATE customers_transfer AS transfer SET number = counted.number
      FROM (SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY id) AS number FROM customers_transfer) AS counted
     WHERE counted.id = transfer.id;
    ALTER TABLE customers_transfer ENABLE TRIGGER customers_transfer_no_change;
    UPDATE customers_standing AS standing SET movements = counted.movements
      FROM (SELECT customer_id, count(*) AS movements FROM customers_transfer GROUP BY customer_id) AS counted
     WHERE counted.customer_id = standing.customer_id;
"""

# The former release, which works on until it is restarted, posts without numbers; it holds the standing too.
NUMBER = """
    CREATE FUNCTION customers_transfer_number() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('UPDATE %I.customers_standing SET movements = movements + 1 WHERE customer_id = $1 RETURNING movements', TG_TABLE_SCHEMA)
           INTO NEW.number USING NEW.customer_id;
        RETURN NEW;
    END $$;
    CREATE TRIGGER customers_transfer_number BEFORE INSERT ON customers_transfer
       FOR EACH ROW WHEN (NEW.number IS NULL) EXECUTE FUNCTION customers_transfer_number();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_lines_removed_before_are_remembered")]

    operations = [
        migrations.AddField("standing", "movements", models.PositiveBigIntegerField(default=0, db_default=0)),
        migrations.AddField("transfer", "number", models.PositiveBigIntegerField(editable=False, null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(NUMBER, "DROP FUNCTION customers_transfer_number() CASCADE"),
        migrations.AlterField("transfer", "number", models.PositiveBigIntegerField(editable=False)),
        migrations.AddConstraint("transfer", models.UniqueConstraint(fields=["customer", "number"], name="transfer_number_once")),
        migrations.AlterField(
            "transfer",
            "customer",
            models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="customers.customer"),
        ),
    ]
