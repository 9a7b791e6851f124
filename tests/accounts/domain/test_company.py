from datetime import datetime
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import company
from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.domain import names, schemas
from billing_portal.tenancy.models import CustomerName, Reseller, new_id
from customers.domain import customers, resellers
from customers.domain.resellers import NewReseller
from customers.models import Customer
from tests.support import world
from tests.support.people import user

boss = Actor.program("boss")


def test_fields_change_and_the_entry_says_from_what(acme: Any, noon: datetime) -> None:
    company.change(acme, {"legal_name": "Acme Telecom Ltd", "city": "Leeds", "name": "Acme"}, actor=boss, at=noon)
    kept = Reseller.objects.get(pk=acme.pk)

    assert (kept.legal_name, kept.city, kept.name) == ("Acme Telecom Ltd", "Leeds", "Acme")
    assert AuditEntry.objects.get(action="company.changed").changes == {"legal_name": ["Acme", "Acme Telecom Ltd"], "city": ["", "Leeds"]}


def test_a_name_from_before_that_would_be_refused_today_stays_and_can_be_left(acme: Any, noon: datetime) -> None:
    Reseller.objects.filter(pk=acme.pk).update(name="Acme \u2800")
    with schema_context("owner"):
        Customer.objects.filter(reseller_schema="acme").update(name="Acme \u2800")
    acme.refresh_from_db()
    company.change(acme, {"city": "Leeds"}, actor=boss, at=noon)
    with pytest.raises(DomainError, match="name_unreadable"):
        company.change(acme, {"name": "Acme \u2800\u2800"}, actor=boss, at=noon)

    company.change(acme, {"name": "Acme Voice"}, actor=boss, at=noon)
    assert (Reseller.objects.get(pk=acme.pk).name, Reseller.objects.get(pk=acme.pk).city) == ("Acme Voice", "Leeds")


def test_nothing_changed_writes_nothing(acme: Any, noon: datetime) -> None:
    company.change(acme, {"name": "Acme"}, actor=boss, at=noon)

    assert AuditEntry.objects.count() == 0


@pytest.mark.rel(57)
def test_who_calls_the_company_something_else_again_and_again_is_told_of_twenty_names_in_a_minute(acme: Any, noon: datetime) -> None:
    joe = Actor.of(user("joe"))
    for number in range(20):
        acme = company.change(acme, {"name": f"Acme {number}"}, actor=joe, at=noon)

    with pytest.raises(DomainError, match="too_many_names"):
        company.change(acme, {"name": "Acme"}, actor=joe, at=noon)
    assert company.change(acme, {"city": "Leeds"}, actor=joe, at=noon).name == "Acme 19"


@pytest.mark.parametrize("taken", ["Globex", " GLOBEX ", "Anna Ltd"])
def test_a_name_taken_anywhere_on_the_platform_is_refused(acme: Any, noon: datetime, taken: str) -> None:
    names.take("Anna Ltd", customer_id=acme.pk)

    with pytest.raises(DomainError, match="name_taken"):
        company.change(acme, {"name": taken}, actor=boss, at=noon)


def test_a_name_that_is_too_long_to_compare_is_refused(acme: Any, noon: datetime) -> None:
    with pytest.raises(DomainError, match="name_too_long") as refused:
        company.change(acme, {"name": "ß" * 120}, actor=boss, at=noon)
    assert refused.value.field == "name"


def test_a_name_can_change_its_case(acme: Any, noon: datetime) -> None:
    assert company.change(acme, {"name": "ACME"}, actor=boss, at=noon).name == "ACME"


