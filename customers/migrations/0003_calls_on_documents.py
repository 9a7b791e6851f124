from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0002_locks_and_low_balance"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="call_detail",
            field=models.CharField(
                choices=[("none", "Only their total"), ("sums", "By destination and by line"), ("every", "Every call")], default="sums", max_length=10
            ),
        ),
    ]
