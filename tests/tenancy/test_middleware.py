"""The host decides the reseller; a host that nobody has is a plain 404."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing_portal.tenancy.models import Reseller

pytestmark = pytest.mark.django_db


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["nobody.localhost", "127.0.0.1", "acme.localhost.evil.example", "", "acme_localhost", "[::1]"])
def test_an_unknown_host_is_a_plain_404(acme: Any, host: str) -> None:
    answer = Client().get("/sign-in/", headers={"host": host})

    assert (answer.status_code, answer.content, answer["Content-Type"]) == (404, b"Not found\n", "text/plain")


@pytest.mark.rel(56)
@pytest.mark.parametrize("host", ["acme.localhost", "ACME.localhost", "acme.localhost:8000"])
def test_a_known_host_leads_to_its_reseller(acme: Any, host: str) -> None:
    answer = Client().get("/sign-in/", headers={"host": host})

    assert answer.status_code == 200
    assert "Acme" in answer.content.decode()


@pytest.mark.rel(56)
def test_a_forwarded_host_changes_nothing(acme: Any) -> None:
    answer = Client().get("/sign-in/", headers={"host": "acme.localhost", "x-forwarded-host": "globex.localhost"})

    assert "Globex" not in answer.content.decode()


def test_a_reseller_that_is_still_being_made_is_not_there(acme: Any) -> None:
    connection.set_schema_to_public()
    Reseller.objects.filter(schema_name="globex").update(state=Reseller.State.MAKING)

    assert Client().get("/sign-in/", headers={"host": "globex.localhost"}).status_code == 404
