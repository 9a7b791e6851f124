"""New customer and its changes, as the page takes them."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import tries
from billing_portal.accounts.models import AuditEntry, SignInTry
from billing_portal.tenancy.cache import TolerantCache
from billing_portal.tenancy.models import CustomerName
from customers.models import Customer, Standing
from customers.queries import plan_at
from rateplans.models import RatePlan
from tests.support import world
from tests.support.people import client, mails, user


@pytest.fixture
def standard(acme: Any) -> RatePlan:
    return world.plan("Standard")


def filled(browser: Any, address: str, **written: Any) -> dict[str, Any]:
    """The form as it is drawn, with what somebody writes into it."""
    form = browser.get(address).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in (values | written).items() if value not in (None, "", False)}


def save(browser: Any, **written: str) -> Any:
    return browser.post("/customers/new/", filled(browser, "/customers/new/", **({"name": "Anna Ltd", "billing_email": "a@anna.example"} | written)))


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {field: [str(text) for text in texts] for field, texts in answer.context["form"].errors.items()}


def text_of(answer: Any) -> str:
    """The page with its white space folded."""
    return " ".join(answer.content.decode().split())


def test_everything_has_a_value_but_name_and_email(commerce: Any, standard: RatePlan) -> None:
    vat = world.vat()
    form = commerce.get("/customers/new/").context["form"]

    values = {name: form[name].value() for name in ("plan", "currency", "account_number", "billing_type", "time_zone", "credit_limit", "taxes")}
    assert values == {
        "plan": standard.pk,
        "currency": "GBP",
        "account_number": "100001",
        "billing_type": "postpaid",
        "time_zone": "Europe/London",
        "credit_limit": "0.00",
        "taxes": [vat.pk],
    }


def test_save_makes_the_customer_mails_the_login_details_and_says_so(commerce: Any, standard: RatePlan) -> None:
    answer = save(commerce)

    anna = Customer.objects.get()
    assert (anna.name, anna.account_number, anna.plan_assignments.get().plan) == ("Anna Ltd", "100001", standard)
    assert answer.url == "/customers/100001/"
    said = commerce.get("/customers/").content.decode()
    assert "Anna Ltd was saved. Login details emailed to a@anna.example." in said
    assert '<a href="/customers/100001/people/">Resend</a>' in said
    assert [mail.recipients for mail in mails("login_details")] == [["a@anna.example"]]


def test_save_and_switch_leads_to_the_customers_pages(commerce: Any, standard: RatePlan) -> None:
    assert save(commerce, then="switch").url == "/"
    page = commerce.get("/", follow=True)
    assert page.wsgi_request.viewer.acted_for == "Anna Ltd"
    assert "[Anna Ltd]" in page.content.decode()


def test_save_and_add_another_opens_an_empty_form(commerce: Any, standard: RatePlan) -> None:
    assert save(commerce, then="another").url == "/customers/new/"
    assert commerce.get("/customers/new/").context["form"]["account_number"].value() == "100002"


def test_every_field_reaches_the_customer(commerce: Any, standard: RatePlan) -> None:
    written = {
        "account_number": "7001",
        "description": "by the harbour",
        "billing_type": "prepaid",
        "time_zone": "Europe/Dublin",
        "credit_limit": "12.50",
        "tax_reference": "GB1",
        "call_detail": "every",
        "attention": "Ann Miller",
        "street": "1 Quay",
        "city": "Leeds",
        "postcode": "LS1",
        "country": "IE",
    }
    save(commerce, **written)

    anna = Customer.objects.get()
    assert {name: str(getattr(anna, name)) for name in written} == written | {"credit_limit": "12.500000"}
    assert Standing.objects.get().billing_type == "prepaid"


def test_a_suggested_number_taken_meanwhile_is_no_trouble(commerce: Any, standard: RatePlan) -> None:
    first, second = filled(commerce, "/customers/new/"), filled(commerce, "/customers/new/")
    for name, form in (("Anna Ltd", first), ("Bob Ltd", second)):
        assert commerce.post("/customers/new/", form | {"name": name, "billing_email": "x@x.example"}).status_code == 302

    assert list(Customer.objects.values_list("name", "account_number")) == [("Anna Ltd", "100001"), ("Bob Ltd", "100002")]


def test_every_wrong_field_is_named_and_the_values_stay(commerce: Any, standard: RatePlan) -> None:
    answer = save(commerce, name=" ", billing_email="anna", account_number="7", credit_limit="1,000.00", billing_type="barter", time_zone="Mars", country="ZZ")

    assert sorted(errors(answer)) == ["billing_email", "billing_type", "country", "credit_limit", "name", "time_zone"]
    page = text_of(answer)
    assert "Error: New customer" in page.split("</title>")[0]
    assert "6 things to correct" in page
    assert 'value="1,000.00"' in page
    assert not Customer.objects.exists()


@pytest.mark.rel(57)
def test_a_name_of_globex_is_an_error_of_the_field_with_free_names(commerce: Any, standard: RatePlan, globex: Any) -> None:
    CustomerName.objects.create(folded="anna ltd", schema_name="globex", customer_id=standard.pk)

    answer = save(commerce, city="Leeds")

    assert errors(answer) == {"name": ["“Anna Ltd” is taken. Names are unique across the platform."]}
    assert answer.context["free_names"] == ["Anna Ltd Leeds", "Anna Ltd 100001", "Anna Ltd 2"]
    page = text_of(answer)
    assert 'name="name" value="Anna Ltd Leeds"' in page
    assert "lobex" not in page
    assert mails() == []


@pytest.mark.rel(57)
def test_each_suggestion_made_of_what_was_typed_counts_as_a_name_asked(anna: Customer, noon: datetime, time_machine: Any) -> None:
    time_machine.move_to(noon, tick=False)
    joe = user("joe")
    browser = client(joe)

    def suggested(city: str) -> Any:
        return save(browser, city=city, account_number="777").context["free_names"]

    def asked() -> int:
        return SignInTry.objects.filter(kind=SignInTry.Kind.NAME, whom=str(joe.pk)).count()

    assert (suggested("Leeds"), asked()) == (["Anna Ltd Leeds", "Anna Ltd 777", "Anna Ltd 2"], 3)
    assert (suggested(""), asked()) == (["Anna Ltd 777", "Anna Ltd 2", "Anna Ltd 3"], 5)
    for _name in range(13):
        tries.ask_a_name(Actor.of(joe), at=noon)
    assert (suggested("Leeds"), asked()) == (["Anna Ltd Leeds", "Anna Ltd 2", "Anna Ltd 3"], 20)
    time_machine.move_to(noon + timedelta(minutes=1), tick=False)
    for _name in range(19):
        tries.ask_a_name(Actor.of(joe), at=noon + timedelta(minutes=1))
    assert suggested("York") == ["Anna Ltd 2", "Anna Ltd 3", "Anna Ltd 4"]
    assert suggested("York") == [], "the name itself is not looked at any more"


def test_a_free_name_chosen_without_script_is_saved(commerce: Any, standard: RatePlan) -> None:
    form = filled(commerce, "/customers/new/", billing_email="a@anna.example")

    commerce.post("/customers/new/", form | {"name": ["Anna Ltd", "Anna Ltd 2"]})

    assert Customer.objects.get().name == "Anna Ltd 2"


@pytest.mark.rel(57)
def test_the_name_just_left_is_checked(commerce: Any, anna: Customer) -> None:
    def check(**asked: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(commerce.get("/customers/check-name/", asked).content)
        return said

    taken = {"error": "“ANNA ltd” is taken. Names are unique across the platform.", "suggestions": ["ANNA ltd 2", "ANNA ltd 3", "ANNA ltd 4"]}
    assert check(value=" ANNA  ltd") == taken
    assert check(value="Anna Ltd", account=anna.account_number) == {"error": "", "suggestions": []}
    assert check(value="Anna Lt") == check(value="") == {"error": "", "suggestions": []}


@pytest.mark.rel(57)
def test_names_cannot_be_fished_for(commerce: Any) -> None:
    statuses = [commerce.get("/customers/check-name/", {"value": f"Name {turn}"}).status_code for turn in range(21)]

    assert statuses == [200] * 20 + [429]


@pytest.mark.rel(42)
@pytest.mark.rel(57)
def test_nor_by_any_form_that_saves_nothing_and_without_redis_neither(anna: Customer, noon: datetime, time_machine: Any) -> None:
    time_machine.move_to(noon, tick=False)
    joe, number = user("joe"), anna.account_number
    browser = client(joe)
    known = filled(browser, f"/customers/{number}/edit/")
    reseller = {"short_name": "globex", "host": "gx.acme.localhost", "admin_email": "a@gx.example", "currency": "GBP", "time_zone": "UTC"}
    forms: dict[str, tuple[dict[str, Any], str]] = {
        "/customers/new/": (known | {"account_number": number}, "account_number"),
        f"/customers/{number}/edit/": (known | {"account_number": "12"}, "account_number"),
        "/settings/company/": ({"brand_colour": "#ffffff"}, "brand_colour"),
        "/platform/resellers/new/": (reseller | {"credit_unlimited": "on"}, "short_name"),
    }
    TolerantCache.silence.begin()
    for _name in range(15):
        tries.ask_a_name(Actor.of(joe), at=noon)

    def told(name: str) -> list[set[str]]:
        return [set(errors(browser.post(address, values | {"name": name}))) for address, (values, _elsewhere) in forms.items()]

    assert told("Nobody Ltd") == [{elsewhere} for _values, elsewhere in forms.values()]
    assert browser.get("/customers/check-name/", {"value": "Nobody Ltd"}).status_code == 200
    assert told("Nobody Ltd") == [{"name"}] * 4
    assert browser.get("/customers/check-name/", {"value": "Nobody Ltd"}).status_code == 429
    assert browser.post(f"/customers/{number}/edit/", known | {"attention": "Ann"}).status_code == 302
    time_machine.move_to(noon + timedelta(minutes=1), tick=False)
    assert browser.post(f"/customers/{number}/edit/", known | {"name": "Nobody Ltd"}).status_code == 302
    assert CustomerName.objects.filter(customer_id=anna.pk).get().folded == "nobody ltd"


def test_without_a_rate_plan_the_page_leads_to_one(commerce: Any) -> None:
    assert 'href="/rate-plans/new/"' in commerce.get("/customers/new/").content.decode()


def edit(browser: Any, customer: Customer, **written: str) -> Any:
    address = reverse("customers:edit", args=[customer.account_number])
    return browser.post(address, filled(browser, address, **written))


def test_an_edit_changes_what_was_written_and_nothing_else(commerce: Any, anna: Customer) -> None:
    assert edit(commerce, anna, name="Anna Holding", status="inactive", switch_account_code="anna-1").url == f"/customers/{anna.account_number}/"

    assert AuditEntry.objects.get(action="customer.changed").changes == {
        "name": ["Anna Ltd", "Anna Holding"],
        "switch_account_code": ["", "anna-1"],
        "status": ["Active", "Inactive"],
    }


def test_an_edit_that_is_refused_says_so_at_its_field(commerce: Any, anna: Customer, bob: Customer) -> None:
    answer = edit(commerce, anna, name="Bob Ltd")

    assert errors(answer) == {"name": ["“Bob Ltd” is taken. Names are unique across the platform."]}
    assert answer.context["free_names"][0] == f"Bob Ltd {anna.account_number}"


@pytest.mark.rel(64)
def test_only_fields_of_the_form_change(commerce: Any, anna: Customer) -> None:
    smuggled = {"kind": "reseller", "reseller_schema": "globex", "id": "1", "wallet": "1000", "receivable": "1000", "billing_since": "2001-01-01"}
    before = Customer.objects.values().get()

    assert edit(commerce, anna, **smuggled).status_code == 302
    assert Customer.objects.values().get() == before
    assert Standing.objects.get().balance == 0


@pytest.mark.rel(63)
def test_a_plan_of_another_reseller_cannot_be_chosen(commerce: Any, anna: Customer, globex: Any) -> None:
    theirs = world.plan("Theirs", currency="GBP")

    assert list(errors(edit(commerce, anna, plan=str(theirs.pk)))) == ["plan"]


@pytest.mark.parametrize("role", ["support", "reports"])
def test_staff_without_the_right_cannot_make_or_change_customers(request: pytest.FixtureRequest, anna: Customer, role: str) -> None:
    browser = request.getfixturevalue(role)

    for address in ("/customers/new/", f"/customers/{anna.account_number}/edit/"):
        assert [browser.get(address).status_code, browser.post(address, {"name": "x"}).status_code] == [403, 403]
    assert browser.get("/customers/check-name/?value=x").status_code == 403


def test_the_forms_deny_other_customer(annas: Any, bob: Customer) -> None:
    for address in ("/customers/new/", f"/customers/{bob.account_number}/edit/", "/customers/check-name/"):
        assert annas.get(address).status_code == 404
        assert annas.post(address, {"name": "x"}).status_code == 404
    assert Customer.objects.get(pk=bob.pk).name == "Bob Ltd"


def test_the_forms_deny_other_reseller(commerce: Any, anna: Customer, globex: Any) -> None:
    theirs = world.customer("Theirs")
    address = f"/customers/{theirs.account_number}/edit/"

    assert commerce.get(address).status_code == 404
    assert commerce.post(address, {"name": "Mine now"}).status_code == 404
    connection.set_schema("globex")
    assert Customer.objects.get().name == "Theirs"


ALERTS = {
    "daily_limited": "on",
    "daily_limit": "20.00",
    "low_balance_threshold": "50.00",
    "low_balance_repeat_days": "3",
    "topup": "target",
    "topup_amount": "100.00",
    "topup_threshold": "25.00",
}


def test_alerts_and_limits_reach_the_customer_and_its_standing(commerce: Any, standard: RatePlan) -> None:
    save(commerce, **ALERTS)

    anna = Customer.objects.select_related("standing").get()
    assert (str(anna.daily_limit), anna.low_balance_email, anna.low_balance_repeat_days, anna.topup) == ("20.000000", True, 3, "target")
    assert (str(anna.topup_amount), str(anna.topup_threshold)) == ("100.000000", "25.000000")
    assert (str(anna.standing.daily_limit), str(anna.standing.low_threshold)) == ("20.000000", "50.000000")


def test_alerts_are_off_unless_somebody_says_otherwise(commerce: Any, standard: RatePlan) -> None:
    save(commerce)

    anna = Customer.objects.get()
    assert (anna.daily_limit, anna.low_balance_threshold, anna.topup, anna.topup_threshold) == (None, 0, "off", None)


def test_no_limit_is_a_choice_and_a_limit_needs_an_amount(commerce: Any, standard: RatePlan) -> None:
    assert errors(save(commerce, daily_limited="on")) == {"daily_limit": ["Write a limit, or choose none."]}
    assert list(errors(save(commerce, daily_limit="20.00"))) == ["daily_limit"]
    save(commerce)
    assert Customer.objects.get().daily_limit is None


def test_alerts_that_contradict_each_other_are_named(commerce: Any, standard: RatePlan) -> None:
    assert list(errors(save(commerce, **(ALERTS | {"topup_threshold": "51.00"})))) == ["topup_threshold"]
    assert list(errors(save(commerce, **(ALERTS | {"topup_amount": "0.00"})))) == ["topup_amount"]
    assert list(errors(save(commerce, **(ALERTS | {"low_balance_threshold": "0.00"})))) == ["low_balance_threshold"]
    assert list(errors(save(commerce, **(ALERTS | {"low_balance_repeat_days": "-1", "daily_limit": "-1"})))) == ["daily_limit", "low_balance_repeat_days"]


def test_changed_alerts_are_told_in_words(commerce: Any, standard: RatePlan) -> None:
    save(commerce, **ALERTS)
    number = Customer.objects.get().account_number
    page = f"/customers/{number}/edit/"
    commerce.post(page, filled(commerce, page, daily_limited="", topup="off", low_balance_threshold="60.00"))

    changes = AuditEntry.objects.filter(action="customer.changed").latest("created_at").changes
    assert changes["daily_limit"] == ["20.00 GBP", "none"]
    assert changes["low_balance_threshold"] == ["50.00 GBP", "60.00 GBP"]
    assert changes["topup"] == ["Up to a target balance, 100.00 GBP", "Off"]


def test_a_page_that_was_open_for_long_undoes_nothing_that_was_saved_meanwhile(commerce: Any, anna: Customer) -> None:
    world.vat("5")
    dear = world.plan("Dear")
    address = f"/customers/{anna.account_number}/edit/"
    stale = filled(commerce, address, description="called today")
    fresh = filled(commerce, address, credit_limit="7.00", status="inactive", plan=str(dear.pk), taxes=[], daily_limited="on", daily_limit="9.00")
    assert commerce.post(address, fresh).status_code == 302
    assert commerce.post(address, stale).status_code == 302

    stored = Customer.objects.get(pk=anna.pk)
    assert (stored.credit_limit, stored.status, stored.daily_limit, stored.description) == (7, "inactive", 9, "called today")
    assert plan_at([anna.pk], timezone.now())[anna.pk] == dear
    assert [entry.changes.keys() for entry in AuditEntry.objects.filter(action="customer.changed").order_by("-at")[:1]] == [{"description"}]


def test_what_two_pages_changed_is_refused_once_with_who_saved_it_and_nothing_written_is_lost(commerce: Any, anna: Customer) -> None:
    address = f"/customers/{anna.account_number}/edit/"
    stale = filled(commerce, address, credit_limit="800.00", city="Leeds")
    assert commerce.post(address, filled(commerce, address, credit_limit="0.50", city="Leeds")).status_code == 302

    answer = commerce.post(address, stale)
    assert errors(answer) == {"credit_limit": ["Jane saved “0.50” here since you opened this page. Save again to write yours instead."]}
    form = answer.context["form"]
    assert (form["credit_limit"].value(), form["city"].value()) == ("800.00", "Leeds")
    assert Customer.objects.get(pk=anna.pk).credit_limit == Decimal("0.50")

    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    assert commerce.post(address, again).status_code == 302
    assert Customer.objects.get(pk=anna.pk).credit_limit == 800


@pytest.mark.parametrize(
    ("mine", "theirs", "refused"),
    [
        ({"daily_limited": ""}, {"daily_limit": "5.00"}, {"daily_limit": "5.00"}),
        ({"topup_amount": "500.00"}, {"low_balance_threshold": "60.00"}, {"low_balance_threshold": "60.00"}),
        ({"credit_limit": "900.00"}, {"currency": "USD"}, {"currency": "USD, US Dollar"}),
        ({"credit_limit": "900.00", "city": "Leeds"}, {"daily_limit": "5.00", "topup": "fixed", "name": "Anna Holding"}, {}),
    ],
)
def test_what_two_pages_changed_of_one_matter_is_not_put_together(
    commerce: Any, standard: RatePlan, mine: dict[str, str], theirs: dict[str, str], refused: dict[str, str]
) -> None:
    save(commerce, **ALERTS)
    address = f"/customers/{Customer.objects.get().account_number}/edit/"
    stale = filled(commerce, address, **mine)
    assert commerce.post(address, filled(commerce, address, **theirs)).status_code == 302
    stored = Customer.objects.values().get()

    answer = commerce.post(address, stale)
    if not refused:
        assert answer.status_code == 302
        return
    said = "Jane saved “%s” here since you opened this page, and you changed what goes with it. Look at both, and save again."
    assert errors(answer) == {field: [said % words] for field, words in refused.items()}
    assert Customer.objects.values().get() == stored
    form = answer.context["form"]
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    assert commerce.post(address, again).status_code == 302
    form = commerce.get(address).context["form"]
    assert {name: form[name].value() or "" for name in mine} == mine


def test_a_limit_written_while_another_took_it_away_asks_for_its_tick(commerce: Any, standard: RatePlan) -> None:
    save(commerce, **ALERTS)
    address = f"/customers/{Customer.objects.get().account_number}/edit/"
    stale = filled(commerce, address, daily_limit="5.00")
    assert commerce.post(address, filled(commerce, address, daily_limited="")).status_code == 302

    answer = commerce.post(address, stale)
    assert sorted(errors(answer)) == ["daily_limit", "daily_limited"]
    form = answer.context["form"]
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "", False)}
    assert errors(commerce.post(address, again)) == {"daily_limit": ["Tick “Limit what calls may cost per day” too, or leave this empty."]}
    assert commerce.post(address, again | {"daily_limited": "on"}).status_code == 302
    assert Customer.objects.get().daily_limit == 5


def test_a_currency_that_became_fixed_is_refused_in_words_and_shown_as_it_is(commerce: Any, anna: Customer) -> None:
    address = f"/customers/{anna.account_number}/edit/"
    stale = filled(commerce, address, currency="USD", city="Leeds")
    Standing.objects.filter(customer=anna).update(last_call_at=timezone.now())

    answer = commerce.post(address, stale)
    assert errors(answer) == {"currency": ["It is GBP, and cannot change after the first call or movement of money."]}
    form = answer.context["form"]
    assert (form["currency"].value(), form["city"].value()) == ("GBP", "Leeds")
    assert '<input type="text" name="currency" value="GBP"' in text_of(answer)
    assert "It cannot change any more: there were calls or movements of money." in text_of(answer)
    assert commerce.post(address, filled(commerce, address, city="Leeds")).status_code == 302
    assert list(Customer.objects.values_list("currency", "city")) == [("GBP", "Leeds")]


def test_amounts_are_written_in_the_currency_that_is_chosen(commerce: Any, anna: Customer) -> None:
    assert errors(edit(commerce, anna, currency="JPY", credit_limit="9.50")) == {
        "credit_limit": ["Write a whole amount, without a point."],
    }
    assert edit(commerce, anna, currency="JPY", credit_limit="900").status_code == 302
    assert list(Customer.objects.values_list("currency", "credit_limit")) == [("JPY", Decimal(900))]


def test_a_page_says_what_it_was_drawn_with(commerce: Any, anna: Customer) -> None:
    shown = text_of(commerce.get(f"/customers/{anna.account_number}/edit/"))

    assert shown.count('<input type="hidden" name="drawn" value="{') == 1
