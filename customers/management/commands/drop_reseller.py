"""`manage.py drop_reseller`: take a reseller away for good (reliability 58)."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.tenancy.commands import PUBLIC, PortalCommand
from billing_portal.tenancy.models import Reseller
from customers.domain import dropping


class Command(PortalCommand):
    help = "Drop a reseller for good: its schema, hosts, names, files, cache keys, sessions and jobs. Its documents and movements at its parent stay there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("short_name", metavar="NAME", help="short name of the reseller, such as acme")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        reseller = _named(options["short_name"])
        for problem in dropping.problems(reseller):
            raise problem
        going = dropping.loss(reseller)
        with_it = f"{going.customers} customers, {going.files} files and {going.waiting} calls that wait in its queue"
        self.stdout.write(f"{reseller.name} goes for good, with {with_it}.")
        if not options["yes"] and not self._agreed(reseller):
            raise CommandError("Nothing was dropped.")
        dropping.drop(reseller, agreed=going, actor=Actor.program("drop_reseller", via="command"), at=timezone.now())
        self.stdout.write(f"{reseller.name} was dropped.")

    def _agreed(self, reseller: Reseller) -> bool:
        """The short name typed once more is a yes; anything else, also no terminal at all, is a no."""
        self.stdout.write(f"Type {reseller.schema_name} to drop it:")
        self.stdout.flush()
        return bool(sys.stdin.readline().strip() == reseller.schema_name)


def _named(short_name: str) -> Reseller:
    """The reseller of this short name, finished or not."""
    with schema_context(PUBLIC):
        found = Reseller.objects.select_related("parent").filter(schema_name=short_name).first()
    if found is None:
        raise CommandError(f"There is no reseller “{short_name}”.")
    return found
