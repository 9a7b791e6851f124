"""What lies in the portal before somebody opens a page: made by the verbs, with days counted from today."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from customers.domain import customers
from customers.models import Customer
from invoicing.models import Document
from rateplans.models import RatePlan
from tests.support import months, people, world


def now() -> datetime:
    """The moment a test sees; the portal's own clock goes on."""
    return datetime.now(UTC)


def last_month() -> date:
    """The first day of last month."""
    return month_before(now().date())


def customer(name: str, **fields: Any) -> Customer:
    """A post-paid customer in pounds on the plan Standard, with its first person, billed from last month on."""
    plan = RatePlan.objects.filter(name="Standard").first() or world.plan()
    short = name.split()[0].lower()
    given = {"plan": plan, "billing_email": f"{short}@{short}.example", "billing_since": last_month()} | fields
    return customers.create(name, actor=people.system, at=now(), **given)


def month_before(day: date) -> date:
    """The first day of the month before this day's."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def invoiced(of: Customer, month: date, price: str) -> Document:
    """The invoice of a month in which the customer made one call of this price."""
    months.calls(of, f"{month:%Y-%m}-03 09:00", price=price)
    after = (month + timedelta(days=32)).replace(day=1)
    [document] = months.issue(after.isoformat(), datetime(after.year, after.month, 1, 6, tzinfo=UTC), of)
    return document
