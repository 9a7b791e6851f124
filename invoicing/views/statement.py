"""A customer's statement: on the page, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing_portal.kernel import money
from billing_portal.kernel.period import Period, local_date
from billing_portal.web import display
from billing_portal.web.access import staff
from billing_portal.web.downloads import csv_file
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.models import Customer
from customers.views.shell import customer_page
from invoicing.domain import statement
from invoicing.forms.runs import PeriodForm


@staff
@require_safe
def of_customer(request: PortalRequest, account: str) -> HttpResponseBase:
    customer = customers.customer_or_404(request.viewer, account)
    file = csv(request, customer)
    return file or customer_page(request, "invoicing/statement.html", customer, **context(request, customer))


def context(request: PortalRequest, customer: Customer) -> dict[str, Any]:
    """What the page shows; amounts exact, because a statement adds up to the last digit."""
    form = _asked(request, customer)
    if not form.is_valid():
        return {"form": form, "statement": None, "rows": [], "more": 0}
    made = statement.of(customer, form.period())
    sums = {name: getattr(made, name) for name in ("opening", "closing", "money_in", "money_out")}
    places = decimals([*sums.values(), *(row.amount for row in made.rows), *(row.balance for row in made.rows)], customer.currency)
    rows = [(row, money.number(row.amount, places=places), money.number(row.balance, places=places)) for row in made.rows]
    told = {name: money.number(amount, places=places) for name, amount in sums.items()}
    return {"form": form, "statement": made, "rows": rows, "more": made.rest.count, "sums": told}


def _asked(request: PortalRequest, customer: Customer) -> PeriodForm:
    """The period asked for; without dates, this month and the two before."""
    usual = statement.last_months(local_date(timezone.now(), customer.time_zone), customer.time_zone)
    start = {"first": usual.start.isoformat(), "last": usual.last_day.isoformat()}
    return PeriodForm({name: request.GET.get(name, value) for name, value in start.items()}, zone=customer.time_zone)


def decimals(amounts: Iterable[Decimal], currency: str) -> int:
    """As many decimals as the finest of these amounts has, at least the currency's, so that columns line up and nothing is rounded."""
    finest = [len(money.plain(amount).partition(".")[2].rstrip("0")) for amount in amounts]
    return sorted([*finest, money.minor_units(currency)])[-1]


def csv(request: PortalRequest, customer: Customer) -> HttpResponseBase | None:
    """The statement as a file, where one is asked for: local times, plain decimals. It is read while it is sent, in the schema that is in force now."""
    form = _asked(request, customer)
    if request.GET.get("format") != "csv" or not form.is_valid():
        return None
    period = form.period()
    header = [_("Posted"), _("Movement"), _("Detail"), _("Invoice"), _("Amount"), _("Balance"), _("Currency")]
    return csv_file(f"statement {customer.account_number} {period.start} {period.last_day}.csv", header, _csv_rows(customer, period))


def _csv_rows(customer: Customer, period: Period) -> Iterator[list[str]]:
    zone, currency = customer.time_zone, customer.currency
    for row in statement.each(customer, period):
        yield [display.exact(row.at, zone), row.text, row.detail, row.number, money.plain(row.amount), money.plain(row.balance), currency]
