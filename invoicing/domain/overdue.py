"""Since when a customer is overdue, kept on its standing for lists (architecture §3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection

from billing_portal.jobs import outbox
from billing_portal.kernel.period import first_instant, local_date
from customers.models import Customer
from invoicing.models import Document
from invoicing.queries import documents as queries

DAY = timedelta(days=1)
WRITE = """
    UPDATE customers_standing AS standing SET overdue_since = seen.since
      FROM (SELECT unnest(%s::uuid[]) AS customer_id, unnest(%s::date[]) AS since) AS seen
     WHERE standing.customer_id = seen.customer_id AND standing.overdue_since IS DISTINCT FROM seen.since
"""


def refresh(customer_ids: Collection[UUID], *, at: datetime) -> None:
    """Write down since when each of these customers is overdue, in its own time zone: the oldest due date that has passed, or nothing (E32)."""
    since: dict[UUID, date | None] = dict.fromkeys(customer_ids)
    for document in queries.open_documents(customer_ids).select_related("customer"):
        if since[document.customer_id] is None and document.due_on < local_date(at, document.customer.time_zone):
            since[document.customer_id] = document.due_on
    ids = sorted(since)
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [ids, [since[customer_id] for customer_id in ids]])


def refresh_zone(zone: str, *, at: datetime) -> None:
    """The same for every customer of a time zone."""
    refresh(list(Customer.objects.filter(time_zone=zone).values_list("pk", flat=True)), at=at)


def watch(documents: Collection[Document]) -> None:
    """Owe a look at the first instant after these documents' due dates; one job per zone and day."""
    for zone, due_on in sorted({(document.time_zone, document.due_on) for document in documents}):
        outbox.add("invoices.overdue", {"zone": zone}, key=f"overdue:{zone}:{due_on}", at=first_instant(due_on + DAY, zone))
