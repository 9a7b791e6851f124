"""Prove the stored files."""

from typing import Any

from django.core.management.base import CommandError

from billing_portal.tenancy import queries
from billing_portal.tenancy.commands import PortalCommand
from invoicing.domain import file_check


class Command(PortalCommand):
    help = "Prove that every stored file of a document is there and unchanged. A missing or damaged one: exit 1, with its number."

    def handle(self, *args: Any, **options: Any) -> None:
        files, wrong = 0, 0
        for reseller in queries.each():
            report = file_check.check()
            files, wrong = files + report.files, wrong + len(report.wrong)
            for line in report.wrong:
                self.stdout.write(f"{reseller.schema_name}: {line}")
        self.stdout.write(f"{files} files: {'every one is as it was written' if not wrong else 'NOT every one is as it was written'}")
        if wrong:
            raise CommandError(f"{wrong} {'file is' if wrong == 1 else 'files are'} missing or damaged.")
