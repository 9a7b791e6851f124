"""Lock the calls of customers who spent today's limit until their next local midnight (semantics 31, E14)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from billing_portal.accounts.actor import Actor
from billing_portal.jobs import outbox
from billing_portal.kernel.period import first_instant, local_date
from customers.domain import locks
from customers.models import Lock, Standing

DAY = timedelta(days=1)
system = Actor.program("Daily limit")

OPEN = Lock.objects.filter(customer_id=OuterRef("customer_id"), reason=Lock.Reason.DAILY_LIMIT, lifted_at=None)


def review(customer_ids: Iterable[UUID], *, at: datetime) -> None:
    """Lock who spent today as much as the limit or more, and lift the lock of who did not: a new day, a raised limit, none any more.

    The lock ends at the first instant of the next local date, whatever the clocks do that night. The caller holds the standings' locks.
    """
    limited = Standing.objects.annotate(locked=Exists(OPEN)).filter(Q(daily_limit__isnull=False) | Q(locked=True), customer_id__in=set(customer_ids))
    for row in limited.select_related("customer").order_by("customer_id"):
        reached = row.daily_limit is not None and spent_today(row, at) >= row.daily_limit
        if reached:
            _lock(row, at)
        elif row.locked:
            locks.lift(row.customer, Lock.Reason.DAILY_LIMIT, Lock.Scope.CALLS, actor=system, at=at)


def spent_today(row: Standing, at: datetime) -> Decimal:
    """What the customer spent on calls since its local midnight, in its currency; the cached sum may still be of an earlier day."""
    return row.spent_today if row.day == local_date(at, row.customer.time_zone) else Decimal(0)


def _lock(row: Standing, at: datetime) -> None:
    customer = row.customer
    until = first_instant(local_date(at, customer.time_zone) + DAY, customer.time_zone)
    lock = locks.set(customer, Lock.Reason.DAILY_LIMIT, Lock.Scope.CALLS, actor=system, at=at, until=until)
    if lock.until != until:
        lock.until = until
        lock.save(update_fields=["until"])
        locks.resolve(customer)
    outbox.add("daily_limit.over", {"customer": str(customer.pk)}, key=f"daily-limit:{customer.pk}:{until.isoformat()}", at=until)
