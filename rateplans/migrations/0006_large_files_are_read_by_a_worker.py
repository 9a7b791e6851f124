from django.db import migrations, models

STATES = [("reading", "Being read"), ("refused", "Cannot be read"), ("previewed", "Previewed"), ("applying", "Being applied"), ("applied", "Applied")]


class Migration(migrations.Migration):
    dependencies = [("rateplans", "0005_versions_of_the_same_moment")]

    operations = [
        migrations.AddField("rateimport", "since", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("rateimport", "found", models.JSONField(blank=True, null=True)),
        migrations.AlterField("rateimport", "state", models.CharField(choices=STATES, default="previewed", max_length=10)),
    ]
