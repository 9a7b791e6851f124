"""A customer is made whole or not at all; what changes is written down in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import AuditEntry, SignInName, User
from billing_portal.kernel.errors import DomainError
from billing_portal.kernel.folding import fold
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import CustomerName, Reseller
from customers.domain import codes, customers, ledger, unbilled
from customers.models import AccountCode, BillingType, Customer, Kind, PlanAssignment, Standing
from customers.queries import plan_at
from rateplans.models import RatePlan, Tax
from tests.support import world
from tests.support.people import user
from tests.support.world import jane


@pytest.fixture
def standard(acme: Reseller) -> RatePlan:
    return world.plan("Standard")


def make(name: str, plan: RatePlan | None, noon: datetime, **fields: Any) -> Customer:
    return customers.create(name, plan=plan, actor=jane, at=noon, **({"billing_email": "accounts@anna.example"} | fields))


def audited(customer: Customer, action: str) -> dict[str, list[str]]:
    changes: dict[str, list[str]] = AuditEntry.objects.get(customer_id=customer.pk, action=action).changes
    return changes


def test_a_name_and_a_plan_are_enough(standard: RatePlan, noon: datetime) -> None:
    vat = world.vat()
    Tax.objects.create(name="Levy", percent=Decimal(1), liable_by_default=False)

    anna = make("  Anna   Ltd ", standard, noon)

    assert (anna.name, anna.account_number, anna.currency, anna.time_zone) == ("Anna Ltd", "100001", "GBP", "Europe/London")
    assert (anna.billing_type, anna.credit_limit, anna.billing_since, anna.status) == (BillingType.POSTPAID, Decimal(0), date(2026, 11, 21), "active")
    assert list(anna.taxes.all()) == [vat]
    assert sorted(anna.accounts.values_list("kind", "currency")) == [("receivable", "GBP"), ("wallet", "GBP")]
    assert list(PlanAssignment.objects.filter(customer=anna).values_list("plan__name", "valid_from")) == [("Standard", None)]
    assert list(AccountCode.objects.values_list("code", flat=True)) == ["100001"]


def test_the_resolved_limits_stand_where_calls_ask(standard: RatePlan, noon: datetime) -> None:
    anna = make("Anna Ltd", standard, noon, billing_type=BillingType.PREPAID, credit_limit=Decimal("12.50"))

    standing = Standing.objects.get(customer=anna)
    assert (standing.billing_type, standing.credit_limit, standing.credit_unlimited, standing.available) == (
        "prepaid",
        Decimal("12.50"),
        False,
        Decimal("12.50"),
    )


def test_the_first_person_gets_login_details_and_signs_in_by_account_number(standard: RatePlan, noon: datetime) -> None:
    anna = make("Anna Ltd", standard, noon)

    user = User.objects.get(person__customer=anna)
    assert (user.username, user.full_name, user.email, user.role, user.has_usable_password()) == (
        "accounts",
        "Anna Ltd",
        "accounts@anna.example",
        "account_admin",
        False,
    )
    assert SignInName.objects.get(user=user).value == "100001"
    assert [(mail.kind, mail.recipients) for mail in MailLog.objects.all()] == [("login_details", ["accounts@anna.example"])]
    assert anna.people.get().is_primary


def test_without_a_billing_email_nothing_is_mailed_and_the_account_number_is_the_username(standard: RatePlan, noon: datetime) -> None:
    anna = make("Anna Ltd", standard, noon, billing_email="", attention="Anna Miller")

    user = User.objects.get(person__customer=anna)
    assert (user.username, user.full_name) == ("100001", "Anna Miller")
    assert not MailLog.objects.exists()


def test_the_same_billing_email_twice_gives_two_usernames(standard: RatePlan, noon: datetime) -> None:
    make("Anna Ltd", standard, noon)
    make("Bob Ltd", standard, noon)

    assert sorted(User.objects.values_list("username", flat=True)) == ["accounts", "accounts.100002"]


def test_account_numbers_fill_the_lowest_gap(standard: RatePlan, noon: datetime) -> None:
    numbers = [make(f"Customer {n}", standard, noon, account_number=wanted).account_number for n, wanted in enumerate(["", "100003", "", "500000", ""])]

    assert numbers == ["100001", "100003", "100002", "500000", "100004"]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [("100001", "account_number_taken"), ("12", "account_number_invalid"), ("10 001", "account_number_invalid"), ("acme", "account_number_invalid")],
)
def test_an_account_number_cannot_be_given_twice_or_be_a_word(standard: RatePlan, noon: datetime, wanted: str, code: str) -> None:
    make("Anna Ltd", standard, noon)

    with pytest.raises(DomainError, match=code) as refused:
        make("Bob Ltd", standard, noon, account_number=wanted)
    assert refused.value.field == "account_number"
    assert Customer.objects.count() == 1


def test_account_numbers_and_switch_codes_share_one_namespace(standard: RatePlan, noon: datetime) -> None:
    make("Anna Ltd", standard, noon, switch_account_code="acme-100")

    for taken in ("ACME-100", "100001"):
        with pytest.raises(DomainError, match="switch_account_code_taken"):
            make("Bob Ltd", standard, noon, switch_account_code=taken)
    assert sorted(AccountCode.objects.values_list("code", flat=True)) == ["100001", "acme-100"]


@pytest.mark.rel(57)
@pytest.mark.parametrize("name", ["Anna Ltd", "anna  ltd", "ＡNNA LTD"])
def test_a_name_of_a_customer_of_globex_is_taken_and_nothing_tells_by_whom(acme: Reseller, globex: Reseller, noon: datetime, name: str) -> None:
    make("Anna Ltd", world.plan(currency="USD"), noon)
    connection.set_tenant(acme)

    with pytest.raises(DomainError, match="name_taken") as refused:
        make(name, world.plan(), noon)

    assert refused.value.field == "name"
    assert refused.value.message == f"“{' '.join(name.split())}” is taken. Names are unique across the platform."
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"name": "  "}, "name_missing", "name"),
        ({"name": "x" * 121}, "name_too_long", "name"),
        ({"plan": None}, "plan_missing", "plan"),
        ({"currency": "usd"}, "currency_unknown", "currency"),
        ({"currency": "XYZ", "plan": None, "kind": "reseller"}, "currency_unknown", "currency"),
        ({"credit_limit": Decimal("-1")}, "credit_limit_negative", "credit_limit"),
        ({"time_zone": "Mars/Olympus"}, "unknown_time_zone", "time_zone"),
        ({"billing_type": "barter"}, "billing_type_unknown", "billing_type"),
    ],
)
def test_a_customer_that_makes_no_sense_is_not_made(standard: RatePlan, noon: datetime, fields: dict[str, Any], code: str, field: str) -> None:
    given: dict[str, Any] = {"name": "Anna Ltd", "plan": standard} | fields

    with pytest.raises(DomainError, match=code) as refused:
        make(given.pop("name"), given.pop("plan"), noon, **given)
    assert refused.value.field == field
    assert (Customer.objects.count(), CustomerName.objects.count(), User.objects.count()) == (0, 0, 0)


@pytest.fixture
def anna(standard: RatePlan, noon: datetime) -> Customer:
    return make("Anna Ltd", standard, noon)


def change(customer: Customer, at: datetime, **fields: Any) -> Customer:
    return customers.change(customer, actor=jane, at=at, **fields)


def test_a_change_is_written_down_in_words(anna: Customer, noon: datetime) -> None:
    vat = world.vat()

    changed = change(anna, noon, name="Anna Holding", credit_limit=Decimal(1500), country="GB", taxes=[vat])

    assert changed.name == "Anna Holding"
    assert audited(anna, "customer.changed") == {
        "name": ["Anna Ltd", "Anna Holding"],
        "credit_limit": ["0.00 GBP", "1,500.00 GBP"],
        "country": ["", "United Kingdom"],
        "taxes": ["", "VAT 20"],
    }
    assert Standing.objects.get(customer=anna).credit_limit == Decimal(1500)


def test_a_change_of_nothing_leaves_no_trace(anna: Customer, noon: datetime) -> None:
    change(anna, noon, name="Anna Ltd", credit_limit=Decimal("0.00"))

    assert not AuditEntry.objects.filter(action="customer.changed").exists()


@pytest.mark.rel(57)
def test_who_makes_and_renames_customers_without_end_is_told_of_twenty_names_in_a_minute(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    """Of a name that is got it is known that it was free."""
    joe = Actor.of(user("joe"))
    customers.create("Company 0", plan=standard, actor=joe, at=noon, billing_email="a@company.example")
    for number in range(1, 20):
        anna = customers.change(anna, name=f"Company {number}", actor=joe, at=noon)

    with pytest.raises(DomainError, match="too_many_names"):
        customers.create("Bob Ltd", plan=standard, actor=joe, at=noon)
    with pytest.raises(DomainError, match="too_many_names"):
        customers.change(anna, name="Bob Ltd", actor=joe, at=noon)
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Company 0", "Company 19"]
    assert customers.change(anna, name="Company 19", city="Leeds", actor=joe, at=noon).city == "Leeds"
    assert customers.change(anna, name="Bob Ltd", actor=joe, at=noon + timedelta(minutes=1)).name == "Bob Ltd"


def test_a_new_name_frees_the_old_one(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    change(anna, noon, name="Anna Holding")

    assert make("Anna Ltd", standard, noon).name == "Anna Ltd"


def test_a_customer_cannot_take_anothers_name(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    make("Bob Ltd", standard, noon)

    with pytest.raises(DomainError, match="name_taken"):
        change(anna, noon, name="bob ltd")
    assert Customer.objects.get(pk=anna.pk).name == "Anna Ltd"
    assert sorted(CustomerName.objects.values_list("folded", flat=True)) == ["anna ltd", "bob ltd"]


def test_a_new_account_number_is_signed_in_with(anna: Customer, noon: datetime) -> None:
    change(anna, noon, account_number="7700", switch_account_code="anna-1")

    assert sorted(AccountCode.objects.filter(given_up_at=None).values_list("code", flat=True)) == ["7700", "anna-1"]
    assert SignInName.objects.get().value == "7700"


@pytest.mark.parametrize(("held", "wanted"), [("Büro", "BÜRO"), ("desk", "des\u212a"), ("Straße", "STRASSE")])
def test_a_code_cannot_be_taken_in_another_writing(anna: Customer, standard: RatePlan, noon: datetime, held: str, wanted: str) -> None:
    change(anna, noon, switch_account_code=held)

    with pytest.raises(DomainError, match="switch_account_code_taken"):
        make("Bob Ltd", standard, noon, switch_account_code=wanted)
    assert change(anna, noon, switch_account_code=wanted).switch_account_code == wanted
    assert list(AccountCode.objects.exclude(code=anna.account_number).values_list("code", "folded")) == [(wanted, fold(held))]


def test_a_number_that_is_a_code_in_another_writing_is_passed_over(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    change(anna, noon, switch_account_code="１００００２")

    assert make("Bob Ltd", standard, noon).account_number == "100003"


@pytest.mark.parametrize("name", ["\ufdfa" * 12, "İ" * 120, "ß" * 120])
def test_a_name_that_is_too_long_to_compare_is_refused_and_nothing_made(anna: Customer, standard: RatePlan, noon: datetime, name: str) -> None:
    with pytest.raises(DomainError, match="name_too_long") as made:
        make(name, standard, noon)
    with pytest.raises(DomainError, match="name_too_long") as renamed:
        change(anna, noon, name=name)
    assert (made.value.field, renamed.value.field) == ("name", "name")
    assert list(Customer.objects.values_list("name", flat=True)) == ["Anna Ltd"]


@pytest.mark.parametrize(("name", "code"), [("An\0na", "name_unreadable"), ("Bob\x7fLtd", "name_unreadable"), ("\u3164\u00ad", "name_missing")])
def test_a_name_nobody_can_read_is_refused(anna: Customer, standard: RatePlan, noon: datetime, name: str, code: str) -> None:
    with pytest.raises(DomainError, match=code) as made:
        make(name, standard, noon)
    with pytest.raises(DomainError, match=code) as renamed:
        change(anna, noon, name=name)
    assert (made.value.field, renamed.value.field) == ("name", "name")
    assert list(CustomerName.objects.values_list("folded", flat=True)) == ["anna ltd"]


def test_a_name_that_looks_like_a_taken_one_is_taken(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    for name in ("An\u00adna Ltd", "Anna\ufe0f Ltd", "\u3164Anna Ltd"):
        with pytest.raises(DomainError, match="name_taken"):
            make(name, standard, noon)


@pytest.mark.parametrize("wanted", ["de\0sk", "desk\x1b", "\u00ad", "\u200b\ufe0f"])
def test_a_code_nobody_can_read_is_refused(anna: Customer, noon: datetime, wanted: str) -> None:
    with pytest.raises(DomainError, match="switch_account_code_invalid") as refused:
        change(anna, noon, switch_account_code=wanted)
    assert refused.value.field == "switch_account_code"


def test_a_number_that_was_given_up_is_never_given_out_by_itself_again(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    change(anna, noon, account_number="100009")
    change(anna, noon, account_number="555001")

    assert codes.next_number() == "100002"
    assert [make(f"Customer {n}", standard, noon).account_number for n in range(8)] == [str(n) for n in [*range(100_002, 100_009), 100_010]]


def test_a_number_or_code_that_was_given_up_can_be_taken_by_hand_once(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    change(anna, noon, account_number="555001", switch_account_code="Anna-One")
    change(anna, noon, switch_account_code="")
    bob = make("Bob Ltd", standard, noon, account_number="100001", switch_account_code="anna-one")

    held = AccountCode.objects.filter(given_up_at=None).order_by("code")
    assert [(code.code, code.customer) for code in held] == [("100001", bob), ("555001", anna), ("anna-one", bob)]
    with pytest.raises(DomainError, match="account_number_taken"):
        change(anna, noon, account_number="100001")
    change(bob, noon, account_number="100009")
    assert change(anna, noon, account_number="100001").account_number == "100001"


def test_another_plan_prices_calls_from_now_on(anna: Customer, standard: RatePlan, noon: datetime) -> None:
    cheap = world.plan("Cheap")

    change(anna, noon, plan=cheap)

    assert plan_at([anna.pk], noon - timedelta(seconds=1)) == {anna.pk: standard}
    assert plan_at([anna.pk], noon) == {anna.pk: cheap}
    assert audited(anna, "customer.changed") == {"plan": ["Standard", "Cheap"]}


def test_a_customer_pays_in_its_own_currency_whatever_the_plans(standard: RatePlan, anna: Customer, noon: datetime) -> None:
    dollars = world.plan("Dollars", currency="USD")
    change(anna, noon, plan=dollars)
    assert (Customer.objects.get(pk=anna.pk).currency, plan_at([anna.pk], noon)) == ("GBP", {anna.pk: dollars})
    assert make("Bert Ltd", standard, noon, currency="EUR").currency == "EUR"


def test_a_currency_that_nobody_uses_cannot_be_chosen(anna: Customer, noon: datetime) -> None:
    with pytest.raises(DomainError, match="currency_unknown") as refused:
        change(anna, noon, currency="XXX")
    assert refused.value.field == "currency"


def test_a_currency_that_nobody_pays_in_cannot_be_given(anna: Customer, noon: datetime) -> None:
    with pytest.raises(DomainError, match="currency_unknown"):
        change(anna, noon, currency="XYZ")


def test_the_currency_changes_with_the_plan_until_money_moved(anna: Customer, noon: datetime) -> None:
    dollars, euros = world.plan("Dollars", currency="USD"), world.plan("Euros", currency="EUR")

    anna = change(anna, noon, plan=dollars, currency="USD")
    assert sorted(anna.accounts.values_list("currency", flat=True)) == ["USD", "USD"]

    ledger.post(Kind.CHARGE, anna, Decimal(1), at=noon, actor=jane, key="1")
    with pytest.raises(DomainError, match="currency_fixed"):
        change(anna, noon + timedelta(hours=1), plan=euros, currency="EUR")
    assert Customer.objects.get(pk=anna.pk).currency == "USD"


@pytest.fixture
def waiting() -> Iterator[list[Customer]]:
    """The customers with something unbilled, as the higher app would answer."""
    found: list[Customer] = []
    before = unbilled._checks[:]
    unbilled._checks[:] = [found.__contains__]
    bills = unbilled._bills[:]
    unbilled._bills.clear()
    yield found
    unbilled._checks[:], unbilled._bills[:] = before, bills


def test_how_a_settled_customer_pays_may_change(anna: Customer, waiting: list[Customer], noon: datetime) -> None:
    change(anna, noon, billing_type=BillingType.PREPAID)

    assert Standing.objects.get(customer=anna).billing_type == "prepaid"
    assert audited(anna, "customer.changed") == {"billing_type": ["Post-paid", "Pre-paid"]}


def test_how_a_customer_pays_cannot_change_while_something_is_unbilled(anna: Customer, waiting: list[Customer], noon: datetime) -> None:
    waiting.append(anna)

    with pytest.raises(DomainError, match="billing_type_fixed") as refused:
        change(anna, noon, billing_type=BillingType.PREPAID)
    assert refused.value.field == "billing_type"


def test_what_is_unbilled_is_billed_before_how_a_customer_pays_changes(anna: Customer, waiting: list[Customer], noon: datetime) -> None:
    waiting.append(anna)
    unbilled._bills.append(lambda customer, _actor, _at: waiting.remove(customer))

    change(anna, noon, billing_type=BillingType.PREPAID)
    assert Standing.objects.get(customer=anna).billing_type == "prepaid"


def test_a_debt_stays_where_it_is_when_how_a_customer_pays_changes(anna: Customer, waiting: list[Customer], noon: datetime) -> None:
    ledger.post(Kind.CHARGE, anna, Decimal("0.01"), at=noon, actor=jane, key="1")

    change(anna, noon, billing_type=BillingType.PREPAID)
    row = Standing.objects.get(customer=anna)
    assert (row.billing_type, row.wallet, row.receivable) == ("prepaid", Decimal(0), Decimal("-0.01"))


def _race(name: str, plan_id: Any, number: str) -> str:
    connection.set_schema("acme")
    try:
        made = customers.create(
            name, plan=RatePlan.objects.get(pk=plan_id), account_number=number, billing_email="accounts@race.example", actor=jane, at=world_now()
        )
        return made.account_number
    except DomainError as refused:
        return refused.code
    finally:
        connections.close_all()


def world_now() -> datetime:
    return datetime.fromisoformat("2026-11-21T12:00:00+00:00")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_one_name_at_once_one_gets_it() -> None:
    plan = world.plan()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _turn: _race("Same Name", plan.pk, ""), range(4)))

    assert sorted(answers) == ["100001", "name_taken", "name_taken", "name_taken"]
    assert Customer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_customers_made_at_once_get_different_account_numbers() -> None:
    plan = world.plan()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda turn: _race(f"Customer {turn}", plan.pk, ""), range(4)))

    assert sorted(answers) == ["100001", "100002", "100003", "100004"]
