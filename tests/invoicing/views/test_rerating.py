"""Reports » Calls » Rate again: a preview, a confirmation, a progress; and each call with the prices it had."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role
from billing_portal.tenancy.models import new_id
from customers.models import Customer, Person, PlanAssignment
from invoicing.domain import rerating, rerating_orders
from invoicing.domain.rerating import Named
from invoicing.models import Call, PriceChange
from tests.invoicing.domain.test_rerating import call, take
from tests.support import jobs, people, tree, world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
PAGE = "/calls/rate-again/"


@pytest.fixture
def anna(acme: Any) -> Customer:
    made = world.customer("Anna Ltd", on=world.plan("Cheap", rates={"44": ("United Kingdom", "0.60")}))
    take(call(made), call(made, "c2", seconds=120))
    return made


@pytest.fixture
def desk(acme: Any) -> Client:
    return people.client(people.user("carol", Role.COMMERCE))


def make_dear(customer: Customer) -> None:
    PlanAssignment.objects.filter(customer=customer).update(plan=world.plan("Dear", rates={"44": ("United Kingdom", "0.90")}))


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status
    return " ".join(str(answer.content.decode()).split())


def test_the_preview_shows_what_would_change_and_confirming_does_it(desk: Client, anna: Customer) -> None:
    make_dear(anna)

    seen = text(desk.get(PAGE))
    assert "Rate 2 calls again" in seen
    for part in ("Anna Ltd", "1.8000", "2.7000", "0.9000"):
        assert part in seen
    assert PriceChange.objects.count() == 0

    ordered: Any = desk.post(PAGE)
    assert jobs.run_jobs("calls.rate_again") == ["calls.rate_again"]
    done = text(desk.get(ordered.url))
    assert '<span class="bp-num">2</span> changed, <span class="bp-num">0</span> as before, of <span class="bp-num">2</span> calls' in done
    assert "Ended" in done
    assert world.balance(anna) == Decimal("-2.70")


def test_while_it_works_the_part_asks_for_itself_again(desk: Client, anna: Customer) -> None:
    make_dear(anna)
    ordered: Any = desk.post(PAGE)

    part = text(desk.get(f"{ordered.url}progress/"))

    assert f'hx-get="{ordered.url}progress/"' in part
    assert "You can leave this page" in part


def test_only_the_calls_that_the_address_asks_for_are_meant(desk: Client, anna: Customer) -> None:
    bob = world.customer("Bob Ltd", on=world.plan("Other", rates={"44": ("United Kingdom", "0.60")}))
    take(call(bob, "c3"))
    make_dear(anna)

    assert "Nothing changes" in text(desk.get(f"{PAGE}?customer=Bob"))
    assert "Rate 2 calls again" in text(desk.get(f"{PAGE}?customer=Anna"))
    desk.post(f"{PAGE}?customer=Bob")
    jobs.run_jobs("calls.rate_again")
    assert PriceChange.objects.count() == 0


def test_an_address_that_cannot_be_read_rates_nothing(desk: Client, anna: Customer) -> None:
    make_dear(anna)

    refused: Any = desk.post(f"{PAGE}?since=2026-99-99")
    assert refused.url.startswith("/calls/?")
    assert jobs.run_jobs("calls.rate_again") == []


def test_too_many_calls_are_refused_with_the_way_out(desk: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rerating_orders, "MOST", 1)

    for answer in (desk.get(PAGE), desk.post(PAGE)):
        assert "At most 10,000 calls can be rated again at once. Choose fewer, by date or customer." in text(answer, 422)


def test_without_calls_there_is_nothing_to_rate(desk: Client) -> None:
    assert "There is no call to rate again." in text(desk.get(PAGE), 422)


def test_calls_that_keep_their_price_are_counted_with_the_reason(desk: Client, anna: Customer) -> None:
    PlanAssignment.objects.filter(customer=anna).update(plan=world.plan("France", rates={"33": ("France", "0.60")}))

    assert 'The rate plan has no rate for this number: <span class="bp-num">2</span>' in text(desk.get(PAGE))


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 200), (Role.COMMERCE, 200), (Role.SUPPORT, 403), (Role.REPORTS, 403)])
def test_administrators_and_commerce_may(anna: Customer, role: Role, status: int) -> None:
    browser = people.client(people.user("dora", role))

    assert browser.get(PAGE).status_code == status
    assert ("Rate again" in text(browser.get("/calls/"))) is (status == 200)


def test_people_of_a_customer_may_not(anna: Customer) -> None:
    person = people.user("anna", Role.ACCOUNT_ADMIN)
    Person.objects.create(user=person, customer=anna)

    assert [people.client(person).get(PAGE).status_code, people.client(person).post(PAGE).status_code] == [404, 404]


def test_the_progress_of_something_else_is_not_shown(desk: Client, anna: Customer) -> None:
    assert desk.get(f"{PAGE}{new_id()}/").status_code == 404


def test_each_call_tells_the_prices_it_had(desk: Client, anna: Customer) -> None:
    make_dear(anna)
    rerating.rate_again(Named.of(Call.objects.filter(seconds=60)), new_id(), actor=jane, at=timezone.now())
    person = people.user("anna", Role.ACCOUNT_ADMIN)
    Person.objects.create(user=person, customer=anna)

    for browser, path in ((desk, "/calls/"), (people.client(person), "/my/calls/")):
        assert text(browser.get(path)).count("Earlier prices") == 1


def test_what_it_cost_at_the_parent_before_is_for_those_who_see_costs(acme: Any) -> None:
    three = tree.plant()
    tree.take([tree.call(three.anna)], tree.NINE)
    tree.work()
    with schema_context("acme"):
        PlanAssignment.objects.update(plan=world.plan("As agreed", "GBP", {"44": ("United Kingdom", "0.80")}))

    dora, sue = people.client(people.user("dora", Role.ADMINISTRATOR)), people.client(people.user("sue", Role.SUPPORT))
    assert "What these calls cost at Acme" in text(dora.get(PAGE))
    dora.post(PAGE)
    tree.work()

    assert "Buy price until" in text(dora.get("/calls/"))
    assert "Buy price until" not in text(sue.get("/calls/"))
