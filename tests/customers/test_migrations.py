"""What was there before names were folded is folded, and nothing that folds alike stops an upgrade."""

import importlib
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection

from billing_portal.accounts.actor import Actor
from billing_portal.kernel.folding import fold
from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models import CustomerName, Reseller, new_id
from customers.domain import codes, customers, features, ledger
from customers.models import AccountCode, Customer, FormerLine, Kind, Line, Standing, Transfer
from tests.sizes import size
from tests.support import databases, world
from tests.support.people import START, user
from tests.support.world import jane

given_up: Any = importlib.import_module("customers.migrations.0008_codes_given_up_before_are_remembered")
migration: Any = importlib.import_module("customers.migrations.0007_names_are_folded")
called: Any = importlib.import_module("customers.migrations.0011_what_resellers_call_themselves")
removed: Any = importlib.import_module("customers.migrations.0013_lines_removed_before_are_remembered")
chosen: Any = importlib.import_module("customers.migrations.0010_lines_that_customers_named")
anew: Any = importlib.import_module("customers.migrations.0009_names_nobody_tells_apart")
numbered: Any = importlib.import_module("customers.migrations.0014_movements_are_numbered")


def fill() -> None:
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)


def fold_anew() -> None:
    with connection.schema_editor() as editor:
        anew.fill(apps, editor)


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
        coded = AccountCode.objects.exclude(code__in=[anna.account_number, bob.account_number]).order_by("created_at")
        assert [(code.code, code.folded, code.is_twin) for code in coded] == [
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


def test_lines_that_customers_named_are_told_by_the_audit_trail_unless_staff_made_them_on_net(anna: Customer, noon: datetime) -> None:
    annas, staff = Actor.of(anna.people.get().user), Actor.of(user("jane"))
    for name, actor in (("118118", annas), ("Lift", annas), ("77", annas), ("1001", staff), ("1002", staff.acting_for(anna.pk, anna.name))):
        features.add_line(anna, name, actor=actor, at=noon)
    Line.objects.filter(name="118118").update(on_net=False)

    with connection.schema_editor() as editor:
        chosen.fill(apps, editor)

    assert dict(Line.objects.values_list("name", "by_customer")) == {"118118": True, "Lift": True, "77": False, "1001": False, "1002": False}


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
    assert remembered.count() == 6
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


def test_lines_removed_before_they_were_remembered_are_found_in_the_audit_trail(anna: Customer, bob: Customer, noon: datetime) -> None:
    later = noon + timedelta(days=1)
    annas = Actor.of(anna.people.get().user)
    for customer, name, actor in ((anna, "Straße", jane), (anna, "Lift", annas), (bob, "1001", jane)):
        features.remove_line(features.add_line(customer, name, actor=actor, at=noon), actor=jane, at=later)
    features.add_line(bob, "Straße", actor=jane, at=later)
    FormerLine.objects.filter(customer=anna).delete()

    for _again in range(2):
        with connection.schema_editor() as editor:
            removed.fill(apps, editor)

        kept = FormerLine.objects.order_by("folded_name").values_list("customer__name", "folded_name", "by_customer", "since", "given_up_at")
        assert list(kept) == [
            ("Bob Ltd", "1001", False, noon, later),
            ("Anna Ltd", "lift", True, noon, later),
            ("Anna Ltd", "strasse", False, noon, later),
        ]


def test_names_that_look_alike_but_were_folded_apart_are_folded_anew(acme: Any) -> None:
    anna, bob = world.customer("Anna Ltd"), world.customer("Bob Ltd")
    for customer, name, address in ((anna, "de\u00adsk", "h\u200bk"), (anna, "lift", ""), (bob, "desk", "hk")):
        Line.objects.create(customer=customer, name=name, address=address)
    Line.objects.filter(name="lift").update(name="desk", on_net=False)
    for code in ("an\ufe0fna", "x"):
        AccountCode.objects.create(customer=anna, code=code)
    AccountCode.objects.filter(code="x").update(code="ANNA")
    put_back()
    Line.objects.filter(name="desk", customer=anna).update(on_net=False)

    for _again in range(2):
        fold_anew()

        lines = Line.objects.order_by("created_at").values_list("customer__name", "folded_name", "folded_address", "is_twin", "on_net")
        assert list(lines) == [("Anna Ltd", "desk", "hk", False, True), ("Anna Ltd", "desk", "", True, False), ("Bob Ltd", "desk", "hk", False, True)]
        coded = AccountCode.objects.exclude(code__in=[anna.account_number, bob.account_number]).order_by("created_at")
        assert list(coded.values_list("folded", "is_twin")) == [("anna", False), ("anna", True)]


NAMES = [
    "1001", " Desk  1 ", "BÜRO Ä1", "Straße", "\u017f\u1e9e\u212a", "Ωmega ΣΑΣ", "de\u00adsk\ufe0f",
    "ﬁre ㎒", "\u1fb3\u0345", "\u2167\u3000x", "会議室", "Ꭰꭰ",
]  # fmt: skip


def former_release(table: str, **given: Any) -> None:
    """Add a row as a release does that knows these columns alone."""
    row: dict[str, Any] = {"id": new_id(), "created_at": START} | given
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", [*row.values()])


def test_a_line_or_code_that_the_former_release_adds_is_found_by_this_one(anna: Customer) -> None:
    """It knows no folded columns: between the migration and its restart the database fills them in."""
    for name in NAMES:
        former_release("customers_line", customer_id=anna.pk, name=name, description="", address=f"{name}-host")
        former_release("customers_accountcode", customer_id=anna.pk, code=name)

    assert {line.name: (line.folded_name, line.folded_address) for line in Line.objects.all()} == {name: (fold(name), fold(f"{name}-host")) for name in NAMES}
    assert dict(AccountCode.objects.filter(code__in=NAMES).values_list("code", "folded")) == {name: fold(name) for name in NAMES}


def test_a_line_that_the_former_release_adds_twice_is_refused(anna: Customer) -> None:
    Line.objects.create(customer=anna, name="Straße")

    with pytest.raises(IntegrityError, match="line_once"):
        former_release("customers_line", customer_id=anna.pk, name="STRASSE", description="", address="")


def test_the_database_folds_every_sign_as_we_do(acme: Any) -> None:
    codes = [*range(1, size(0x800, 0x20000)), *range(0x1E00, 0x2200), *range(0xFB00, 0xFB20), *range(0xFE00, 0x10000)]
    signs = [sign for sign in map(chr, codes) if unicodedata.category(sign) not in {"Cn", "Cs"}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT given, public.folded('a' || given || 'B') FROM unnest(%s::text[]) AS of (given)", [signs])
        told_apart = {sign: folded for sign, folded in cursor.fetchall() if folded != fold(f"a{sign}B")}

    assert told_apart == {}


def test_what_resellers_call_themselves_is_held_for_them_where_nobody_has_it(owner: Any) -> None:
    rows = {schema: world.customer(name, kind="reseller", reseller_schema=schema) for schema, name in (("acme", "Acme"), ("globex", "Globex"))}
    for row in rows.values():
        names.take(row.name, customer_id=row.pk)
    Reseller.objects.filter(schema_name="acme").update(name="Nova Voice")
    Reseller.objects.filter(schema_name="globex").update(name="Anna Ltd")
    Reseller.objects.filter(schema_name="owner").update(name="Vega")
    names.take("Anna Ltd", customer_id=world.customer("Anna Ltd").pk)

    for _again in range(2):
        with connection.schema_editor() as editor:
            called.fill(apps, editor)

        held = {key: set(CustomerName.objects.filter(customer_id=row.pk).values_list("folded", flat=True)) for key, row in rows.items()}
        assert held == {"acme": {"acme", "nova voice"}, "globex": {"globex"}}
        assert list(CustomerName.objects.filter(customer_id=owner.pk).values_list("folded", "schema_name")) == [("vega", "owner")]


def post(of: Customer, key: str, at: datetime) -> Transfer:
    return ledger.post(Kind.FEE, of, Decimal(1), at=at, actor=jane, key=key)


def numbers(of: Customer) -> tuple[list[tuple[str, int]], int]:
    return list(Transfer.objects.filter(customer=of).order_by("number").values_list("key", "number")), Standing.objects.get(customer=of).movements


@pytest.mark.django_db(transaction=True)
def test_movements_of_before_are_numbered_in_the_order_of_their_keys(anna: Customer, noon: datetime) -> None:
    bob = world.customer("Bob Ltd")
    for of, key in ((anna, "a1"), (bob, "b1"), (anna, "a2"), (anna, "a3")):
        post(of, key, noon)
    Standing.objects.update(movements=0)
    with databases.superuser(connection.settings_dict["NAME"]).cursor() as cursor:
        cursor.execute("SET search_path = acme; SET session_replication_role = replica; UPDATE customers_transfer SET number = number + 100")
        cursor.execute(numbered.FILL)

    assert numbers(anna) == ([("a1", 1), ("a2", 2), ("a3", 3)], 3)
    assert numbers(bob) == ([("b1", 1)], 1)


def test_a_movement_that_the_former_release_posts_is_numbered_and_counted(anna: Customer, noon: datetime) -> None:
    made = post(anna, "a1", noon)
    sides: dict[str, Any] = {"customer_id": anna.pk, "debit_id": made.debit_id, "credit_id": made.credit_id, "currency": "GBP", "amount": 1, "kind": "fee"}
    names = dict.fromkeys(("actor_name", "actor_schema", "acted_for_name", "note", "about_kind"), "")
    for key in ("a2", "a3"):
        former_release("customers_transfer", **sides, **names, key=key, occurred_at=noon, posted_at=noon)
    post(anna, "a4", noon)

    assert numbers(anna) == ([("a1", 1), ("a2", 2), ("a3", 3), ("a4", 4)], 4)
