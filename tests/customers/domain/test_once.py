"""A key stands for one order: the same again passes, anything else under it is refused."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from billing_portal.kernel.errors import DomainError
from customers.domain import once
from customers.models import UsedKey

pytestmark = pytest.mark.django_db
ANNA = UUID(int=1)


def test_the_same_again_passes(acme: Any) -> None:
    for amount in ("5", "5.00", "5.000000"):
        once.same("payment:1", ANNA, Decimal(amount), "Bank", None, date(2026, 11, 1), stands=amount != "5")

    assert UsedKey.objects.get().key == "payment:1"


@pytest.mark.parametrize("asked", [(ANNA, Decimal("50")), (UUID(int=2), Decimal(5)), (ANNA, Decimal(-5)), (ANNA,), (Decimal(5), ANNA), (ANNA, Decimal(5), "x")])
def test_anything_else_under_the_key_is_refused(acme: Any, asked: tuple[Any, ...]) -> None:
    once.same("payment:1", ANNA, Decimal(5), stands=False)

    with pytest.raises(DomainError, match="key_reused"):
        once.same("payment:1", *asked, stands=True)


def test_what_was_done_before_keys_were_remembered_cannot_be_compared_and_is_refused(acme: Any) -> None:
    for _try in range(2):
        with pytest.raises(DomainError, match="key_reused"):
            once.same("payment:1", ANNA, Decimal(5), stands=True)

    assert not UsedKey.objects.exists()


def test_each_reseller_has_keys_of_its_own(acme: Any, globex: Any) -> None:
    from django_tenants.utils import schema_context

    with schema_context("acme"):
        once.same("payment:1", Decimal(5), stands=False)
    with schema_context("globex"):
        once.same("payment:1", Decimal(7), stands=False)
