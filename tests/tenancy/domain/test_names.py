"""Names are unique across the platform, and a clash tells nothing but that (M8)."""

import importlib
import threading
import unicodedata
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django_tenants.utils import schema_context

from billing_portal.kernel.errors import DomainError
from billing_portal.tenancy.domain import names
from billing_portal.tenancy.models import CustomerName, new_id

pytestmark = pytest.mark.django_db


def test_a_name_is_held_once_taken(acme: Any) -> None:
    holder = new_id()

    names.take("Harbour Cafe", customer_id=holder)

    assert not names.is_free("Harbour Cafe")
    assert names.is_free("Harbour Cafe", except_for=holder)


@pytest.mark.parametrize("other", ["HARBOUR CAFÉ", "  harbour   café ", unicodedata.normalize("NFD", "Harbour Café"), "Ｈarbour Café"])
def test_case_space_and_unicode_form_do_not_distinguish_names(acme: Any, other: str) -> None:
    names.take("Harbour Café", customer_id=new_id())

    with pytest.raises(DomainError, match="name_taken"):
        names.take(other, customer_id=new_id())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("\u2800", "name_missing"),
        ("\u3164", "name_missing"),
        ("Harbour Cafe\u2800", "name_unreadable"),
        ("Harbour\ue000", "name_unreadable"),
        ("\ufff9A", "name_unreadable"),
    ],
)
def test_a_name_that_nobody_sees_or_tells_from_another_is_none(acme: Any, name: str, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        names.take(name, customer_id=new_id())
    assert (refused.value.code, refused.value.field) == (code, "name")


@pytest.mark.rel(57)
def test_a_clash_with_another_reseller_names_neither_it_nor_its_data(acme: Any) -> None:
    with schema_context("globex"):
        names.take("Harbour Cafe", customer_id=new_id())

    with pytest.raises(DomainError) as clash:
        names.take("Harbour Cafe", customer_id=new_id())
    assert clash.value.field == "name"
    assert clash.value.message == "“Harbour Cafe” is taken. Names are unique across the platform."


def test_a_new_name_frees_the_old_one(acme: Any) -> None:
    holder = new_id()
    names.take("Old Name", customer_id=holder)

    names.take("New Name", customer_id=holder)

    assert names.is_free("Old Name")
    assert CustomerName.objects.filter(customer_id=holder).count() == 1


def test_a_refused_name_leaves_the_old_one_held(acme: Any) -> None:
    holder = new_id()
    names.take("Mine", customer_id=holder)
    names.take("Theirs", customer_id=new_id())

    with pytest.raises(DomainError, match="name_taken"), transaction.atomic():
        names.take("Theirs", customer_id=holder)
    assert not names.is_free("Mine")


def test_alternatives_are_free_and_start_with_the_hints(acme: Any) -> None:
    names.take("Acme Ltd", customer_id=new_id())
    names.take("Acme Ltd 2", customer_id=new_id())

    assert names.free_alternatives("Acme Ltd", hints=["Leeds", ""]) == ["Acme Ltd Leeds", "Acme Ltd 3", "Acme Ltd 4"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_want_a_name_at_once_one_gets_it(acme: Any) -> None:
    outcomes: list[str] = []
    both = threading.Barrier(2)

    def want() -> None:
        connection.set_schema("acme")
        both.wait()
        try:
            names.take("Contested", customer_id=new_id())
            outcomes.append("taken")
        except DomainError as clash:
            outcomes.append(clash.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=want) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["name_taken", "taken"]


def test_names_that_were_folded_apart_are_folded_anew_and_those_of_two_customers_stay(acme: Any) -> None:
    for folded in ("har\u00adbour", "ca\u034ffe", "cafe", "acme/an\ufe0fna"):
        CustomerName.objects.create(folded=folded, schema_name="acme", customer_id=new_id())

    for _again in range(2):
        importlib.import_module("billing_portal.tenancy.migrations.0006_names_nobody_tells_apart").fold_anew(apps, None)

        assert set(CustomerName.objects.filter(schema_name="acme").values_list("folded", flat=True)) == {"harbour", "ca\u034ffe", "cafe", "acme/anna"}
