"""A reseller is made whole; tried again after a failure, the rest is made."""

import os
import subprocess
import sys
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django_tenants.utils import schema_context

from billing_portal.accounts.models import Role, Switch, User
from billing_portal.kernel.errors import DomainError
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import CustomerName, Domain, Reseller
from customers.domain import customers, resellers
from customers.models import Customer
from rateplans.models import BillingTerms
from tests.support import world
from tests.support.servers import ROOT
from tests.support.world import jane

ARGUMENTS = ("northwind", "--host", "northwind.localhost", "--currency", "GBP", "--time-zone", "Europe/Berlin", "--admin-email", "nora@northwind.example")


def create_reseller(*arguments: str) -> tuple[int, str, str]:
    """The command in a process of its own, which takes the owner's database role."""
    environment = {name: value for name, value in os.environ.items() if name != "PORTAL_DB_ROLE"}
    ran = subprocess.run([sys.executable, "manage.py", "create_reseller", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.strip(), ran.stderr.strip()


@pytest.mark.django_db(transaction=True)
def test_a_reseller_is_made_whole_and_only_once() -> None:
    world.plan("Wholesale")

    status, address, _log = create_reseller(*ARGUMENTS, "--parent", "acme", "--plan", "wholesale", "--name", "Northwind Voice", "--credit-limit", "250.50")
    assert (status, address) == (0, "http://northwind.localhost:8000/")

    row = Customer.objects.get(reseller_schema="northwind")
    assert (row.name, row.kind, row.currency, row.time_zone) == ("Northwind Voice", "reseller", "GBP", "Europe/Berlin")
    assert row.plan_assignments.get().plan.name == "Wholesale"
    assert (row.billing_type, row.credit_unlimited, row.credit_limit) == ("postpaid", False, Decimal("250.50"))
    assert row.people.count() == 0
    assert Domain.objects.get(domain="northwind.localhost").tenant.parent.schema_name == "acme"
    with schema_context("northwind"):
        admin = User.objects.get()
        assert (admin.username, admin.role, admin.email) == ("nora", Role.ADMINISTRATOR, "nora@northwind.example")
        assert [(mail.kind, mail.recipients) for mail in MailLog.objects.all()] == [("login_details", ["nora@northwind.example"])]
        assert "http://northwind.localhost:8000/" in MailLog.objects.get().text
        assert (BillingTerms.objects.count(), Switch.objects.get().name) == (1, "default")

    again = create_reseller(*ARGUMENTS, "--parent", "acme", "--name", "Northwind Voice")
    assert again == (1, "", "There is a reseller “northwind” already.")


@pytest.mark.django_db(transaction=True)
def test_what_a_failure_left_out_is_made_by_trying_again() -> None:
    assert create_reseller(*ARGUMENTS, "--parent", "acme")[0] == 0
    assert Customer.objects.get(reseller_schema="northwind").credit_unlimited, "nobody chose a limit"
    with schema_context("northwind"):
        User.objects.all().delete()
        Switch.objects.all().delete()

    assert create_reseller(*ARGUMENTS, "--parent", "acme")[0] == 0

    assert Customer.objects.filter(reseller_schema="northwind").count() == 1
    with schema_context("northwind"):
        assert (User.objects.get().username, Switch.objects.get().name) == ("nora", "default")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--parent", "nobody"), "There is no reseller “nobody”."),
        (("--parent", "acme", "--plan", "Gold"), "Acme has no rate plan “Gold”."),
        ((), "Only the root has no parent, and it is named owner."),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_wrong_call_makes_nothing_and_says_why(arguments: tuple[str, ...], line: str) -> None:
    assert create_reseller(*ARGUMENTS, *arguments) == (1, "", line)
    assert not Reseller.objects.filter(schema_name="northwind").exists()


def test_a_call_without_what_is_needed_is_wrong_usage() -> None:
    status, _out, error = create_reseller("northwind", "--host", "northwind.localhost")
    assert status == 2
    assert "--currency" in error
    assert "“-5” is not an amount" in create_reseller(*ARGUMENTS, "--credit-limit=-5")[2]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"short_name": "North Wind"}, "short_name_invalid"),
        ({"short_name": "public"}, "short_name_reserved"),
        ({"short_name": "globex"}, "reseller_exists"),
        ({"host": "acme.localhost"}, "host_taken"),
        ({"host": "north wind"}, "host_invalid"),
        ({"currency": "pounds"}, "currency_unknown"),
        ({"currency": "XYZ"}, "currency_unknown"),
        ({"currency": "DEM"}, "currency_unknown"),
        ({"time_zone": "Mars"}, "unknown_time_zone"),
        ({"admin_email": "nora"}, "email_invalid"),
        ({"name": "Anna Ltd"}, "name_taken"),
        ({"credit_limit": Decimal(-1)}, "credit_limit_negative"),
    ],
)
def test_a_reseller_that_makes_no_sense_is_not_made(acme: Reseller, anna: Customer, noon: datetime, fields: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {
        "short_name": "northwind",
        "name": "Northwind",
        "host": "northwind.localhost",
        "parent": acme,
        "currency": "GBP",
        "time_zone": "UTC",
        "admin_email": "nora@northwind.example",
    } | fields
    before = CustomerName.objects.count()

    with pytest.raises(DomainError, match=code):
        resellers.create(given.pop("short_name"), **given, actor=jane, at=noon)
    connection.set_schema_to_public()
    assert Reseller.objects.count() == 3
    assert CustomerName.objects.count() == before


def test_a_customer_cannot_take_the_name_of_a_reseller(acme: Reseller, noon: datetime) -> None:
    kind = Customer.CustomerKind.RESELLER
    customers.create("Northwind", kind=kind, reseller_schema="northwind", actor=jane, at=noon)

    with pytest.raises(DomainError, match="name_taken"):
        customers.create("northwind", plan=world.plan(), actor=jane, at=noon)
