"""What benches stand on: servers of their own with the durability of production, a reseller, its plans and customers, a served portal."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from billing_portal.local import postgres, processes, servers

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds for the web to come up
MONTH = datetime(2026, 10, 1, tzinfo=UTC)
CURRENCY, ZONE = "GBP", "Europe/London"


@contextmanager
def started(environment: str) -> Iterator[None]:
    """Servers of our own and a database with the root and the reseller Acme; at the end nothing of it is left.

    With the environment `test` pages find their static files where they lie, with `demo` they must be collected first, as they are served.
    """
    (ROOT / "var").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    running = None
    try:
        running = servers.start(folder)
        servers.prepare_database(running, anew=False)
        os.environ.update(_variables(running, folder) | {"PORTAL_ENV": environment})
        _set_up()
        yield
    finally:
        if running is not None:
            _close()
            running.stop()
        postgres.remove(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _variables(running: servers.Servers, folder: Path) -> dict[str, str]:
    return running.environment() | {
        "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
        "PORTAL_DB_ROLE": "owner",
        "PORTAL_DATA": str(folder),
        "PORTAL_PORT": "8000",
        "PORTAL_INSTANCE": "",
        "SECRET_KEY": running.keys["secret_key"],
        "DEBUG": "false",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "LOG_LEVEL": "ERROR",
    }


def _set_up() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    import billing_portal.celery  # noqa: F401 - owed jobs wake workers through the Redis of this run
    from billing_portal.tenancy.domain import schemas

    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    root = schemas.register(name="Portal", schema_name="owner", host="localhost", parent=None, currency="EUR", time_zone="UTC")
    schemas.make(root)
    schemas.make(schemas.register(name="Acme", schema_name="acme", host="acme.localhost", parent=root, currency=CURRENCY, time_zone=ZONE))


def _close() -> None:
    from django.apps import apps
    from django.db import connections

    if apps.ready:
        connections.close_all()


@contextmanager
def inside(schema: str = "acme") -> Iterator[None]:
    """Stand in the reseller's schema."""
    from django_tenants.utils import tenant_context

    from billing_portal.tenancy.models import Reseller

    with tenant_context(Reseller.objects.get(schema_name=schema)):
        yield


def actor() -> Any:
    from billing_portal.accounts.actor import Actor

    return Actor.program("bench", via="command")


def prefixes(count: int) -> list[str]:
    """Nested prefixes of one to nine digits, the same every time: every country digit is there, so that each number has a rate."""
    found: list[str] = []
    length = 1
    while len(found) < count:
        step = max(1, 9 * 10 ** (length - 1) // max(1, count - len(found))) if length > 4 else 1
        found += [str(number) for number in range(10 ** (length - 1), 10**length, step)][: count - len(found)]
        length += 1
    return found


def plan(name: str, prefixes_: list[str]) -> Any:
    """A rate plan with a price for each of these prefixes, in force for all time."""
    from rateplans.models import PlanVersion, RatePlan, StoredRate

    made = RatePlan.objects.create(name=name, currency=CURRENCY)
    version = PlanVersion.objects.create(plan=made, number=1, valid_from=None, rate_count=len(prefixes_), made_by="bench")
    rates = (
        StoredRate(version=version, prefix=prefix, destination=f"Destination {number % 200}", per_minute=Decimal(number % 97 + 1) / 1000)
        for number, prefix in enumerate(prefixes_)
    )
    StoredRate.objects.bulk_create(rates, batch_size=5_000)
    return made


def customers(count: int, on: Any, first: int = 200_001) -> list[Any]:
    """Post-paid customers with standing and ledger accounts, made at once; the account number names each to the switch."""
    from customers.models import Account, AccountCode, Customer, PlanAssignment, Standing
    from customers.models.ledger import CUSTOMER_ACCOUNTS

    fields: dict[str, Any] = {"currency": CURRENCY, "time_zone": ZONE, "billing_since": date(2026, 9, 1), "credit_unlimited": True}
    made = [
        Customer(name=f"Company {number:06} Ltd", account_number=str(number), billing_email=f"billing@{number}.example", **fields)
        for number in range(first, first + count)
    ]
    Customer.objects.bulk_create(made, batch_size=5_000)
    AccountCode.objects.bulk_create([AccountCode(code=each.account_number, customer=each) for each in made], batch_size=5_000)
    Account.objects.bulk_create([Account(customer=each, kind=kind, currency=CURRENCY) for each in made for kind in CUSTOMER_ACCOUNTS], batch_size=5_000)
    Standing.objects.bulk_create([Standing(customer=each, billing_type=each.billing_type, credit_unlimited=True) for each in made], batch_size=5_000)
    PlanAssignment.objects.bulk_create([PlanAssignment(customer=each, plan=on) for each in made], batch_size=5_000)
    return made


@contextmanager
def served(workers: int = 2) -> Iterator[int]:
    """The portal as it is served, in the role of web and workers; answers with its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        port: int = door.getsockname()[1]
        words = [sys.executable, "-m", "gunicorn", "billing_portal.wsgi:application", "--bind", f"fd://{door.fileno()}", "--worker-class", "gthread"]
        words += ["--workers", str(workers), "--threads", "4", "--no-control-socket", "--graceful-timeout", "2"]
        environment = os.environ | {"PORTAL_DB_ROLE": "app", "PORTAL_PORT": str(port)}
        log = Path(os.environ["PORTAL_DATA"]) / "logs" / "bench-web.log"
        web = processes.start("web", words, log=log, environment=environment, folder=ROOT, descriptors=(door.fileno(),))
        try:
            _await(web, port)
            yield port
        finally:
            processes.stop([web], 10)


def _await(web: processes.Child, port: int) -> None:
    until = time.monotonic() + PATIENCE
    while not _answers(port):
        if web.ended or time.monotonic() > until:
            raise processes.LocalError(f"The web did not come up:\n{web.tail(40)}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", "/api/v1/openapi.json", headers={"Host": f"acme.localhost:{port}"})
        return line.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        line.close()
