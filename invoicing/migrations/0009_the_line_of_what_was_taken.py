import django.db.models.deletion
from django.db import migrations, models

# Invoices issued before: calls of a month are one line, everything else has one each, in the order in which it happened; what is of an earlier period
# comes last. So the position of a movement's line follows from its date.
PLACES = """
    WITH moved AS (
        SELECT taken.id, document.id AS document_id, document.period_start, transfer.id AS transfer_id, transfer.occurred_at,
               transfer.kind = 'usage' AS is_usage, (transfer.occurred_at AT TIME ZONE document.time_zone)::date AS day
          FROM invoicing_taken AS taken
          JOIN invoicing_document AS document ON document.id = taken.document_id AND document.kind = 'invoice'
          JOIN customers_transfer AS transfer ON transfer.id = taken.transfer_id),
         placed AS (
        SELECT id, document_id, dense_rank() OVER (
                   PARTITION BY document_id
                   ORDER BY CASE WHEN is_usage THEN date_trunc('month', day) + interval '1 month' <= period_start ELSE day < period_start END,
                            NOT is_usage,
                            CASE WHEN is_usage THEN date_trunc('month', day) ELSE occurred_at END,
                            CASE WHEN NOT is_usage THEN transfer_id END) AS position
          FROM moved)
    SELECT placed.id, line.id AS line_id
      FROM placed JOIN invoicing_documentline AS line ON line.document_id = placed.document_id AND line.position = placed.position
"""
FILL = f"""
    ALTER TABLE invoicing_taken DISABLE TRIGGER invoicing_taken_no_change;
    UPDATE invoicing_taken AS taken SET line_id = place.line_id FROM ({PLACES}) AS place WHERE taken.id = place.id;
    ALTER TABLE invoicing_taken ENABLE TRIGGER invoicing_taken_no_change;
"""


class Migration(migrations.Migration):
    dependencies = [("invoicing", "0008_the_rate_of_a_margin")]

    operations = [
        migrations.AddField(
            model_name="taken",
            name="line",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="taken", to="invoicing.documentline"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