@pytest.mark.parametrize(("colour", "code"), [("red", "colour_invalid"), ("#00647", "colour_invalid"), ("#ffff00", "colour_pale"), ("#9aa5b1", "colour_pale")])
def test_a_colour_must_carry_white_text(acme: Any, noon: datetime, colour: str, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        company.change(acme, {"brand_colour": colour}, actor=boss, at=noon)


def test_contrast_is_that_of_the_accessibility_rules() -> None:
    assert round(company.contrast_with_white("#000000"), 2) == 21.0
    assert round(company.contrast_with_white("#ffffff"), 2) == 1.0
    assert round(company.contrast_with_white("#767676"), 2) == 4.54


def test_a_reseller_can_return_to_its_former_name_which_its_row_at_the_parent_still_has(acme: Any, noon: datetime) -> None:
    with schema_context("owner"):
        row = world.customer("Acme", kind="reseller", reseller_schema="acme")
        names.take("Acme", customer_id=row.pk)
        names.take("Acme Trading", customer_id=world.customer("Acme Trading").pk)
    company.change(acme, {"name": "Nova"}, actor=boss, at=noon)

    assert company.change(acme, {"name": "ACME"}, actor=boss, at=noon).name == "ACME"
    with pytest.raises(DomainError, match="name_taken"):
        company.change(acme, {"name": "Acme Trading"}, actor=boss, at=noon)


def test_the_root_can_return_to_its_former_name_and_nobody_else_can_take_it(owner: Any, noon: datetime) -> None:
    names.take("Portal", customer_id=owner.pk)
    company.change(owner, {"name": "Nova"}, actor=boss, at=noon)

    with pytest.raises(DomainError, match="name_taken"):
        company.change(Reseller.objects.get(schema_name="acme"), {"name": "Portal"}, actor=boss, at=noon)
    assert company.change(owner, {"name": "Portal"}, actor=boss, at=noon).name == "Portal"


def test_what_a_reseller_calls_itself_is_nobody_elses_and_its_parent_may_follow(acme: Any, noon: datetime) -> None:
    globex = Reseller.objects.get(schema_name="globex")
    with schema_context("owner"):
        row = world.customer("Acme", kind="reseller", reseller_schema="acme")
        names.take("Acme", customer_id=row.pk)
    company.change(acme, {"name": "Nova Voice"}, actor=boss, at=noon)
    assert held_by(row) == {"acme", "nova voice"}

    with pytest.raises(DomainError, match="name_taken"):
        company.change(globex, {"name": "No\u00adva voice"}, actor=boss, at=noon)
    with schema_context("globex"), pytest.raises(DomainError, match="name_taken"):
        names.take("nova voice", customer_id=new_id())
    wanted: dict[str, Any] = {"short_name": "nova", "host": "nova.globex.localhost", "currency": "EUR", "time_zone": "UTC", "admin_email": "a@nova.example"}
    said = list(resellers.problems(NewReseller(**wanted, name="NOVA Voice", parent=globex, plan=None)))
    assert [(problem.code, problem.field) for problem in said] == [("name_taken", "name")]

    with schema_context("owner"):
        customers.change(row, name="Nova Voice", actor=boss, at=noon)
    assert held_by(row) == {"nova voice"}


def test_a_name_that_a_reseller_gave_up_and_its_parent_never_used_is_free_again(acme: Any, noon: datetime) -> None:
    with schema_context("owner"):
        row = world.customer("Acme", kind="reseller", reseller_schema="acme")
        names.take("Acme", customer_id=row.pk)
    for name in ("Nova", "Vega", "VEGA"):
        company.change(Reseller.objects.get(pk=acme.pk), {"name": name}, actor=boss, at=noon)

    assert held_by(row) == {"acme", "vega"}
    with schema_context("owner"):
        customers.change(row, name="Acme Trading", actor=boss, at=noon)
    assert held_by(row) == {"acme trading", "vega"}


def test_names_are_each_parents_own_where_the_platform_is_set_so(acme: Any, noon: datetime, settings: Any) -> None:
    """Two customers of one reseller never bear one name; those of two may."""
    settings.CUSTOMER_NAMES_UNIQUE = "reseller"
    with schema_context("owner"):
        row = world.customer("Acme", kind="reseller", reseller_schema="acme")
        names.take("Acme", customer_id=row.pk)
    company.change(acme, {"name": "Nova"}, actor=boss, at=noon)

    assert held_by(row) == {"owner/acme", "owner/nova"}
    with schema_context("globex"):
        names.take("Nova", customer_id=new_id())
    with schema_context("owner"), pytest.raises(DomainError, match="name_taken"):
        names.take("Nova", customer_id=new_id())

    below, other = (world_reseller(name, under=parent) for name, parent in (("Vega", "acme"), ("Vega Two", "globex")))
    for name in ("Vega", "Portal"):
        with pytest.raises(DomainError, match="name_taken"):
            company.change(acme, {"name": name}, actor=boss, at=noon)
    assert company.change(acme, {"name": "vega two"}, actor=boss, at=noon).name == "vega two"
    assert (below.name, other.name) == ("Vega", "Vega Two")


def world_reseller(name: str, *, under: str) -> Reseller:
    """A reseller that is only entered into the tree."""
    short, parent = name.lower().replace(" ", ""), Reseller.objects.get(schema_name=under)
    with schema_context("public"):
        return schemas.register(name=name, schema_name=short, host=f"{short}.localhost", parent=parent, currency="EUR", time_zone="UTC")


def test_a_parent_renames_a_reseller_whose_own_name_is_somebody_elses_since_before_own_names_were_held(acme: Any, noon: datetime) -> None:
    bearer = new_id()
    with schema_context("globex"):
        names.take("Northwind", customer_id=bearer)
    Reseller.objects.filter(pk=acme.pk).update(name="Northwind")
    with schema_context("owner"):
        row = world.customer("Acme", kind="reseller", reseller_schema="acme")
        names.take("Acme", customer_id=row.pk)

        assert customers.change(row, name="Acme Holding", actor=boss, at=noon).name == "Acme Holding"
    assert held_by(row) == {"acme holding"}
    assert list(CustomerName.objects.filter(folded="northwind").values_list("customer_id", flat=True)) == [bearer]


def held_by(row: Customer) -> set[str]:
    return set(CustomerName.objects.filter(schema_name="owner", customer_id=row.pk).values_list("folded", flat=True))
