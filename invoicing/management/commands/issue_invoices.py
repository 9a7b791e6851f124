"""`issue_invoices --reseller R --as-of DATE [--customer NAME] [--dry-run] [--json]` (contracts.md, Commands)."""

from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.money import minor_units, plain, round_half_up
from billing_portal.tenancy.commands import ResellerCommand
from billing_portal.tenancy.models import Reseller
from customers.models import Customer
from invoicing.domain import invoices
from invoicing.domain.drafts import REASONS, Draft, Skipped
from invoicing.models import Document


class Command(ResellerCommand):
    help = "Issue the invoices of every period that ends at or before the first instant of DATE, in each customer's own time zone."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", required=True, type=date.fromisoformat, metavar="DATE", help="the date, such as 2026-11-01")
        parser.add_argument("--customer", metavar="NAME", help="only this customer, by name or account number")
        parser.add_argument("--dry-run", action="store_true", help="show what would be issued, without numbers, and issue nothing")
        parser.add_argument("--json", action="store_true", help="write one JSON value")

    def run(self, reseller: Reseller, **options: Any) -> None:
        chosen = customer_named(options["customer"]) if options["customer"] else None
        rows, skipped = (self.draft if options["dry_run"] else self.issue)(options["as_of"], chosen)
        if options["json"]:
            self.put_json({"issued": rows, "skipped": [{"customer": each.customer.name, "reason": each.reason} for each in skipped]})
        else:
            self.tell(rows, skipped)

    def draft(self, as_of: date, chosen: Sequence[UUID] | None) -> tuple[list[dict[str, str]], list[Skipped]]:
        found = invoices.preview(as_of, customer_ids=chosen)
        return [_figures(draft) for draft in found.drafts], found.skipped

    def issue(self, as_of: date, chosen: Sequence[UUID] | None) -> tuple[list[dict[str, str]], list[Skipped]]:
        done = invoices.issue_all(as_of, actor=Actor.program("issue_invoices", via="command"), at=timezone.now(), customer_ids=chosen)
        return [{"number": document.number, **_figures(document)} for document in done.documents], done.skipped

    def tell(self, rows: Sequence[dict[str, str]], skipped: Sequence[Skipped]) -> None:
        for row in rows:
            days = f"{row['period_start']} to {row['period_end']}"
            self.stdout.write(f"{row.get('number', 'would issue')}  {row['customer']}  {days}  {row['total']} {row['currency']}")
        for each in skipped:
            self.stdout.write(f"skipped  {each.customer.name}: {each.error or REASONS.get(each.reason, each.reason)}")
        self.stdout.write(f"{len(rows)} invoices, {len(skipped)} skipped")


def customer_named(name: str) -> list[UUID]:
    """The customer of this name (any case) or account number. Raises CommandError when there is none."""
    found = list(Customer.objects.filter(Q(name__iexact=name) | Q(account_number=name)).values_list("pk", flat=True))
    if not found:
        raise CommandError(f"There is no customer “{name}”.")
    return found


def _figures(of: Draft | Document) -> dict[str, str]:
    """Customer, half-open period and amounts, in the minor unit."""
    start, end = (of.period.start, of.period.end) if isinstance(of, Draft) else (of.period_start, of.period_end)
    currency = of.customer.currency
    amounts = {name: plain(round_half_up(getattr(of, name), minor_units(currency))) for name in ("net", "tax", "total")}
    return {"customer": of.customer.name, "period_start": start.isoformat(), "period_end": end.isoformat(), **amounts, "currency": currency}
