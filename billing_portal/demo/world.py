"""The sample world: the owner, its resellers, one of them with a reseller of its own, their customers, and what happened in the last months."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django_tenants.utils import schema_context

from billing_portal.accounts.models import User
from billing_portal.demo import furnishing
from billing_portal.demo.calendar import Calendar
from billing_portal.demo.cast import HOUSES, OWNER, PASSWORD, House
from billing_portal.demo.furnishing import PROGRAM
from billing_portal.demo.history import Story
from billing_portal.env import data_folder
from billing_portal.local import write_private
from billing_portal.tenancy import queries
from billing_portal.tenancy.domain.partitions import month_start
from customers.domain import resellers
from rateplans.domain import exchange
from rateplans.models import RatePlan

SIGN_INS = "signins.json"
PER_EURO = (("0.8660", "1.1580"), ("0.8700", "1.1640"), ("0.8680", "1.1610"))  # pounds and dollars, month by month


def create(say: Callable[[str], None], *, now: datetime) -> None:
    """Make the sample world as of now; the same now gives the same world. The database must be empty."""
    calendar = Calendar(now)
    stories = []
    for house in HOUSES:
        _found(house, calendar)
        with schema_context(house.schema):
            if house is OWNER:
                publish_rates(calendar)
            residents = furnishing.furnish(house, at=now, since=calendar.first_day)
            stories.append(Story(house, residents, calendar))
            say(f"{house.name}: {len(residents)} customers")
    _tell(stories[::-1], calendar, say)
    write_private(data_folder() / SIGN_INS, json.dumps(sign_ins(), indent=1))


def _tell(stories: Sequence[Story], calendar: Calendar, say: Callable[[str], None]) -> None:
    """Month by month, those at the bottom first: their calls have climbed before their parent's invoices are run."""
    for month in calendar.months():
        for story in stories:
            with schema_context(story.house.schema):
                for day in month:
                    story.pass_day(day)
        say(f"{month[0]:%B %Y}")
    for story in stories:
        with schema_context(story.house.schema):
            story.end()


def publish_rates(calendar: Calendar) -> None:
    """Rough exchange rates of every few days: margins between currencies can be seen, and today's calls are converted."""
    months = [month_start(calendar.first_day, offset) for offset in range(len(PER_EURO))]
    for day in calendar.rate_days:
        pound, dollar = PER_EURO[max(sum(month <= day + timedelta(days=1) for month in months) - 1, 0)]
        for currency, rate in (("GBP", pound), ("USD", dollar)):
            exchange.put(currency, day, Decimal(rate), actor=PROGRAM, at=calendar.now)


def sign_ins() -> list[dict[str, str]]:
    """Who may sign in where, for people to try; one password for all."""
    rows = []
    for house in HOUSES:
        for full_name, role in house.staff:
            rows.append(_row(house, furnishing.username_of(full_name), role))
        with schema_context(house.schema):
            person = User.objects.filter(person__customer__name=house.companies[0].name).get()
        rows.append(_row(house, person.username, f"person of {house.companies[0].name}"))
    return rows


def _row(house: House, username: str, role: str) -> dict[str, str]:
    return {"address": f"http://{house.host}:{{port}}", "username": username, "password": PASSWORD, "role": role}


def _found(house: House, calendar: Calendar) -> None:
    """Register the reseller and make its schema; all but the owner are customers of their parent, on its wholesale plan of their currency."""
    parent = None if house is OWNER else queries.named(house.parent)
    resellers.create(
        house.schema,
        name=house.name,
        host=house.host,
        parent=parent,
        currency=house.currency,
        time_zone=house.zone,
        admin_email=furnishing.email_of(house.staff[0][0], house),
        plan=_wholesale(house) if parent else None,
        actor=PROGRAM,
        at=calendar.now,
    )
    if parent is not None:
        with schema_context(parent.schema_name):
            furnishing.settle_in(house, since=calendar.first_day, at=calendar.now)


def _wholesale(house: House) -> RatePlan:
    with schema_context(house.parent):
        return RatePlan.objects.get(name=f"Wholesale {house.currency}")
