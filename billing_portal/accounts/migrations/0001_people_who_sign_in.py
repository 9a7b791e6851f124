import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import billing_portal.tenancy.models.records
from billing_portal.tenancy.operations import AppendOnly


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=150)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("full_name", models.CharField(max_length=150)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("administrator", "Administrator"),
                            ("commerce", "Commerce"),
                            ("support", "Support"),
                            ("reports", "Reports"),
                            ("account_admin", "Account administrator"),
                            ("account_user", "Account user"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("time_zone", models.CharField(blank=True, max_length=64)),
            ],
            options={
                "indexes": [models.Index(django.db.models.functions.text.Lower("email"), name="user_email")],
                "constraints": [
                    models.UniqueConstraint(django.db.models.functions.text.Lower("username"), name="username_once"),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ["administrator", "commerce", "support", "reports", "account_admin", "account_user"])),
                        name="role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("at", models.DateTimeField()),
                ("actor_id", models.UUIDField(blank=True, null=True)),
                ("actor_name", models.CharField(max_length=150)),
                ("acted_for_id", models.UUIDField(blank=True, null=True)),
                ("acted_for_name", models.CharField(blank=True, max_length=200)),
                ("via", models.CharField(max_length=20)),
                ("action", models.CharField(max_length=60)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.UUIDField(blank=True, null=True)),
                ("subject_name", models.CharField(blank=True, max_length=200)),
                ("customer_id", models.UUIDField(blank=True, null=True)),
                ("changes", models.JSONField(default=dict)),
                ("note", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "indexes": [models.Index(fields=["customer_id", "-at"], name="audit_of_customer"), models.Index(fields=["-at"], name="audit_latest")],
            },
        ),
        migrations.CreateModel(
            name="Switch",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("name", models.CharField(max_length=60)),
                ("description", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "ordering": [django.db.models.functions.text.Lower("name")],
                "constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("name"), name="switch_once")],
            },
        ),
        migrations.CreateModel(
            name="ApiKey",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("prefix", models.CharField(max_length=12)),
                ("key_hash", models.CharField(max_length=64, unique=True)),
                ("scopes", models.JSONField(default=list)),
                ("made_by", models.CharField(max_length=150)),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("switch", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="keys", to="accounts.switch")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LoginLink",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("purpose", models.CharField(choices=[("welcome", "Login details"), ("reset", "New password")], max_length=10)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="login_links", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "indexes": [models.Index(fields=["user", "-created_at"], name="login_link_of")],
            },
        ),
        migrations.CreateModel(
            name="SignInName",
            fields=[
                ("id", models.UUIDField(default=billing_portal.tenancy.models.records.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("kind", models.CharField(choices=[("account_number", "Account number")], max_length=20)),
                ("value", models.CharField(max_length=150)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sign_in_names", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [models.UniqueConstraint(django.db.models.functions.text.Lower("value"), name="sign_in_name_once")],
            },
        ),
        AppendOnly("accounts_auditentry"),
    ]
