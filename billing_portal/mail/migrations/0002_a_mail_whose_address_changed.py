from django.db import migrations, models

STATES = [("queued", "Waiting"), ("sent", "Sent"), ("failed", "Failed"), ("moved", "Address changed")]


class Migration(migrations.Migration):
    dependencies = [("mail", "0001_mail_log")]

    operations = [
        migrations.AlterField(model_name="maillog", name="state", field=models.CharField(choices=STATES, default="queued", max_length=10)),
    ]
