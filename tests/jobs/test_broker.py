"""The broker is only told: away, full or silent, it makes nobody wait and nothing fail."""

import socket
import time
from typing import Any

import pytest
from django.db import transaction

from billing_portal.celery import app
from billing_portal.jobs import outbox
from billing_portal.jobs.domain import running
from tests.support.servers import ROOT
from tests.support.telling import told_through

pytestmark = pytest.mark.django_db


def owe(key: str) -> float:
    """Owe a job as a request does; the seconds it took."""
    begin = time.monotonic()
    outbox.add("mail.deliver", {"mail": "x"}, key=key)
    return time.monotonic() - begin


@pytest.mark.rel(42)
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_no_time_and_no_job(acme: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        free = line.getsockname()[1]
    with told_through(f"redis://127.0.0.1:{free}/0"):
        took = owe("k")

    assert took < 1
    assert list(running.due().values_list("key", flat=True)) == ["k"]


@pytest.mark.rel(42)
@pytest.mark.django_db(transaction=True)
def test_a_broker_that_takes_connections_and_says_nothing_is_asked_once_and_left_alone(acme: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, told_through(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"):
        took = [owe(f"k{n}") for n in range(10)]

    assert took[0] < 5
    assert sum(took[1:]) < 1
    assert running.due().count() == 10


@pytest.mark.django_db(transaction=True)
def test_what_goes_wrong_in_telling_undoes_nothing(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("not foreseen")

    monkeypatch.setattr(app, "send_task", broken)
    with transaction.atomic():
        owe("k")

    assert list(running.due().values_list("key", flat=True)) == ["k"]


def test_the_broker_is_told_in_one_place() -> None:
    folders = ("billing_portal", "rateplans", "customers", "invoicing")
    tellers = [str(file.relative_to(ROOT)) for folder in folders for file in (ROOT / folder).rglob("*.py") if "send_task(" in file.read_text()]
    assert tellers == ["billing_portal/jobs/broker.py"]
