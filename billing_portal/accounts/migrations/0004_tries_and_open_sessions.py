import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import billing_portal.tenancy.models.records


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_addresses_of_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="short_password",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.CreateModel(
            name="SignInTry",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("kind", models.CharField(choices=[("password", "Password"), ("code", "Second factor"), ("link", "Link")], max_length=10)),
                ("whom", models.CharField(max_length=64)),
                ("address", models.CharField(blank=True, max_length=45)),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["whom", "kind", "at"], name="try_of_account"),
                    models.Index(fields=["address", "kind", "at"], name="try_from_address"),
                    models.Index(fields=["at"], name="try_at"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OpenSession",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("began_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("address", models.CharField(blank=True, max_length=45)),
                ("browser", models.CharField(blank=True, max_length=300)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="open_sessions", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [models.Index(fields=["user", "-seen_at"], name="open_session_of")],
            },
        ),
    ]
