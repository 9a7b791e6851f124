from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_who_proved_their_email")]

    operations = [migrations.AddField("user", "emails", models.PositiveIntegerField(db_default=0, default=0))]
