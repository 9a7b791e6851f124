"""Prove the ledger."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError

from billing_portal.tenancy import queries
from billing_portal.tenancy.commands import PortalCommand, inside
from billing_portal.tenancy.models import Reseller
from invoicing.domain import ledger_check
from invoicing.domain.ledger_check import Difference, Report


class Command(PortalCommand):
    help = "Prove that every balance, call and document agrees with the movements of money, for every customer. A difference: exit 1, with its place."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reseller", metavar="NAME", help="only this reseller, by its name or its short name; all of them by default")
        parser.add_argument("--json", action="store_true", help="answer with JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        total = Report()
        found: list[tuple[str, Difference]] = []
        for reseller in _resellers(options["reseller"]):
            report = ledger_check.check()
            found += [(reseller.schema_name, difference) for difference in report.differences]
            for name in ("customers", "transfers", "documents", "in_flight"):
                setattr(total, name, getattr(total, name) + getattr(report, name))
        figures = {"customers": total.customers, "transfers": total.transfers, "documents": total.documents, "in_flight": total.in_flight}
        if options["json"]:
            self.put_json({**figures, "differences": [{"reseller": schema, **difference.as_json()} for schema, difference in found]})
        else:
            self._print(figures, found)
        if found:
            raise CommandError(f"{len(found)} {'difference' if len(found) == 1 else 'differences'}.")

    def _print(self, figures: dict[str, int], found: list[tuple[str, Difference]]) -> None:
        for schema, difference in found:
            self.stdout.write(f"{schema}: {difference}")
        said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in figures.items())
        self.stdout.write(f"{said}: {'every number agrees' if not found else 'NOT every number agrees'}")


def _resellers(name: str | None) -> Iterator[Reseller]:
    if name is None:
        yield from queries.each()
        return
    with inside(name) as reseller:
        yield reseller
