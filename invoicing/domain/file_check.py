"""Every file that a document names is there and is what was written (reliability 35, 97)."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection

from billing_portal.kernel.errors import DomainError
from invoicing.documents import store
from invoicing.models import DocumentFile


@dataclass
class Report:
    """How many files were read in this schema, and which are missing or damaged, by document number."""

    files: int = 0
    wrong: list[str] = field(default_factory=list)


def check() -> Report:
    """Read every stored file of the reseller whose schema is in force and compare it with its hash."""
    report = Report()
    for file in DocumentFile.objects.select_related("document").order_by("document__number", "format").iterator():
        report.files += 1
        try:
            store.read(connection.schema_name, file.path, file.sha256)
        except DomainError as problem:
            report.wrong.append(f"{file.document.number}.{file.format}: {problem.message}")
    return report
