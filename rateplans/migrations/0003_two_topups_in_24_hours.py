from django.db import migrations, models


class Migration(migrations.Migration):
    """No page could change the old default, so whoever has it has not chosen it."""

    dependencies = [("rateplans", "0002_plans_across_the_tree")]

    operations = [
        migrations.AlterField(
            model_name="billingterms",
            name="topups_per_day",
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.RunSQL(
            "UPDATE rateplans_billingterms SET topups_per_day = 2 WHERE topups_per_day = 3",
            migrations.RunSQL.noop,
        ),
    ]
