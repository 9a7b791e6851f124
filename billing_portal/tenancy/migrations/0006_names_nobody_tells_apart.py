"""Names that differ by signs which nobody sees are one name; those that two customers hold already stay with both."""

from typing import Any

from django.db import migrations

from billing_portal.kernel.folding import fold
from billing_portal.tenancy.operations import FoldLikeUs


def fold_anew(apps: Any, _schema_editor: Any) -> None:
    names = apps.get_model("tenancy", "CustomerName").objects
    for pk, held in names.order_by("created_at", "pk").values_list("pk", "folded"):
        folded = fold(held)
        if folded != held and not names.filter(folded=folded).exists():
            names.filter(pk=pk).update(folded=folded)


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0005_logos_are_png")]
    operations = [
        FoldLikeUs(),
        migrations.RunPython(fold_anew, migrations.RunPython.noop),
    ]
