"""`manage.py create_reseller`: a reseller with schema, host, customer row in its parent and administrator (contracts, Commands)."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django_tenants.utils import tenant_context

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.errors import require
from billing_portal.tenancy.commands import PortalCommand, find
from billing_portal.tenancy.models import Reseller
from billing_portal.tenancy.queries import address_of
from customers.domain import resellers
from rateplans.models import RatePlan
from rateplans.queries import plan_named

AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


class Command(PortalCommand):
    help = "Make a reseller: its schema and host, its customer row in the parent, and an administrator who gets login details. Goes on after a failure."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("short_name", metavar="NAME", help="short name: the schema and the first label of the host, such as acme")
        parser.add_argument("--host", required=True, help="host its pages answer on, such as acme.localhost")
        parser.add_argument("--parent", default="", metavar="NAME", help="short name of the reseller it buys from; only the root, owner, has none")
        parser.add_argument("--currency", required=True, help="what it owes its parent in, and its own default, such as GBP")
        parser.add_argument("--time-zone", required=True, metavar="ZONE", help="such as Europe/London")
        parser.add_argument("--admin-email", required=True, metavar="ADDRESS", help="where the administrator's login details go")
        parser.add_argument("--plan", default="", metavar="PLAN-OF-PARENT", help="the parent's rate plan it buys by")
        parser.add_argument("--credit-limit", type=_amount, default=None, metavar="AMOUNT", help="what it may owe its parent; unlimited unless given")
        parser.add_argument("--name", default="", dest="full_name", metavar="TEXT", help="the name people see; by default the short name with a capital")

    def handle(self, *args: Any, **options: Any) -> None:
        short_name = str(options["short_name"])
        parent = find(options["parent"]) if options["parent"] else None
        reseller = resellers.create(
            short_name,
            name=options["full_name"] or short_name.capitalize(),
            host=options["host"],
            parent=parent,
            currency=str(options["currency"]).upper(),
            time_zone=options["time_zone"],
            admin_email=options["admin_email"],
            plan=_plan_of(parent, options["plan"]),
            credit_limit=options["credit_limit"] or Decimal(0),
            credit_unlimited=options["credit_limit"] is None,
            actor=Actor.program("create_reseller", via="command"),
            at=timezone.now(),
        )
        self.stdout.write(address_of(reseller))


def _amount(text: str) -> Decimal:
    """An amount of money such as 5000 or 250.50."""
    if not AMOUNT.fullmatch(text):
        raise ArgumentTypeError(f"“{text}” is not an amount such as 250.50")
    return Decimal(text)


def _plan_of(parent: Reseller | None, name: str) -> RatePlan | None:
    """The parent's rate plan of this name."""
    if not name or parent is None:
        return None
    with tenant_context(parent):
        plan = plan_named(name)
    require(plan, "unknown_plan", f"{parent.name} has no rate plan “{name}”.")
    return plan
