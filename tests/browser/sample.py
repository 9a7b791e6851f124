"""What lies in the portal before somebody opens a page: made by the verbs, with days counted from today."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from customers.domain import customers
from customers.models import Customer
from rateplans.models import RatePlan
from tests.support import people, world


def now() -> datetime:
    """The moment a test sees; the portal's own clock goes on."""
    return datetime.now(UTC)


def last_month() -> date:
    """The first day of last month."""
    return (now().date().replace(day=1) - timedelta(days=1)).replace(day=1)


def customer(name: str, **fields: Any) -> Customer:
    """A post-paid customer in pounds on the plan Standard, with its first person, billed from last month on."""
    plan = RatePlan.objects.filter(name="Standard").first() or world.plan()
    short = name.split()[0].lower()
    given = {"plan": plan, "billing_email": f"{short}@{short}.example", "billing_since": last_month()} | fields
    return customers.create(name, actor=people.system, at=now(), **given)
