"""Rate plans: a name, a currency for life, and who wrote what."""

from decimal import Decimal
from typing import Any

import pytest

from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from rateplans import queries
from rateplans.domain import plans
from rateplans.domain.decks import deck_of
from rateplans.models import RatePlan
from tests.rateplans.steps import HOUR, NOON, load, made
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


def test_an_inheriting_plan_takes_its_sources_currency(acme: Any) -> None:
    plan = plans.create(name="Heir", currency="USD", inherits="plan", source=made(currency="EUR"), actor=jane, at=NOON)
    assert (plan.currency, plan.inherits) == ("EUR", "plan")


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"inherits": "plan"}, "source_missing", "source"),
        ({"inherits": "own_plan"}, "no_own_plan", "inherits"),
        ({"inherits": "shared"}, "inherits_unknown", "inherits"),
        ({"markup_percent": Decimal(5)}, "markup_without_source", "markup_percent"),
        ({"markup_percent": Decimal(-100)}, "markup_out_of_range", "markup_percent"),
        ({"markup_percent": Decimal("1000.01")}, "markup_out_of_range", "markup_percent"),
        ({"sharing": "everybody"}, "sharing_unknown", "sharing"),
    ],
)
def test_a_plan_cannot_inherit_so(acme: Any, given: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        made(**({"name": "Other"} | given))
    assert (refused.value.code, refused.value.field) == (code, field)
    assert RatePlan.objects.count() == 0


def test_a_source_is_for_life_so_that_no_plan_can_come_to_inherit_from_itself(acme: Any) -> None:
    base = made("Base")
    heir = plans.create(name="Heir", inherits="plan", source=base, actor=jane, at=NOON)
    with pytest.raises(DomainError, match="not_changeable"):
        plans.change(base, source=heir, inherits="plan", actor=jane, at=NOON)


def test_four_mark_ups_stand_upon_each_other_and_not_five(acme: Any) -> None:
    plan = made("Base")
    load(plan, b"prefix,destination,per minute\n44,UK,1\n")
    for number in range(1, 5):
        plan = plans.create(name=f"Level {number}", inherits="plan", source=plan, markup_percent=Decimal("1.01"), actor=jane, at=NOON)
    without = plans.create(name="Level 5", inherits="plan", source=plan, actor=jane, at=NOON)
    with pytest.raises(DomainError, match="too_many_markups"):
        plans.change(without, markup_percent=Decimal(1), actor=jane, at=NOON + HOUR)
    assert RatePlan.objects.get(name="Level 5").markup_percent == 0


def test_a_new_mark_up_is_a_version_with_the_rates_the_plan_has_itself(acme: Any) -> None:
    base = made("Base")
    load(base, b"prefix,destination,per minute\n44,UK,1\n")
    plan = plans.create(name="Heir", inherits="plan", source=base, markup_percent=Decimal(10), actor=jane, at=NOON)
    load(plan, b"prefix,destination,per minute\n33,France,2\n", at=NOON + HOUR)
    plans.change(plan, markup_percent=Decimal(50), actor=jane, at=NOON + 2 * HOUR)
    assert [(version.number, version.rate_count, version.markup_percent) for version in plan.versions.order_by("number")] == [
        (1, 0, Decimal(10)),
        (2, 1, Decimal(10)),
        (3, 1, Decimal(50)),
    ]
    by_moment = [deck_of(plan, NOON + hours * HOUR) for hours in (0, 1, 2)]
    assert [[str(rate.per_minute) for rate in found[1].rates] for found in by_moment if found] == [
        ["1.100000"],
        ["2.000000", "1.100000"],
        ["2.000000", "1.500000"],
    ]
