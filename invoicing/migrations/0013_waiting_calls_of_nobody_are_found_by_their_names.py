from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

from billing_portal.tenancy.folded_sql import PlainlyFolded


def _index(field: str) -> migrations.AddIndex:
    waits = models.Q(state="waiting", customer=None, record__has_key=field)
    return migrations.AddIndex("waitingcall", models.Index(PlainlyFolded(KeyTextTransform(field, "record")), condition=waits, name=f"nobodys_{field}"))


class Migration(migrations.Migration):
    dependencies = [("customers", "0013_lines_removed_before_are_remembered"), ("invoicing", "0012_calls_without_a_price_follow_the_currency")]

    operations = [_index("account"), _index("line"), _index("address")]
