from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0003_calls_on_documents"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(Lower("name"), condition=models.Q(("kind", "reseller")), name="customer_reseller"),
        ),
    ]
