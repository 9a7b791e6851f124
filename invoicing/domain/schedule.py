"""Invoices that nobody has to ask for: a period has ended in the customer's zone, and the hours for late calls have passed (semantics 10)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from billing_portal.accounts.actor import Actor
from billing_portal.jobs import outbox
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.period import local_date
from customers.models import Customer
from invoicing.domain import runs
from invoicing.models import InvoiceRun
from rateplans.queries import billing_terms

DUE = "invoices.due"
system = Actor.program("Schedule")


def look(*, at: datetime) -> None:
    """Owe one run per time zone of customers and local date, once each, whoever looks and however often (reliability 26, 30).

    The date is the one that had begun `settle_hours` ago: what ended before it has had its time. Does nothing for a reseller that issues by hand.
    """
    terms = billing_terms()
    if not terms.issue_automatically:
        return
    settled = at - timedelta(hours=terms.settle_hours)
    for zone in Customer.objects.order_by("time_zone").values_list("time_zone", flat=True).distinct():
        as_of = local_date(settled, zone).isoformat()
        outbox.add(DUE, {"as_of": as_of, "zone": zone}, key=f"{DUE}:{zone}:{as_of}")


def run(as_of: date, zone: str, *, at: datetime) -> InvoiceRun | None:
    """Begin the run for this date of all customers in this zone, whoever moved there since it began; None when nothing is to be issued."""
    key = f"schedule:{as_of}:{zone}"
    known = InvoiceRun.objects.filter(key=key).first()
    if known is not None:
        return known
    customers = list(Customer.objects.filter(time_zone=zone).values_list("pk", flat=True))
    try:
        with transaction.atomic():
            return runs.start(as_of, key=key, actor=system, at=at, customer_ids=customers)
    except DomainError as refused:
        if refused.code != "nothing_to_issue":
            raise
        return None
