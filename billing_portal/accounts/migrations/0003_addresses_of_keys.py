from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_switching_across_hosts"),
    ]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="addresses",
            field=models.JSONField(default=list),
        ),
    ]
