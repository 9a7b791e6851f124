from django.db import migrations, models

KNOWN_BY_THEIR_NAMES = "UPDATE accounts_switch SET child_schema = split_part(name, '/', 1) WHERE name LIKE '%/%'"


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_tries_and_open_sessions"),
    ]

    operations = [
        migrations.AddField(
            model_name="switch",
            name="child_schema",
            field=models.CharField(blank=True, default="", max_length=63),
            preserve_default=False,
        ),
        migrations.RunSQL(KNOWN_BY_THEIR_NAMES, migrations.RunSQL.noop),
    ]
