"""Logos that were stored as JPEG are drawn anew as PNG, which documents hold."""

import io
from typing import Any

from django.db import migrations
from PIL import Image

JPEG = b"\xff\xd8\xff"


def redraw(apps: Any, _schema_editor: Any) -> None:
    resellers = apps.get_model("tenancy", "Reseller").objects
    for pk, logo in resellers.exclude(logo=None).values_list("pk", "logo"):
        if bytes(logo).startswith(JPEG):
            out = io.BytesIO()
            with Image.open(io.BytesIO(bytes(logo)), formats=("JPEG",)) as picture:
                picture.convert("RGB").save(out, format="PNG", optimize=True)
            resellers.filter(pk=pk).update(logo=out.getvalue())


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_a_reseller_may_be_shut_out")]
    operations = [migrations.RunPython(redraw, migrations.RunPython.noop)]
