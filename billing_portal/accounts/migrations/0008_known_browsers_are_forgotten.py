from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_emails_are_proved"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="browsers",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
