from datetime import datetime
from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import company
from billing_portal.accounts.models import AuditEntry
from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models import Reseller
from tests.support import world

boss = Actor.program("boss")


def test_fields_change_and_the_entry_says_from_what(acme: Any, noon: datetime) -> None:
    company.change(acme, {"legal_name": "Acme Telecom Ltd", "city": "Leeds", "name": "Acme"}, actor=boss, at=noon)
    kept = Reseller.objects.get(pk=acme.pk)

    assert (kept.legal_name, kept.city, kept.name) == ("Acme Telecom Ltd", "Leeds", "Acme")
    assert AuditEntry.objects.get(action="company.changed").changes == {"legal_name": ["Acme", "Acme Telecom Ltd"], "city": ["", "Leeds"]}


def test_nothing_changed_writes_nothing(acme: Any, noon: datetime) -> None:
    company.change(acme, {"name": "Acme"}, actor=boss, at=noon)

    assert AuditEntry.objects.count() == 0


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
