"""Making a reseller is killed between each two of its steps, by pid: nothing half stands, and trying again finishes it (semantics 23)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import environ
import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.accounts.models import AuditEntry, Role, User
from billing_portal.jobs.domain import running
from billing_portal.jobs.models import Job, Progress
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import CustomerName, Domain, Reseller
from customers.models import Customer, PlanAssignment
from rateplans.models import RatePlan
from tests import sizes
from tests.customers.domain.test_reseller_orders import FIELDS
from tests.support import killing, world
from tests.support.jobs import run_jobs
from tests.support.people import client, user

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE_END = "before billing_portal.jobs.domain.running._finish"
END = "after billing_portal.jobs.domain.running._finish"
STEPS = (
    "after billing_portal.tenancy.domain.partitions.make_all",
    "after customers.domain.resellers._enter_into_parent",
    "before customers.domain.resellers._register",
    "after billing_portal.tenancy.domain.schemas.register",
    "before billing_portal.tenancy.domain.schemas.make",
    "after billing_portal.tenancy.domain.schemas.make",
    "after customers.domain.customers.create",
    "after rateplans.domain.plans.create_own",
    "after billing_portal.accounts.domain.users.create",
    "after customers.domain.resellers._furnish",
    BEFORE_END,
)[: sizes.size(2, 11)]


def as_owner(work: Callable[[], object]) -> Callable[[], None]:
    """Work in the owner's database role, as the provisioning worker does, in a process of its own."""

    def done() -> None:
        given = environ.Env.db_url_config(os.environ["DATABASE_OWNER_URL"])
        connection.settings_dict.update({name: given[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")})
        work()

    return done


def heading(window: Any, url: str) -> str:
    """How far the page says it is."""
    page: str = window.get(url).content.decode()
    return page.split('id="how-far">')[1].split("</h2>")[0].strip()


@pytest.mark.parametrize("step", STEPS)
def test_killed_while_a_reseller_is_made(acme: Any, step: str) -> None:
    world.plan("Wholesale", "EUR")
    window: Any = client(user("jane"))
    url = window.post("/platform/resellers/new/", FIELDS | {"plan": str(RatePlan.objects.get().pk)}).url
    job = Job.objects.get(kind="resellers.make")

    def make() -> None:
        running.run(job.pk)

    assert killing.at_step(step, as_owner(make), schema="acme")
    assert heading(window, url) == ("Made" if step == BEFORE_END else "Being made"), "only what is all there is said to be made"
    assert killing.at_step(END, as_owner(make), schema="acme"), "another worker takes it over at once and comes to its end"

    assert "3 of 3 steps" in window.get(url).content.decode()
    assert (Job.objects.get(pk=job.pk).state, Progress.objects.get().state) == ("done", "finished")
    row = Customer.objects.get(reseller_schema="northwind")
    assert (row.currency, PlanAssignment.objects.get(customer=row).plan.name) == ("EUR", "Wholesale")
    assert AuditEntry.objects.filter(action="reseller.created").count() == 1
    assert CustomerName.objects.filter(customer_id=row.pk).count() == 1
    assert Domain.objects.get(domain="northwind.acme.localhost").tenant == Reseller.objects.get(schema_name="northwind", state="ready")
    with schema_context("northwind"):
        assert User.objects.get().role == Role.ADMINISTRATOR
        assert RatePlan.objects.get().inherits == RatePlan.Inherits.OWN_PLAN
        run_jobs()
        assert [mail.recipients for mail in MailLog.objects.all()] == [["nora@northwind.example"]]
