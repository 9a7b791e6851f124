import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import NoDelete


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="MailLog",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("kind", models.CharField(max_length=40)),
                ("key", models.CharField(max_length=200, unique=True)),
                ("sender", models.CharField(max_length=300)),
                ("reply_to", models.CharField(blank=True, max_length=254)),
                ("recipients", models.JSONField()),
                ("subject", models.CharField(max_length=300)),
                ("text", models.TextField()),
                ("html", models.TextField()),
                ("attachments", models.JSONField(default=list)),
                ("message_id", models.CharField(max_length=200)),
                ("about_kind", models.CharField(blank=True, max_length=40)),
                ("about_id", models.UUIDField(blank=True, null=True)),
                ("state", models.CharField(choices=[("queued", "Waiting"), ("sent", "Sent"), ("failed", "Failed")], default="queued", max_length=10)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "indexes": [models.Index(fields=["about_kind", "about_id", "-created_at"], name="mail_about")],
            },
        ),
        NoDelete("mail_maillog"),
    ]
