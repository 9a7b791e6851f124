from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_known_browsers_are_forgotten"),
    ]

    operations = [
        migrations.AlterField(
            model_name="signintry",
            name="kind",
            field=models.CharField(
                choices=[("password", "Password"), ("code", "Second factor"), ("link", "Link"), ("name", "Name of a customer")], max_length=10
            ),
        ),
    ]
