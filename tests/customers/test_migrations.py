"""What was there before names were folded is folded, and nothing that folds alike stops an upgrade."""

import importlib
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import connection

from billing_portal.accounts.actor import Actor
from customers.domain import codes, customers, features
from customers.models import AccountCode, Customer, Line
from tests.support import world
from tests.support.people import user
from tests.support.world import jane

given_up: Any = importlib.import_module("customers.migrations.0008_codes_given_up_before_are_remembered")
migration: Any = importlib.import_module("customers.migrations.0007_names_are_folded")


def fill() -> None:
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)


def put_back() -> None:
    """The rows as they are when the migration finds them: unfolded, and nobody's twin."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_line SET folded_name = id::text, folded_address = '', on_net = true, is_twin = false")
        cursor.execute("UPDATE customers_accountcode SET folded = id::text, is_twin = false")


def test_names_that_were_there_are_folded_and_those_that_fold_alike_stay(acme: Any) -> None:
    anna, bob = world.customer("Anna Ltd"), world.customer("Bob Ltd")
    for number, (customer, name) in enumerate([(anna, "Straße"), (anna, "x"), (bob, "STRASSE")]):
        Line.objects.create(customer=customer, name=name, address=f"HOST-{number}")
        AccountCode.objects.create(customer=customer, code=f"{name}{number}")
    Line.objects.filter(name="x").update(name="STRASSE")
    AccountCode.objects.filter(code="STRASSE2").update(code="STRASSE0")
    put_back()

    for _again in range(2):
        fill()

        assert [(line.folded_name, line.folded_address, line.is_twin, line.on_net) for line in Line.objects.order_by("address")] == [
            ("strasse", "host-0", False, True),
            ("strasse", "host-1", True, True),
            ("strasse", "host-2", False, True),
        ]
        codes = AccountCode.objects.exclude(code__in=[anna.account_number, bob.account_number]).order_by("created_at")
        assert [(code.code, code.folded, code.is_twin) for code in codes] == [
            ("Straße0", "strasse0", False),
            ("x1", "x1", False),
            ("STRASSE0", "strasse0", True),
        ]
    assert set(AccountCode.objects.filter(code=anna.account_number).values_list("folded", "is_twin")) == {(anna.account_number, False)}


def test_a_line_that_a_customer_made_of_what_can_be_dialled_is_free_to_call_no_more(anna: Customer, noon: datetime) -> None:
    annas, staff = Actor.of(anna.people.get().user), Actor.of(user("jane"))
    switched = staff.acting_for(anna.pk, anna.name)
    for name, actor in (("118118", annas), ("Lift", annas), ("1001", staff), ("1002", switched), ("1003", jane)):
        features.add_line(anna, name, actor=actor, at=noon)
    put_back()

    fill()

    assert dict(Line.objects.values_list("name", "on_net")) == {"118118": False, "Lift": True, "1001": True, "1002": True, "1003": True}


def test_numbers_and_codes_given_up_before_they_were_remembered_are_found_in_the_audit_trail(anna: Customer, bob: Customer, noon: datetime) -> None:
    """Anna's numbers and code were given up, the code by Bob after her; one of her numbers Bob has now, and nothing else of the trail is taken for one."""

    def change(customer: Customer, **fields: Any) -> None:
        customers.change(customer, actor=jane, at=noon, **fields)

    change(anna, account_number="100009", switch_account_code="Straße")
    change(anna, account_number="555001", switch_account_code="", description="100010")
    change(anna, account_number="555002", description="")
    change(bob, account_number="555001", switch_account_code="STRASSE")
    change(bob, switch_account_code="")
    remembered = AccountCode.objects.exclude(given_up_at=None)
    assert remembered.count() == 4
    remembered.delete()

    for _again in range(2):
        with connection.schema_editor() as editor:
            given_up.fill(apps, editor)

        assert [(code.code, code.folded, code.customer, code.given_up_at) for code in remembered.order_by("folded")] == [
            ("100001", "100001", anna, noon),
            ("100002", "100002", bob, noon),
            ("100009", "100009", anna, noon),
            ("STRASSE", "strasse", bob, noon),
        ]
    assert sorted(AccountCode.objects.filter(given_up_at=None).values_list("code", "customer__name")) == [("555001", "Bob Ltd"), ("555002", "Anna Ltd")]
    assert codes.next_number() == "100003"
