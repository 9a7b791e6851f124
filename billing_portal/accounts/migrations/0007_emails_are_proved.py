from typing import Any

from django.db import migrations, models
from django.db.models import Exists, OuterRef, Q


def those_who_came_in(apps: Any, schema_editor: Any) -> None:
    """Whoever signed in or followed a link before this was asked has proved the email that they have."""
    links = apps.get_model("accounts", "LoginLink").objects.filter(user=OuterRef("pk"), used_at__isnull=False)
    came_in = Q(last_login__isnull=False) | Q(Exists(links))
    apps.get_model("accounts", "User").objects.filter(came_in).exclude(email="").update(email_proved=True)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_where_a_switch_began"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="email_proved",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="loginlink",
            name="sent_to",
            field=models.EmailField(blank=True, db_default="", default="", max_length=254),
        ),
        migrations.RunPython(those_who_came_in, migrations.RunPython.noop),
    ]
