"""`manage.py backup`: the database and the files of all resellers into a folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from billing_portal.tenancy.commands import PortalCommand
from billing_portal.tenancy.domain import backups


class Command(PortalCommand):
    help = "Write a backup of all resellers, database and files, into a new folder. The portal may go on running."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path, help="a new or empty folder")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["folder"]).resolve()
        backups.make(folder, at=timezone.now())
        self.stdout.write(str(folder))
