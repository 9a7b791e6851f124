"""What a command says when the database refuses."""

from typing import Any

import psycopg2
import pytest
from django.core.management.base import CommandError
from django.db import OperationalError, connection, transaction

from billing_portal.tenancy.commands import PortalCommand
from customers.models import Standing
from tests.support import world

pytestmark = pytest.mark.django_db(transaction=True)


class Command(PortalCommand):
    """Locks every customer, or does what the test says."""

    trouble: Exception | None = None

    def handle(self, *args: Any, **options: Any) -> None:
        if self.trouble is not None:
            raise self.trouble
        with transaction.atomic():
            list(Standing.objects.select_for_update())


@pytest.mark.rel(45)
def test_a_command_that_meets_a_lock_asks_to_be_run_again(acme: Any) -> None:
    world.customer()
    other = psycopg2.connect(**connection.get_connection_params())
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM acme.customers_standing FOR UPDATE")
        with pytest.raises(CommandError, match=r"Somebody else is changing the same just now\. Run it again"):
            Command().execute(no_color=True, force_color=False, skip_checks=True, stdout=None, stderr=None)
    finally:
        other.close()


def test_a_command_without_a_database_says_so(acme: Any) -> None:
    command = Command()
    command.trouble = OperationalError("connection refused\nIs the server running?")

    with pytest.raises(CommandError, match=r"The database does not answer: connection refused$"):
        command.execute(no_color=True, force_color=False, skip_checks=True, stdout=None, stderr=None)
