"""What lies in the portal before somebody opens a page: made by the verbs, with days counted from today."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing_portal.accounts.models import Switch
from customers.domain import customers, features
from customers.models import Customer, Kind
from invoicing.domain import calls, overdue
from invoicing.domain.records import CallRecord
from invoicing.models import CallBatch, Document
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
    given: Any = {"plan": plan, "billing_email": f"{short}@{short}.example", "billing_since": last_month()} | fields
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


def furnish(anna: Customer) -> str:
    """Calls, a line, an overdue invoice and a part of it paid; a call that waits; a customer with a long name. The number of the invoice."""
    before = month_before(last_month())
    Customer.objects.filter(pk=anna.pk).update(billing_since=before)
    anna.refresh_from_db()
    document = invoiced(anna, before, "30.0000")
    months.moved(Kind.PAYMENT, anna, "10.00", f"{last_month():%Y-%m}-20 09:00", note="BACS 17")
    features.add_line(anna, "1001", description="Reception", actor=people.system, at=now())
    customer("A company whose name is so long that it has to be broken or cut somewhere GmbH & Co. Kommanditgesellschaft")
    at = now() - timedelta(hours=2)
    records = [CallRecord(f"c{number}", to, at, account="100001", answered_at=at, seconds=61) for number, to in enumerate(("442079460123", "4930123456"))]
    calls.ingest(records, switch=Switch.objects.create(name="fs1"), source=CallBatch.Source.API, actor=people.system, at=at)
    overdue.refresh([anna.pk], at=now())
    return document.number
