"""A row named by an address: a text that no row can hold names none, and is no fault."""

from typing import Any

import pytest

from tests.support import tree, world
from tests.support.people import client, user

pytestmark = [pytest.mark.django_db, pytest.mark.rel(83)]
NUL = "x%00y"


@pytest.mark.parametrize("path", [f"/customers/{NUL}/", f"/customers/{NUL}/edit/", f"/invoices/{NUL}/", f"/invoices/runs/new/?customer={NUL}"])
def test_a_text_that_postgres_cannot_hold_is_not_found(acme: Any, path: str) -> None:
    world.customer()
    assert client(user("jane")).get(path).status_code == 404


def test_a_search_among_rates_leaves_out_what_cannot_be_seen(acme: Any) -> None:
    plan = world.plan()
    page = client(user("jane")).get(f"/rate-plans/{plan.pk}/?q=44%00")
    assert page.status_code == 200
    assert "United Kingdom" in page.content.decode()


def test_nor_is_a_document_of_the_parent(acme: Any) -> None:
    tree.plant()
    assert client(user("gus"), host="globex.localhost").get(f"/my-account/invoices/{NUL}/").status_code == 404
