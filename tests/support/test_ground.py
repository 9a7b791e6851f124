"""The ground itself: roles, contexts, and that a committing test leaves nothing behind."""

import os
import socket

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import ProgrammingError, connection, transaction
from django_tenants.utils import schema_context

from billing_portal.celery import app
from billing_portal.tenancy.models import CustomerName, Reseller
from tests.support.doors import OutsideError
from tests.support.servers import cache_url


@pytest.mark.django_db
def test_a_test_stands_in_acme_as_the_role_that_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_schema()")
        assert cursor.fetchone() == ("portal_app", "acme")


@pytest.mark.django_db
def test_the_app_role_cannot_make_a_table() -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE acme.mine (id int)")


def test_globex_is_entered_by_its_fixture(globex: Reseller) -> None:
    assert (connection.schema_name, globex.currency, globex.time_zone) == ("globex", "USD", "America/New_York")


@pytest.mark.parametrize("turn", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_what_a_test_commits_is_gone_in_the_next(turn: int) -> None:
    with schema_context("public"):
        assert CustomerName.objects.count() == 0
        assert list(Reseller.objects.values_list("schema_name", "currency")) == [("acme", "GBP"), ("globex", "USD"), ("owner", "EUR")]
        CustomerName.objects.create(folded=f"turn {turn}", schema_name="acme", customer_id="00000000-0000-0000-0000-000000000000")
        Reseller.objects.filter(schema_name="acme").update(currency="XXX")


def test_jobs_are_told_where_workers_of_this_process_listen() -> None:
    """Workers that a test starts read the environment; what the test owes is told as the settings say."""
    assert app.conf.broker_url == settings.CELERY_BROKER_URL == os.environ["REDIS_URL"]
    assert caches.settings["default"]["LOCATION"] == cache_url()


def test_no_socket_leaves_the_machine() -> None:
    with pytest.raises(OutsideError), socket.socket() as line:
        line.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideError):
        socket.getaddrinfo("example.com", 80)
