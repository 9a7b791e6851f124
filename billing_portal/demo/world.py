"""The sample world: the owner, two resellers, their customers, and what happened in the last months."""

import json
from collections.abc import Callable
from datetime import datetime

from django_tenants.utils import schema_context

from billing_portal.accounts.models import User
from billing_portal.demo import furnishing, history
from billing_portal.demo.calendar import Calendar
from billing_portal.demo.cast import ACME, GLOBEX, OWNER, PASSWORD, House
from billing_portal.demo.furnishing import PROGRAM
from billing_portal.env import data_folder
from billing_portal.local import write_private
from billing_portal.tenancy import queries
from customers.domain import resellers
from rateplans.models import RatePlan

SIGN_INS = "signins.json"


def create(say: Callable[[str], None], *, now: datetime) -> None:
    """Make the sample world as of now; the same now gives the same world. The database must be empty."""
    calendar = Calendar(now)
    for house in (OWNER, ACME, GLOBEX):
        _found(house, now)
        with schema_context(house.schema):
            residents = furnishing.furnish(house, at=now, since=calendar.first_day)
            say(f"{house.name}: {len(residents)} customers")
            history.tell(house, residents, calendar, say)
    write_private(data_folder() / SIGN_INS, json.dumps(sign_ins(), indent=1))


def sign_ins() -> list[dict[str, str]]:
    """Who may sign in where, for people to try; one password for all."""
    rows = []
    for house in (OWNER, ACME, GLOBEX):
        for full_name, role in house.staff:
            rows.append(_row(house, furnishing.username_of(full_name), role))
        with schema_context(house.schema):
            person = User.objects.filter(person__customer__name=house.companies[0].name).get()
        rows.append(_row(house, person.username, f"person of {house.companies[0].name}"))
    return rows


def _row(house: House, username: str, role: str) -> dict[str, str]:
    return {"address": f"http://{house.host}:{{port}}", "username": username, "password": PASSWORD, "role": role}


def _found(house: House, at: datetime) -> None:
    """Register the reseller and make its schema; all but the owner are customers of the owner, on its wholesale plan of their currency."""
    parent = None if house is OWNER else queries.named(OWNER.schema)
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
        at=at,
    )


def _wholesale(house: House) -> RatePlan:
    with schema_context(OWNER.schema):
        return RatePlan.objects.get(name=f"Wholesale {house.currency}")
