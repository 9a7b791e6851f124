"""`manage.py skip_numbers`: after a restore, numbers that customers hold already."""

from argparse import ArgumentParser
from typing import Any

from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from invoicing.domain import numbering


class Command(ResellerCommand):
    help = "After a restore: never give the numbers of a series up to this one out again, because they were mailed before the loss."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--series", required=True, metavar="NAME", help="as the numbers begin, such as ACM-2026-")
        parser.add_argument("--past", required=True, type=int, metavar="N", help="the last number that was mailed, without the series")

    def run(self, reseller: Reseller, **options: Any) -> None:
        following = numbering.skip(options["series"], past=options["past"], actor=Actor.program("skip_numbers", via="command"), at=timezone.now())
        self.stdout.write(f"The next number of {options['series']} is {following}.")
