"""`manage.py restore`: a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from billing_portal.tenancy.commands import PortalCommand
from billing_portal.tenancy.domain import backups


class Command(PortalCommand):
    help = "Bring a backup into an empty database and an empty folder of files. Run check_ledger and check_files after it, before anybody signs in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="what `manage.py backup` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        backups.restore(Path(options["folder"]).resolve())
        self.stdout.write("Restored. Run now: manage.py check_ledger, manage.py check_files")
