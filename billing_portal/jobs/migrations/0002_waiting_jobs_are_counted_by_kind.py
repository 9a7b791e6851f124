from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0001_outbox"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=models.Q(("state", "pending")), fields=["kind", "due_at"], name="job_waiting"),
        ),
    ]
