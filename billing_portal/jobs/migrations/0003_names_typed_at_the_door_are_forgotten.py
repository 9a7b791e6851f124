from django.db import migrations

FORGET = "UPDATE jobs_job SET payload = '{}' WHERE kind = 'accounts.forgotten' AND state = 'done' AND payload <> '{}'"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_waiting_jobs_are_counted_by_kind")]

    operations = [migrations.RunSQL(FORGET, migrations.RunSQL.noop)]
