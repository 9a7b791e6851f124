"""Plans shared down the tree: who sees them, what may be done with them, and when they end."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.models import Reseller
from rateplans import queries
from rateplans.domain import imports, plans, sharing
from rateplans.models import RatePlan
from tests.rateplans.steps import HOUR, NOON, made
from tests.support import world
from tests.support.jobs import run_jobs
from tests.support.world import jane


@pytest.fixture
def below_acme(globex: Any) -> None:
    """Globex becomes a reseller of Acme, which is one of the owner."""
    with schema_context("public"):
        Reseller.objects.filter(schema_name="globex").update(parent=Reseller.objects.get(schema_name="acme"))


def share(how: str, at: Any = NOON) -> None:
    """The owner's plan Worldwide is shared so; the jobs below are done."""
    with schema_context("owner"):
        plan = RatePlan.objects.filter(name="Worldwide").first() or world.plan("Worldwide", "EUR", precision=3)
        plans.change(plan, sharing=how, actor=jane, at=at)
    for schema in ("acme", "globex"):
        with schema_context(schema):
            run_jobs(sharing.REFRESH)


def seen(schema: str) -> list[tuple[str, str, int, bool]]:
    with schema_context(schema):
        return [(plan.name, plan.currency, plan.precision, plan.withdrawn) for plan in queries.all_plans()]


def test_a_plan_shared_with_resellers_reaches_them_and_not_theirs(below_acme: None) -> None:
    share("resellers")
    assert (seen("acme"), seen("globex")) == ([("Worldwide", "EUR", 3, False)], [])


def test_a_plan_shared_recursively_reaches_everybody_below_and_points_at_its_source(below_acme: None) -> None:
    share("recursive")
    assert seen("acme") == seen("globex") == [("Worldwide", "EUR", 3, False)]
    with schema_context("globex"):
        assert RatePlan.objects.get().shared_schema == "owner"


def test_a_plan_taken_back_is_withdrawn_and_comes_back_as_the_same(below_acme: None) -> None:
    share("recursive")
    share("resellers", NOON + HOUR)
    assert (seen("acme"), seen("globex")) == ([("Worldwide", "EUR", 3, False)], [("Worldwide", "EUR", 3, True)])
    with schema_context("globex"):
        assert not queries.visible_plans().exists()
    share("recursive", NOON + 2 * HOUR)
    assert seen("globex") == [("Worldwide", "EUR", 3, False)]


def test_what_changes_at_the_source_changes_below(below_acme: None) -> None:
    share("recursive")
    with schema_context("owner"):
        plans.change(RatePlan.objects.get(), name="Everywhere", precision=6, actor=jane, at=NOON + HOUR)
    with schema_context("acme"):
        run_jobs(sharing.REFRESH)
    assert seen("acme") == [("Everywhere", "EUR", 6, False)]


def test_a_name_the_reseller_uses_itself_gets_a_number(below_acme: None) -> None:
    with schema_context("acme"):
        made("worldwide")
    share("resellers")
    assert [name for name, *_rest in seen("acme")] == ["worldwide", "Worldwide (2)"]


def test_a_shared_plan_is_read_only(below_acme: None) -> None:
    share("recursive")
    plan = RatePlan.objects.get()
    for refused in (lambda: plans.change(plan, name="Mine", actor=jane, at=NOON), lambda: import_into(plan)):
        with pytest.raises(DomainError, match="shared_read_only"):
            refused()
    assert RatePlan.objects.get().name == "Worldwide"


def import_into(plan: RatePlan) -> None:
    stored = imports.preview(plan, "rates.csv", b"prefix,destination,per minute\n44,UK,1\n", "replace", jane, at=NOON).rate_import
    assert stored is not None
    imports.apply(stored, actor=jane, at=NOON)


def test_a_new_reseller_gets_its_own_rate_plan_once(acme: Any) -> None:
    with schema_context("owner"):
        world.customer("Acme", on=world.plan("Resellers", "EUR"), kind="reseller", reseller_schema="acme")
        world.plan("Worldwide", "USD", sharing="resellers")
    first, again = plans.create_own(actor=jane, at=NOON), plans.create_own(actor=jane, at=NOON)
    assert first is not None
    assert first == again
    assert (first.name, first.currency, first.inherits, first.markup_percent) == ("Your own rate plan", "EUR", "own_plan", Decimal(0))
    assert [plan.name for plan in queries.visible_plans()] == ["Your own rate plan", "Worldwide"]


def test_the_root_has_no_plan_of_a_parent(owner: Any) -> None:
    assert plans.create_own(actor=jane, at=NOON) is None
    with pytest.raises(DomainError, match="no_own_plan"):
        plans.create(name="Own", inherits="own_plan", actor=jane, at=NOON)
    assert connection.schema_name == "owner"
