"""Pages of plans that inherit and of plans a parent shares: where each rate comes from, and who may see it."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django_tenants.utils import schema_context

from rateplans.models import RatePlan
from tests.rateplans.conftest import Desk
from tests.rateplans.steps import NOON, load
from tests.support import world
from tests.support.people import user
from tests.support.walks import walk_of

CARRIER = {"4420": ("London", "2.00"), "44": ("United Kingdom", "1.00"), "33": ("France", "0.50")}


@pytest.fixture
def retail(acme: Any) -> RatePlan:
    """E1.1: 2.00 at the carrier, 20 % of the owner, 10 % of Acme, which has a rate of its own to France."""
    with schema_context("owner"):
        carrier = world.plan("Carrier", "GBP", CARRIER)
        resellers = RatePlan.objects.create(name="Resellers", currency="GBP", inherits="plan", source=carrier, markup_percent=Decimal(20))
        world.customer("Acme", on=resellers, kind="reseller", reseller_schema="acme")
    plan = RatePlan.objects.create(name="Retail", currency="GBP", inherits="own_plan", markup_percent=Decimal(10))
    load(plan, b"prefix,destination,per minute\n33,France,0.90\n", at=NOON.replace(year=2025))
    return plan


def page_of(browser: Client, plan: RatePlan, **asked: str) -> Any:
    return browser.get(f"/rate-plans/{plan.pk}/", asked)


def test_each_rate_shows_where_it_comes_from(commerce: Client, retail: RatePlan) -> None:
    answer = page_of(commerce, retail)
    assert [(shown.rate.prefix, shown.steps[0].text, shown.path) for shown in answer.context["rows"]] == [
        ("33", "Rate of “Retail”", "0.9000"),
        ("44", "Your own rate plan at Portal", "1.2000 → 1.3200"),
        ("4420", "Your own rate plan at Portal", "2.4000 → 2.6400"),
    ]
    assert "2.4000 → 2.6400" in answer.content.decode()


@pytest.mark.rel(60)
def test_what_the_parent_pays_and_adds_is_not_told_below(commerce: Client, retail: RatePlan) -> None:
    page = page_of(commerce, retail, number="442079460991", duration="1:00", at="").content.decode()

    assert "2.6400" in page
    assert not [secret for secret in ("Carrier", "Resellers”", "2.0000", "20 %") if secret in page]


def test_the_owner_who_switched_in_sees_the_whole_chain(retail: RatePlan) -> None:
    """E1.1: 2.00 → 2.40 → 2.64, to the one whose prices they are."""
    with schema_context("owner"):
        walk = walk_of("owner", user("orla", name="Orla Byrne"))
    walk.go("owner", "acme")

    with schema_context("acme"):
        answer = page_of(walk.windows["acme"], retail, number="442079460991", duration="1:00", at="")
    assert [(shown.rate.prefix, shown.path) for shown in answer.context["rows"]] == [
        ("33", "0.9000"),
        ("44", "1.0000 → 1.2000 → 1.3200"),
        ("4420", "2.0000 → 2.4000 → 2.6400"),
    ]
    assert [(step.text, step.value) for step in answer.context["steps"]][1:4] == [
        ("Rate of “Carrier”", "2.0000"),
        ("Mark-up 20 % of “Resellers”", "2.4000"),
        ("Mark-up 10 % of “Retail”", "2.6400"),
    ]


def test_the_calculator_shows_the_chain(commerce: Client, retail: RatePlan) -> None:
    answer = page_of(commerce, retail, number="442079460991", duration="1:00", at="")
    assert [(step.text, step.value) for step in answer.context["steps"]][1:3] == [
        ("Your own rate plan at Portal", "2.4000"),
        ("Mark-up 10 % of “Retail”", "2.6400"),
    ]
    assert "2.6400" in answer.content.decode()


def test_support_sees_prices_and_not_how_they_were_made(desk: Desk, retail: RatePlan) -> None:
    answer = page_of(desk("support"), retail, number="442079460991", duration="1:00", at="")
    page = answer.content.decode()
    assert "2.6400" in page
    assert "2.4000" not in page
    assert "Carrier" not in page


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode().split("<main")[1]).split())


def test_support_sees_neither_the_mark_up_of_a_plan_nor_what_it_inherits_from(commerce: Client, desk: Desk, retail: RatePlan, shared: RatePlan) -> None:
    dear = RatePlan.objects.create(name="Dear", currency="GBP", inherits="plan", source=retail, markup_percent=Decimal("37.50"))
    told = ["Inherits from Retail Mark-up 37.5 %", "Inherits from your own rate plan Mark-up 10 %", "Shared with you read only"]
    support = desk("support")

    for plan, said in zip((dear, retail, shared), told, strict=True):
        assert said in words(page_of(commerce, plan))
        hidden = words(page_of(support, plan)).replace(f"> {plan.name} ", "> ", 1)
        assert not [word for word in ("Mark-up", "37.5", "10 %", "Inherits", "Retail", "your own", "Shared") if word in hidden]
        assert "United Kingdom" in hidden
    listed = words(commerce.get("/rate-plans/"))
    assert [said for said in ("Inherited Retail + 37.5 %", "Inherited your own rate plan + 10 %", "Shared with you") if said not in listed] == []
    listed = words(support.get("/rate-plans/"))
    assert listed.count("Inherited") == 3
    assert not [word for word in ("37.5", "10 %", "+", "your own rate plan", "Shared with you") if word in listed]


def test_inherited_rates_are_searched_like_own_ones(commerce: Client, retail: RatePlan) -> None:
    by_number = page_of(commerce, retail, q="+44 20 7946 0991")
    assert [shown.rate.prefix for shown in by_number.context["rows"]] == ["4420", "44"]
    assert by_number.context["matched"] == "4420"
    assert [shown.rate.prefix for shown in page_of(commerce, retail, q="lond").context["rows"]] == ["4420"]
    assert [shown.rate.prefix for shown in page_of(commerce, retail, sort="-price").context["rows"]] == ["4420", "44", "33"]


def test_all_rates_in_force_download(commerce: Client, retail: RatePlan) -> None:
    answer: Any = commerce.get(f"/rate-plans/{retail.pk}/rates.csv")
    assert b"".join(answer.streaming_content).decode().splitlines()[1:] == [
        '33,"France",0.9000,0.0000,1,1,0,0.0000',
        '44,"United Kingdom",1.3200,0.0000,1,1,0,0.0000',
        '4420,"London",2.6400,0.0000,1,1,0,0.0000',
    ]


def test_a_plan_that_inherits_is_made_and_marked_up(commerce: Client, retail: RatePlan) -> None:
    given = {"name": "Dear", "precision": "4", "inherits": "plan", "source": str(retail.pk), "markup_percent": "50", "sharing": "resellers"}
    answer = commerce.post("/rate-plans/new/", given)
    plan = RatePlan.objects.get(name="Dear")
    assert (answer.status_code, answer["Location"]) == (302, f"/rate-plans/{plan.pk}/")
    assert (plan.currency, plan.source, plan.markup_percent, plan.sharing) == ("GBP", retail, Decimal(50), "resellers")
    changed = commerce.post(f"/rate-plans/{plan.pk}/change/", {"name": "Dear", "precision": "4", "markup_percent": "25", "sharing": "private"})
    plan.refresh_from_db()
    assert (changed.status_code, plan.markup_percent, plan.sharing) == (302, Decimal(25), "private")


def test_a_plan_without_its_source_is_not_made(commerce: Client, retail: RatePlan) -> None:
    answer = commerce.post("/rate-plans/new/", {"name": "Dear", "precision": "4", "inherits": "plan", "markup_percent": "50"})
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"source": ["Choose the rate plan it inherits from."]}


IN_POUNDS = {"currency": ["The rate plan it inherits from is in GBP. Choose that here."]}
NO_HEIR = {"inherits": ["Choose “Another rate plan of yours” to inherit from “Retail”, or no rate plan."]}


@pytest.mark.parametrize(
    ("inherits", "has_source", "currency", "refused"),
    [("plan", True, "USD", IN_POUNDS), ("own_plan", False, "USD", IN_POUNDS), ("own_plan", True, "GBP", NO_HEIR), ("nothing", True, "GBP", NO_HEIR)],
)
def test_a_choice_that_would_have_no_effect_is_refused(
    commerce: Client, retail: RatePlan, inherits: str, has_source: bool, currency: str, refused: dict[str, list[str]]
) -> None:
    given = {"name": "Dear", "precision": "4", "currency": currency, "inherits": inherits, "source": str(retail.pk) if has_source else ""}
    answer = commerce.post("/rate-plans/new/", given)

    assert (answer.status_code, answer.context["form"].errors) == (422, refused)
    assert not RatePlan.objects.filter(name="Dear").exists()


def test_a_plan_in_another_currency_is_inherited_from_with_the_currency_nobody_touched(commerce: Client, acme: Any) -> None:
    source = world.plan("Euros", "EUR")
    given = {"name": "Dear", "precision": "4", "currency": "GBP", "inherits": "plan", "source": str(source.pk)}

    assert commerce.post("/rate-plans/new/", given).status_code == 302
    assert RatePlan.objects.get(name="Dear").currency == "EUR"


def test_ones_own_rate_plan_is_offered_only_to_who_has_one(commerce: Client, acme: Any) -> None:
    choices = commerce.get("/rate-plans/new/").context["form"].fields["inherits"].choices
    assert [value for value, _label in choices] == ["nothing"]


@pytest.fixture
def shared(acme: Any) -> RatePlan:
    with schema_context("owner"):
        source = world.plan("Worldwide", "GBP", CARRIER, sharing="resellers")
    return RatePlan.objects.create(name="Worldwide", currency="GBP", inherits="shared", shared_schema="owner", shared_plan_id=source.pk)


def test_a_shared_plan_is_shown_and_cannot_be_changed(commerce: Client, shared: RatePlan) -> None:
    page = page_of(commerce, shared).content.decode()
    assert "read only" in page
    assert "Import rates" not in page
    assert "Shared with you" in commerce.get("/rate-plans/").content.decode()
    for address in ("change/", "import/"):
        assert commerce.post(f"/rate-plans/{shared.pk}/{address}", {"name": "Mine", "precision": "4"}).status_code == 422
    assert RatePlan.objects.get().name == "Worldwide"


def test_a_plan_taken_back_says_so(commerce: Client, shared: RatePlan) -> None:
    RatePlan.objects.update(withdrawn=True)
    assert "“Worldwide” is no longer shared with you." in page_of(commerce, shared).content.decode()
    assert "No longer shared" in commerce.get("/rate-plans/").content.decode()
