"""Since when a customer is overdue, kept on its standing for lists (architecture §3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from billing_portal.jobs import outbox
from billing_portal.kernel.period import first_instant, local_date
from customers.domain import standing
from customers.models import Standing
from invoicing.models import Document
from invoicing.queries import documents as queries

DAY = timedelta(days=1)
AT_ONCE = 500
WRITE = """
    UPDATE customers_standing AS standing SET overdue_since = seen.since
      FROM (SELECT unnest(%s::uuid[]) AS customer_id, unnest(%s::date[]) AS since) AS seen
     WHERE standing.customer_id = seen.customer_id AND standing.overdue_since IS DISTINCT FROM seen.since
"""


def refresh(customer_ids: Collection[UUID], *, at: datetime) -> None:
    """Write down since when each of these customers is overdue, the oldest due date that has passed where it was issued for, or nothing (E32).

    The caller holds their standings, so that nobody pays between the look and the writing.
    """
    since = _since(customer_ids, at)
    ids = sorted(since)
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [ids, [since[customer_id] for customer_id in ids]])


def refresh_zone(zone: str, *, at: datetime) -> None:
    """The same for every customer with a document of a time zone, or of the zone itself.

    Only those of whom something else is to be written are held, some at a time, and looked at again.
    """
    moved = Document.objects.filter(time_zone=zone).exclude(customer__time_zone=zone).values("customer_id")
    noted = dict(Standing.objects.filter(Q(customer__time_zone=zone) | Q(customer__in=moved)).values_list("customer_id", "overdue_since"))
    since = _since(noted, at)
    others = sorted(customer_id for customer_id in noted if noted[customer_id] != since[customer_id])
    for start in range(0, len(others), AT_ONCE):
        with transaction.atomic():
            held = standing.lock_types(others[start : start + AT_ONCE])
            refresh(list(held), at=at)


def _since(customer_ids: Collection[UUID], at: datetime) -> dict[UUID, date | None]:
    since: dict[UUID, date | None] = dict.fromkeys(customer_ids)
    for document in queries.open_documents(customer_ids):
        if since[document.customer_id] is None and document.due_on < local_date(at, document.time_zone):
            since[document.customer_id] = document.due_on
    return since


def watch(documents: Collection[Document]) -> None:
    """Owe a look at the first instant after these documents' due dates; one job per zone and day."""
    for zone, due_on in sorted({(document.time_zone, document.due_on) for document in documents}):
        outbox.add("invoices.overdue", {"zone": zone}, key=f"overdue:{zone}:{due_on}", at=first_instant(due_on + DAY, zone))
