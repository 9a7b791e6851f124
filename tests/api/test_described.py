"""The interface against its own description: whatever fits it or not is answered as it says, never with a 5xx, and never without the key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.generation.case import Case

from billing_portal.accounts.domain import keys
from billing_portal.accounts.models import Switch
from invoicing.domain import ledger_check
from invoicing.models import CallKey
from tests.sizes import size
from tests.support import world
from tests.support.world import jane

pytestmark = pytest.mark.django_db
HOST = "acme.localhost"
EXAMPLES = size(10, 200)


@pytest.fixture
def secret(acme: Any, noon: Any) -> str:
    world.customer("Anna Ltd", on=world.plan())
    return keys.make(Switch.objects.create(name="Frankfurt"), [keys.CALLS_WRITE], actor=jane, at=noon)[1]


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The whole portal in this process, on the test's own transaction: no request closes its connection."""
    moments = (request_started, request_finished)
    for moment in moments:
        moment.disconnect(close_old_connections)
    yield WSGIHandler()
    for moment in moments:
        moment.connect(close_old_connections)


def described(application: WSGIHandler) -> list[Any]:
    """The operations as the portal itself describes them."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application, base_url=f"http://{HOST}")
    return [found.ok() for found in cast("Any", schema.get_all_operations())]


def texts(body: Any) -> Iterator[str]:
    """The texts of the records that are sent, where there are any."""
    records = body.get("records") if isinstance(body, dict) else None
    for record in records if isinstance(records, list) else ():
        yield from (value for value in record.values() if isinstance(value, str)) if isinstance(record, dict) else ()


def is_out_of_range(text: str) -> bool:
    """Whether it is a time that only its offset puts before the first year or after the last: no description can say that."""
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError:
        return True
    except ValueError:
        return False
    return False


@pytest.mark.rel(95)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["as described", "otherwise"])
def test_every_operation_answers_as_it_is_described(application: WSGIHandler, secret: str, mode: GenerationMode) -> None:
    operations = described(application)

    for operation in operations:

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def answered(case: Case[Any]) -> None:
            assume(not any(map(is_out_of_range, texts(case.body))))
            case.call_and_validate(base_url=f"http://{HOST}", headers={"Authorization": f"Bearer {secret}"})

        answered()
    assert [operation.label for operation in operations] == ["POST /api/v1/calls"]
    assert ledger_check.check().differences == []


@pytest.mark.rel(95)
@pytest.mark.rel(96)
@pytest.mark.parametrize("secret", ["", "bp_wrong"])
def test_nothing_is_kept_of_what_comes_without_the_key(application: WSGIHandler, acme: Any, secret: str) -> None:
    for operation in described(application):

        @settings(max_examples=size(3, 50), deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        def refused(case: Case[Any]) -> None:
            assert case.call(base_url=f"http://{HOST}", headers={"Authorization": f"Bearer {secret}"}).status_code == 401

        refused()
    assert not CallKey.objects.exists()
