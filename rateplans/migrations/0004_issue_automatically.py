from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rateplans", "0003_two_topups_in_24_hours"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingterms",
            name="issue_automatically",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="billingterms",
            name="settle_hours",
            field=models.PositiveSmallIntegerField(default=6),
        ),
    ]
