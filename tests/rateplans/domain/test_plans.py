"""Rate plans: a name, a currency for life, and who wrote what."""

from typing import Any

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from rateplans import queries
from rateplans.domain import plans
from rateplans.models import RatePlan
from tests.rateplans.steps import NOON, made
from tests.support.world import jane


def test_a_plan_is_made_and_written_down(acme: Any) -> None:
    plan = made("  Standard ", currency="EUR", precision=6, due_days=30)
    assert (plan.name, plan.currency, plan.precision, plan.due_days) == ("Standard", "EUR", 6, 30)
    entry = AuditEntry.objects.get(action="plan.created")
    assert (entry.subject_name, entry.changes, entry.actor_name, entry.at) == ("Standard", {"currency": ["", "EUR"]}, "Jane Whitfield", NOON)


def test_plans_stand_in_the_order_they_were_made_unless_moved(acme: Any) -> None:
    first, second = made("Zebra"), made("Aardvark")
    assert list(queries.visible_plans()) == [first, second]
    plans.change(second, position=0, actor=jane, at=NOON)
    assert [plan.name for plan in queries.visible_plans()] == ["Aardvark", "Zebra"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": " "}, "name_missing", "name"),
        ({"name": "standard"}, "name_taken", "name"),
        ({"currency": "XXX"}, "currency_unknown", "currency"),
        ({"currency": "gbp"}, "currency_unknown", "currency"),
        ({"precision": 7}, "precision_out_of_range", "precision"),
        ({"precision": -1}, "precision_out_of_range", "precision"),
        ({"due_days": 366}, "due_days_out_of_range", "due_days"),
    ],
)
def test_a_plan_cannot_be_made_of(acme: Any, given: dict[str, Any], code: str, field: str) -> None:
    made("Standard")
    with pytest.raises(DomainError) as refused:
        made(**({"name": "Other", "currency": "GBP"} | given))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert RatePlan.objects.count() == 1


def test_another_reseller_may_use_the_same_name(acme: Any, globex: Any) -> None:
    made("Standard")
    assert RatePlan.objects.count() == 1


def test_a_change_is_written_down_field_by_field(acme: Any) -> None:
    plan = made()
    plans.change(plan, name="Better", precision=2, actor=jane, at=NOON)
    assert AuditEntry.objects.get(action="plan.changed").changes == {"name": ["Standard", "Better"], "precision": ["4", "2"]}


def test_saving_without_a_change_writes_nothing(acme: Any) -> None:
    plans.change(made(), name="Standard", actor=jane, at=NOON)
    assert not AuditEntry.objects.filter(action="plan.changed").exists()


def test_the_currency_cannot_be_changed(acme: Any) -> None:
    with pytest.raises(DomainError, match="not_changeable"):
        plans.change(made(), currency="USD", actor=jane, at=NOON)
    assert RatePlan.objects.get().currency == "GBP"


def test_a_plan_cannot_take_another_plans_name(acme: Any) -> None:
    made("Standard")
    with pytest.raises(DomainError, match="name_taken"):
        plans.change(made("Other"), name="STANDARD", actor=jane, at=NOON)
    assert sorted(plan.name for plan in queries.visible_plans()) == ["Other", "Standard"]
