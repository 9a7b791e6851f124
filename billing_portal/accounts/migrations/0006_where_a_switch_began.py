from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_switches_of_resellers_below"),
    ]

    operations = [
        migrations.AddField(
            model_name="switchticket",
            name="home_session",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
