"""A row has a key that means nothing elsewhere, and is saved only where it was read."""

from typing import Any

import pytest
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Switch
from billing_portal.tenancy.models import new_id
from billing_portal.tenancy.models.records import SchemaMismatchError

pytestmark = pytest.mark.django_db


def test_keys_are_in_time_order() -> None:
    keys = [new_id() for _ in range(100)]

    assert keys == sorted(keys)
    assert {key.version for key in keys} == {7}


@pytest.mark.rel(54)
def test_a_row_of_one_reseller_cannot_be_saved_in_another(acme: Any) -> None:
    Switch.objects.create(name="london")
    row = Switch.objects.get(name="london")

    with schema_context("globex"), pytest.raises(SchemaMismatchError):
        row.save()
    with schema_context("globex"):
        assert not Switch.objects.filter(name="london").exists()


def test_a_row_is_saved_where_it_was_read(acme: Any) -> None:
    Switch.objects.create(name="london")
    row = Switch.objects.get(name="london")
    row.description = "Docklands"
    row.save()

    assert Switch.objects.get(name="london").description == "Docklands"
