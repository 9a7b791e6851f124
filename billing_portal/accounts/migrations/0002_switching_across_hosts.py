import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import billing_portal.tenancy.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people_who_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="SwitchTicket",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("parent_schema", models.CharField(max_length=63)),
                ("actor_schema", models.CharField(max_length=63)),
                ("actor_id", models.UUIDField()),
                ("actor_name", models.CharField(max_length=150)),
                ("role", models.CharField(max_length=20)),
                ("parent_session", models.UUIDField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="auditentry",
            name="actor_schema",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.AddField(
            model_name="user",
            name="stands_for_schema",
            field=models.CharField(blank=True, max_length=63),
        ),
        migrations.CreateModel(
            name="ParentSession",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("signed_out", models.BooleanField(default=False)),
                ("ticket", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, to="accounts.switchticket")),
            ],
            options={
                "abstract": False,
            },
        ),
    ]
