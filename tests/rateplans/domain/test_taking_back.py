"""A shared plan that customers below are on is taken back only on purpose (E3.2, semantics 24)."""

from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from customers.models import Customer, PlanAssignment
from rateplans.domain import plans, sharing, taking_back
from rateplans.models import RatePlan
from tests.rateplans.conftest import Desk
from tests.rateplans.steps import HOUR, NOON
from tests.support import walks, world
from tests.support.jobs import run_jobs
from tests.support.world import jane


@pytest.fixture
def shared(owner: Any) -> RatePlan:
    """The owner's plan Worldwide reaches Acme, and Globex below it; at both a customer is on it, at Globex another on a plan that inherits from it."""
    walks.plant()
    with schema_context("owner"):
        plan = world.plan("Worldwide", "GBP")
        plans.change(plan, sharing="recursive", actor=jane, at=NOON)
    for schema, name in (("acme", "Anna Ltd"), ("globex", "Gina Ltd")):
        with schema_context(schema):
            run_jobs(sharing.REFRESH)
            world.customer(name, on=RatePlan.objects.get())
    with schema_context("globex"):
        dear = plans.create(name="Dear", inherits="plan", source=RatePlan.objects.get(), actor=jane, at=NOON)
        world.customer("Gus Ltd", on=dear)
        world.customer("Gone Ltd", on=dear, status="closed")
    with schema_context("owner"):
        return RatePlan.objects.get()


def used(plan: RatePlan, to: str) -> list[tuple[str, int]]:
    with schema_context("owner"):
        return [(use.reseller, use.customers) for use in taking_back.uses(plan, to, at=NOON + HOUR)]


def test_customers_of_a_reseller_of_ours_and_of_those_below_it_are_counted(shared: RatePlan) -> None:
    assert (used(shared, "private"), used(shared, "resellers"), used(shared, "recursive")) == ([("Acme", 3)], [("Acme", 2)], [])


def test_a_reseller_that_was_put_on_the_plan_loses_it_with_all_below(shared: RatePlan) -> None:
    """Globex's own rate plan is the one Acme put it on."""
    with schema_context("acme"):
        PlanAssignment.objects.create(customer=Customer.objects.get(reseller_schema="globex"), plan=RatePlan.objects.get())
    with schema_context("globex"):
        world.customer("Gil Ltd", on=plans.create(name="Own", inherits="own_plan", actor=jane, at=NOON))

    assert used(shared, "private") == [("Acme", 5)]


def test_nothing_is_changed_until_it_is_said_on_purpose(shared: RatePlan) -> None:
    with pytest.raises(DomainError) as refused:
        plans.change(shared, name="Everywhere", sharing="private", actor=jane, at=NOON + HOUR)
    assert (refused.value.code, refused.value.field) == ("used_below", "take_back")
    assert "Acme for 3 customers" in refused.value.message
    assert "Gina" not in refused.value.message
    assert "Globex" not in refused.value.message
    shared.refresh_from_db()
    assert (shared.name, shared.sharing) == ("Worldwide", "recursive")

    plans.change(shared, sharing="private", take_back=True, actor=jane, at=NOON + HOUR)
    shared.refresh_from_db()
    assert shared.sharing == "private"


def test_what_nobody_below_uses_is_taken_back_at_once(shared: RatePlan) -> None:
    with schema_context("owner"):
        other = world.plan("Other", "GBP", sharing="recursive")
        assert plans.change(other, sharing="private", actor=jane, at=NOON + HOUR).sharing == "private"
        assert plans.change(shared, name="Everywhere", actor=jane, at=NOON + HOUR).name == "Everywhere"


def test_the_page_asks_for_a_tick(shared: RatePlan, desk: Desk) -> None:
    with schema_context("owner"):
        window: Client = desk("administrator", "localhost")
        address = f"/rate-plans/{shared.pk}/change/"
        given = {"name": "Worldwide", "precision": "4", "sharing": "private"}
        assert "take_back" not in window.get(address).content.decode()

        asked = window.post(address, given)
        assert asked.status_code == 422
        assert "It is used by Acme for 3 customers." in asked.content.decode()
        assert 'name="take_back"' in asked.content.decode()
        shared.refresh_from_db()
        assert shared.sharing == "recursive"

        assert window.post(address, given | {"take_back": "on"}).status_code == 302
        shared.refresh_from_db()
        assert shared.sharing == "private"
