"""Questions start from who asks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http import Http404

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import AuditEntry, Role, User
from billing_portal.web.viewer import ANONYMOUS, Viewer
from customers import queries
from customers.middleware import CustomerParty
from customers.models import Customer, PlanAssignment, Standing
from tests.support import world

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
STAFF = Viewer(role=Role.REPORTS)


def test_staff_see_all_people_their_own_and_strangers_none(anna: Customer, bob: Customer) -> None:
    ann = Viewer(role=Role.ACCOUNT_USER, party=CustomerParty.of(anna))

    assert [customer.name for customer in queries.visible_to(STAFF)] == ["Anna Ltd", "Bob Ltd"]
    assert list(queries.visible_to(ann)) == [anna]
    assert list(queries.visible_to(Viewer(role=Role.ACCOUNT_ADMIN))) == []
    assert list(queries.visible_to(ANONYMOUS)) == []


def test_staff_who_switched_see_one(anna: Customer, bob: Customer) -> None:
    assert list(queries.visible_to(Viewer(role=Role.ADMINISTRATOR, party=CustomerParty.of(bob)))) == [bob]


def test_another_customers_number_is_not_found(anna: Customer, bob: Customer) -> None:
    ann = Viewer(role=Role.ACCOUNT_ADMIN, party=CustomerParty.of(anna))

    assert queries.customer_or_404(ann, anna.account_number) == anna
    with pytest.raises(Http404):
        queries.customer_or_404(ann, bob.account_number)


def test_a_customer_of_globex_is_not_found_at_acme(anna: Customer, globex: Any) -> None:
    with pytest.raises(Http404):
        queries.customer_or_404(STAFF, anna.account_number)


def test_the_plan_at_a_moment_is_the_latest_begun(anna: Customer, bob: Customer) -> None:
    later = world.plan("Later")
    PlanAssignment.objects.create(customer=anna, plan=later, valid_from=NOON)
    PlanAssignment.objects.filter(customer=bob).delete()
    ids = [anna.pk, bob.pk]

    assert {pk: plan.name for pk, plan in queries.plan_at(ids, NOON - timedelta(microseconds=1)).items()} == {anna.pk: "Standard"}
    assert {pk: plan.name for pk, plan in queries.plan_at(ids, NOON).items()} == {anna.pk: "Later"}
    assert [each.plan.name for each in queries.assignments_of(ids)[anna.pk]] == ["Later", "Standard"]


@pytest.mark.parametrize(
    ("billing_type", "wallet", "receivable", "limit", "unlimited", "available"),
    [
        ("postpaid", "0", "-70", "100", False, "30"),
        ("postpaid", "0", "-100.01", "100", False, "-0.01"),
        ("postpaid", "0", "-70", "100", True, None),
        ("prepaid", "4.12", "-1", "0", False, "4.12"),
    ],
)
def test_the_list_computes_what_the_standing_says(
    anna: Customer, billing_type: str, wallet: str, receivable: str, limit: str, unlimited: bool, available: str | None
) -> None:
    given = {"billing_type": billing_type, "wallet": Decimal(wallet), "receivable": Decimal(receivable), "credit_limit": Decimal(limit)}
    Standing.objects.update(**given, credit_unlimited=unlimited, held=Decimal(0))

    listed = queries.customers_to_list(STAFF, NOON).get()

    expected = None if available is None else Decimal(available)
    assert (listed.available, listed.standing.available) == (expected, expected)  # type: ignore[attr-defined]
    assert listed.balance_now == listed.standing.balance == Decimal(wallet) + Decimal(receivable)  # type: ignore[attr-defined]


@pytest.mark.parametrize("term", ["ANNA", "1000", "anna@anna", "GB12", "acme-"])
def test_the_search_looks_at_name_number_code_email_and_tax_reference(anna: Customer, bob: Customer, term: str) -> None:
    Customer.objects.filter(pk=anna.pk).update(tax_reference="GB123", switch_account_code="acme-100", account_number="100077")
    Customer.objects.filter(pk=bob.pk).update(account_number="200077")

    assert list(queries.visible_to(STAFF).filter(queries.search(term))) == [anna]


def test_one_switches_to_resellers_then_to_whom_one_was_in_last_then_to_the_others_by_name(anna: Customer, bob: Customer) -> None:
    user = User.objects.create(username="jane", full_name="Jane", role=Role.ADMINISTRATOR)
    jane = Viewer(role=Role.ADMINISTRATOR, user=user, actor=Actor(name="Jane", via="web", user_id=user.pk))
    zoe, yan = world.customer("zoe Ltd"), world.customer("Yan Ltd")
    world.customer("Gone Ltd", status=Customer.Status.CLOSED)
    world.customer("Wholesale", kind=Customer.CustomerKind.RESELLER, reseller_schema="wholesale")
    for minutes, entered in enumerate((yan, zoe, yan)):
        at = NOON + timedelta(minutes=minutes)
        AuditEntry.objects.create(at=at, actor_id=user.pk, actor_name="Jane", action="customer.entered", customer_id=entered.pk)

    def named(count: int) -> list[str]:
        return [name for _number, name in queries.targets(jane, count)]

    assert named(50) == ["Wholesale", "Yan Ltd", "zoe Ltd", "Anna Ltd", "Bob Ltd"]
    assert named(2) == ["Wholesale", "Yan Ltd"]
    assert queries.targets(STAFF, 50) == []
