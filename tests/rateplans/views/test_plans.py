"""Pages of rate plans: who may open them, what they show, what they refuse."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django_tenants.utils import schema_context

from customers.domain import customers
from rateplans.domain import plans, sources, terms
from rateplans.models import BillingTerms, PlanVersion, RatePlan
from tests.rateplans.conftest import Desk
from tests.rateplans.steps import HOUR, NOON, load, made
from tests.support import tree, world
from tests.support.world import jane


def text_of(answer: Any) -> str:
    body: bytes = answer.getvalue() if answer.streaming else answer.content
    return body.decode()


def test_the_list_shows_each_plan_with_its_rates_in_force(commerce: Client, standard: Any) -> None:
    made("Empty one", currency="USD")
    page = text_of(commerce.get("/rate-plans/"))
    assert "Standard" in page
    assert "No rates yet" in page
    assert "the beginning" in page


def test_an_empty_list_says_what_will_be_here(commerce: Client) -> None:
    assert "No rate plans yet" in text_of(commerce.get("/rate-plans/"))


def test_a_list_costs_the_same_queries_with_one_row_and_with_three(commerce: Client, standard: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        commerce.get("/rate-plans/")
    made("Second")
    made("Third")
    with CaptureQueriesContext(connection) as three:
        commerce.get("/rate-plans/")
    assert len(three) == len(one)


def test_a_new_plan_leads_to_the_upload_of_its_rates(commerce: Client) -> None:
    answer = commerce.post("/rate-plans/new/", {"name": "Standard", "currency": "GBP", "precision": "4"})
    plan = RatePlan.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/rate-plans/{plan.pk}/import/"
    assert (plan.name, plan.currency, plan.precision, plan.due_days, plan.position) == ("Standard", "GBP", 4, None, 1)


def test_a_name_taken_is_an_error_at_the_field(commerce: Client, standard: Any) -> None:
    answer = commerce.post("/rate-plans/new/", {"name": "STANDARD", "currency": "GBP", "precision": "4"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["name"] == ["“STANDARD” is the name of another rate plan."]
    assert RatePlan.objects.count() == 1


def test_a_markup_that_is_no_number_is_an_error_at_the_field(commerce: Client, standard: Any) -> None:
    plan = RatePlan.objects.create(name="Dear", currency="GBP", inherits="plan", source=standard)
    for markup in ("sNaN", "NaN", "Infinity"):
        answer = commerce.post(f"/rate-plans/{plan.pk}/change/", {"name": "Dear", "precision": "4", "markup_percent": markup})
        assert (answer.status_code, answer.context["form"].errors) == (422, {"markup_percent": ["Enter a number."]})


def test_a_changed_plan_keeps_its_currency(commerce: Client, standard: Any) -> None:
    answer = commerce.post(f"/rate-plans/{standard.pk}/change/", {"name": "Better", "currency": "USD", "precision": "2", "due_days": "30"})
    standard.refresh_from_db()
    assert answer.status_code == 302
    assert (standard.name, standard.currency, standard.precision, standard.due_days) == ("Better", "GBP", 2, 30)


def test_a_page_that_was_open_for_long_undoes_nothing_that_was_saved_meanwhile(commerce: Client, standard: Any) -> None:
    address = f"/rate-plans/{standard.pk}/change/"
    form = commerce.get(address).context["form"]
    drawn = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    assert commerce.post(address, drawn | {"precision": "2", "sharing": "resellers"}).status_code == 302

    assert commerce.post(address, drawn | {"description": "For shops"}).status_code == 302
    plan = RatePlan.objects.get(pk=standard.pk)
    assert (plan.precision, plan.sharing, plan.description) == (2, "resellers", "For shops")
    answer = commerce.post(address, drawn | {"precision": "6"})
    assert answer.context["form"].errors == {"precision": ["Jane Whitfield saved “2” here since you opened this page. Save again to write yours instead."]}
    assert RatePlan.objects.get(pk=standard.pk).precision == 2


def test_the_page_finds_the_prefixes_of_a_number_longest_first(commerce: Client, standard: Any) -> None:
    answer = commerce.get(f"/rate-plans/{standard.pk}/", {"q": "+44 20 7946 0991"})
    assert [rate.prefix for rate in answer.context["listing"]] == ["4420", "44"]
    assert answer.context["matched"] == "4420"
    assert text_of(answer).count("counts for this number") == 1


def test_the_page_finds_destinations_by_words(commerce: Client, standard: Any) -> None:
    answer = commerce.get(f"/rate-plans/{standard.pk}/", {"q": "lond"})
    assert [rate.prefix for rate in answer.context["listing"]] == ["4420"]


def test_the_calculator_explains_a_price_step_by_step(commerce: Client, standard: Any) -> None:
    answer = commerce.get(f"/rate-plans/{standard.pk}/", {"number": "+44 151 496 0123", "duration": "1:07", "at": ""})
    priced = answer.context["quote"].priced
    assert [(step.text, step.value) for step in priced.steps] == [
        ("Matched rate 44 United Kingdom", "44"),
        ("Talked 1 min 7 s", "67"),
        ("Increments 60/6: 72 s billed", "72"),
        ("72 s at 0.0200 a minute", "0.0240"),
        ("Connection charge 0.0100", "0.0100"),
        ("Price, rounded once", "0.0340"),
    ]
    assert "0.0340" in text_of(answer)


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        ({"number": "33 1 4496 0123", "duration": "60"}, "number", "“Standard” has no rate for 33144960123."),
        ({"number": "hello", "duration": "60"}, "number", "That is not an international number: 7 to 15 digits, country code first."),
        ({"number": "442079460991", "duration": "1 hour"}, "duration", "Write a duration such as 3:07, or seconds."),
        ({"number": "442079460991", "duration": "999999999"}, "duration", "A call cannot last more than a year."),
        ({"number": "442079460991", "duration": "٣"}, "duration", "Write a duration such as 3:07, or seconds."),
    ],
)
def test_the_calculator_says_why_there_is_no_price(commerce: Client, standard: Any, asked: dict[str, str], field: str, reason: str) -> None:
    answer = commerce.get(f"/rate-plans/{standard.pk}/", asked)
    assert answer.status_code == 422
    assert answer.context["quote_form"].errors[field] == [reason]


def test_the_calculator_reads_the_clock_of_the_reseller(commerce: Client, standard: Any) -> None:
    load(standard, b"prefix,destination,per minute\n44,United Kingdom,0.50\n", at=NOON.replace(month=7))
    answer = commerce.get(f"/rate-plans/{standard.pk}/", {"number": "442079460991", "duration": "60", "at": "2026-07-21T12:59"})
    assert answer.context["quote"].version.number == 1


def test_a_version_downloads_as_a_file_that_can_be_uploaded_again(commerce: Client, standard: Any) -> None:
    load(standard, b'prefix,destination,per minute\n44,"UK, +all",0.5\n', at=NOON + HOUR)
    first = commerce.get(f"/rate-plans/{standard.pk}/versions/1.csv")
    assert text_of(first).splitlines() == [
        '\ufeff"prefix","destination","per minute","connection charge","initial increment","increment","included seconds","minimum"',
        '44,"United Kingdom",0.0200,0.0100,60,6,0,0.0000',
        '4420,"London",0.0600,0.0000,1,1,0,0.0000',
    ]
    assert first["Content-Disposition"] == 'attachment; filename="Standard version 1.csv"'


@pytest.mark.rel(62)
def test_support_sees_neither_the_root_s_cost_plan_nor_what_it_inherits_from(desk: Desk, owner: Any) -> None:
    """Neither in the list, nor by address, file, price or search; a customer that is on it is only told its name (contracts: costs and margins)."""
    base, retail = load(made("Base of carriers"), b"prefix,destination,per minute\n44,UK,0.05\n").plan, world.plan("Retail", "GBP")
    costs = RatePlan.objects.create(name="Carriers", currency="GBP", inherits="plan", source=base)
    BillingTerms.objects.create(only=True, cost_plan=costs)
    number = world.customer("Anna Ltd", on=costs).account_number
    paths = [f"/rate-plans/{plan.pk}/{rest}" for plan in (costs, base) for rest in ("", "?number=442079460123&duration=1:00&at=", "rates.csv")]
    paths.append(f"/rate-plans/{base.pk}/versions/1.csv")
    answers = {}
    for role in ("support", "reports", "commerce"):
        browser = desk(role, "localhost")
        listed = [plan.name for plan in browser.get("/rate-plans/").context["listing"]]
        found = [
            "Carriers" in text_of(browser.get("/search/?q=carriers")),
            f'"/rate-plans/{costs.pk}/"' in text_of(browser.get(f"/customers/{number}/rate-plan/")),
        ]
        answers[role] = (sorted(listed), {browser.get(path).status_code for path in paths}, found)
        assert browser.get(f"/rate-plans/{retail.pk}/").status_code == 200
        assert "Carriers" in text_of(browser.get(f"/customers/{number}/rate-plan/"))

    everything = (["Base of carriers", "Carriers", "Retail"], {200}, [True, True])
    assert answers == {"support": (["Retail"], {404}, [False, False]), "reports": everything, "commerce": everything}


@pytest.mark.rel(62)
def test_support_sees_no_plan_that_passes_on_what_the_reseller_pays_its_parent(desk: Desk, owner: Any) -> None:
    """What adds a mark-up is a price list like any other; what adds none says the cost, also under another name or shared."""
    tree.plant()
    with schema_context("globex"):
        own = plans.create_own(actor=jane, at=NOON)
        assert own is not None
        same = RatePlan.objects.create(name="The same", currency=own.currency, inherits="plan", source=own)
        dearer = RatePlan.objects.create(name="Dearer", currency=own.currency, inherits="plan", source=own, markup_percent=25)
        above = sources.own_plan(NOON)
        assert above is not None
        shared = RatePlan.objects.create(name="Shared", currency=own.currency, inherits="shared", shared_schema="acme", shared_plan_id=above.pk)
        support, reports = desk("support", "globex.localhost"), desk("reports", "globex.localhost")

        def opened(browser: Client, *rest: str) -> set[str]:
            found = [own, same, dearer, shared]
            return {plan.name for plan in found for path in rest if browser.get(f"/rate-plans/{plan.pk}/{path}").status_code != 404}

        for paths in (("",), ("rates.csv",), ("?number=442079460123&duration=1:00&at=",)):
            assert opened(support, *paths) == {"Dearer"}
            assert opened(reports, *paths) == {own.name, "The same", "Dearer", "Shared"}
        assert {"The same", "Shared"}.isdisjoint(plan.name for plan in support.get("/rate-plans/").context["listing"])
        assert own.name not in text_of(support.get("/search/?q=rate"))


@pytest.mark.rel(62)
def test_support_asks_for_no_price_of_before_the_mark_up(desk: Desk, owner: Any) -> None:
    tree.plant()
    with schema_context("globex"):
        own = plans.create_own(actor=jane, at=NOON)
        assert own is not None
        plans.change(own, markup_percent=Decimal(25), actor=jane, at=NOON + 24 * HOUR)
        asked = [{"number": "442079460123", "duration": "60:00", "at": at} for at in ("2026-11-21T13:00", "2026-11-23T13:00", "")]
        browsers = {role: desk(role, "globex.localhost") for role in ("support", "reports")}
        answers = {role: [browser.get(f"/rate-plans/{own.pk}/", each).context for each in asked] for role, browser in browsers.items()}

    said = [context["quote_form"].errors.get("at") for context in answers["support"]]
    assert said == [["Prices of that time are not shown to you. Choose another time, or leave it empty."], None, None]
    assert [context["quote"] and context["quote"].priced.price for context in answers["support"]] == [None, 30, 30]
    assert [context["quote"].priced.price for context in answers["reports"]] == [24, 30, 30]


@pytest.mark.rel(62)
def test_a_mark_up_that_is_to_come_opens_no_plan_to_support_before_it_counts(desk: Desk, owner: Any) -> None:
    tree.plant()
    with schema_context("globex"):
        own = plans.create_own(actor=jane, at=NOON)
        assert own is not None
        RatePlan.objects.filter(pk=own.pk).update(markup_percent=25)
        PlanVersion.objects.filter(plan=own).update(markup_percent=0)
        support, path = desk("support", "globex.localhost"), f"/rate-plans/{own.pk}/rates.csv"

        assert support.get(path).status_code == 404
        PlanVersion.objects.update(markup_percent=25)
        assert "0.5000" in text_of(support.get(path))


@pytest.mark.rel(62)
def test_support_sees_no_plan_that_the_reseller_was_on_before_nor_what_that_passes_on(desk: Desk, owner: Any) -> None:
    planted = tree.plant()
    with schema_context("acme"):
        former, base = RatePlan.objects.get(name="Wholesale"), world.plan("Base", "GBP")
        RatePlan.objects.filter(pk=former.pk).update(inherits="plan", source=base)
        RatePlan.objects.filter(pk__in=[former.pk, base.pk]).update(sharing=RatePlan.Sharing.RESELLERS)
        customers.change(planted.globex, plan=world.plan("Wholesale 2", "GBP"), actor=jane, at=timezone.now())
    with schema_context("globex"):
        given = {"currency": "GBP", "inherits": "shared", "shared_schema": "acme"}
        shared = [RatePlan.objects.create(name=f"Shared {plan.name}", shared_plan_id=plan.pk, **given) for plan in (former, base)]
        browsers = {role: desk(role, "globex.localhost") for role in ("support", "reports")}
        found = {role: {browser.get(f"/rate-plans/{plan.pk}/").status_code for plan in shared} for role, browser in browsers.items()}

    assert found == {"support": {404}, "reports": {200}}


@pytest.mark.rel(62)
def test_support_sees_no_plan_of_the_root_that_inherits_its_costs_as_they_are(desk: Desk, owner: Any) -> None:
    """Neither of the cost plan nor of the one before it, whatever that is called by now."""
    former, costs = (load(made(name, "EUR"), b"prefix,destination,per minute\n44,UK,0.05\n").plan for name in ("Carriers", "Carriers of this year"))
    for plan in (former, costs):
        terms.change(cost_plan=plan, actor=jane, at=NOON)
    plans.change(former, name="Old carriers", actor=jane, at=NOON)
    heirs = [
        RatePlan.objects.create(name=f"{plan.name} {up}", currency="EUR", inherits="plan", source=plan, markup_percent=up)
        for plan in (costs, former)
        for up in (0, 25)
    ]
    support = desk("support", "localhost")

    assert [support.get(f"/rate-plans/{plan.pk}/").status_code for plan in (costs, former)] == [404, 404]
    assert [support.get(f"/rate-plans/{plan.pk}/rates.csv").status_code for plan in heirs] == [404, 200, 404, 200]


def test_support_and_reports_see_plans_and_cannot_change_them(desk: Desk, standard: Any) -> None:
    for role in ("support", "reports"):
        browser = desk(role)
        page = browser.get(f"/rate-plans/{standard.pk}/")
        assert page.status_code == 200
        assert "Import rates" not in text_of(page)
        assert browser.get("/rate-plans/").status_code == 200
        for address in ("new/", f"{standard.pk}/change/", f"{standard.pk}/import/"):
            assert browser.get(f"/rate-plans/{address}").status_code == 403
            assert browser.post(f"/rate-plans/{address}", {"name": "X", "currency": "GBP", "precision": "4"}).status_code == 403
    assert RatePlan.objects.count() == 1


def test_strangers_are_sent_to_sign_in(standard: Any) -> None:
    answer = Client(HTTP_HOST="acme.localhost").get(f"/rate-plans/{standard.pk}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/")


def test_another_resellers_plan_is_not_found(desk: Desk, standard: Any, globex: Any) -> None:
    browser = desk("administrator", "globex.localhost")
    for address in ("", "change/", "import/", f"import/{uuid4()}/", "versions/1.csv"):
        assert browser.get(f"/rate-plans/{standard.pk}/{address}").status_code == 404
