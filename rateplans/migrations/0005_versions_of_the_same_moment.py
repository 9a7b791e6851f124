from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rateplans", "0004_issue_automatically"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="planversion",
            name="plan_version_moment_once",
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(condition=models.Q(("valid_from", None)), fields=("plan",), name="plan_version_first_once"),
        ),
    ]
