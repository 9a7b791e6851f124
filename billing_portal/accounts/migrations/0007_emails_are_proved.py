from django.db import migrations, models


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
    ]
