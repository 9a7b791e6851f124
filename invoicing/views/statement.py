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
from billing_portal.kernel.period import local_date
from billing_portal.web import display
from billing_portal.web.access import staff
from billing_portal.web.downloads import csv_file
from billing_portal.web.viewer import PortalRequest
from customers import queries as customers
from customers.models import Customer
from customers.views.shell import customer_page
from invoicing.domain import statement
from invoicing.domain.statement import Statement
from invoicing.forms.runs import PeriodForm

SHOWN = 1000


@staff
@require_safe
def of_customer(request: PortalRequest, account: str) -> HttpResponseBase:
    customer = customers.customer_or_404(request.viewer, account)
    form, made = asked(request, customer)
    if request.GET.get("format") == "csv" and made is not None:
        return csv(made)
    return customer_page(request, "invoicing/statement.html", customer, **context(form, made))


def asked(request: PortalRequest, customer: Customer) -> tuple[PeriodForm, Statement | None]:
    """The form and the statement it asks for; without dates, this month and the two before."""
    usual = statement.last_months(local_date(timezone.now(), customer.time_zone), customer.time_zone)
    start = {"first": usual.start.isoformat(), "last": usual.last_day.isoformat()}
    form = PeriodForm({name: request.GET.get(name, value) for name, value in start.items()}, zone=customer.time_zone)
    return form, statement.of(customer, form.period()) if form.is_valid() else None


def context(form: PeriodForm, made: Statement | None) -> dict[str, Any]:
    """What the page shows; amounts exact, because a statement adds up to the last digit."""
    if made is None:
        return {"form": form, "statement": None, "rows": [], "more": 0}
    shown = made.rows[:SHOWN]
    places = decimals([made.opening, made.closing, *(row.amount for row in shown), *(row.balance for row in shown)], made.customer.currency)
    rows = [(row, money.number(row.amount, places=places), money.number(row.balance, places=places)) for row in shown]
    sums = {name: money.number(getattr(made, name), places=places) for name in ("opening", "closing", "money_in", "money_out")}
    return {"form": form, "statement": made, "rows": rows, "more": max(0, len(made.rows) - SHOWN), "sums": sums}


def decimals(amounts: Iterable[Decimal], currency: str) -> int:
    """As many decimals as the finest of these amounts has, at least the currency's, so that columns line up and nothing is rounded."""
    finest = [len(money.plain(amount).partition(".")[2].rstrip("0")) for amount in amounts]
    return sorted([*finest, money.minor_units(currency)])[-1]


def csv(made: Statement) -> HttpResponseBase:
    """The statement as a file: local times, plain decimals."""
    header = [_("Posted"), _("Movement"), _("Detail"), _("Invoice"), _("Amount"), _("Balance"), _("Currency")]
    name = f"statement {made.customer.account_number} {made.period.start} {made.period.last_day}.csv"
    return csv_file(name, header, list(_csv_rows(made)))


def _csv_rows(made: Statement) -> Iterator[list[str]]:
    zone, currency = made.customer.time_zone, made.customer.currency
    for row in made.rows:
        yield [display.exact(row.at, zone), row.text, row.detail, row.number, money.plain(row.amount), money.plain(row.balance), currency]
