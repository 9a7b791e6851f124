from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0004_resellers_by_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="accountcode",
            name="given_up_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
