"""The ground of every test: own servers, a database per process, reseller contexts, shut doors."""

import importlib
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any

import django
import hypothesis
import pytest

from tests import sizes
from tests.reliability import record
from tests.support import databases, doors, leaks, programs, servers

# The machine may be busy: a slow example is no failure.
hypothesis.settings.register_profile("portal", max_examples=sizes.EXAMPLES, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("portal")

RUN = pytest.StashKey[servers.Run]()


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the servers before Django reads its settings; parallel ones inherit the addresses."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        if not config.option.help and not config.option.collectonly:
            config.stash[RUN] = servers.start()
        else:
            os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.offline"
    record.register(config)
    doors.shut()
    django.setup()
    importlib.import_module("billing_portal.celery")  # so that jobs wake workers through the test's own Redis
    importlib.import_module("tests.support.channels").install()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config, specs: list[Any]) -> None:
    """Each process of a parallel run finds its own Redis in its environment, before anything there reads the settings."""
    for number, spec in enumerate(specs):
        spec.env["REDIS_URL"] = servers.own_redis(number)


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.stop()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    programs.deselect(config, items)
    items.sort(key=sizes.turn)
    record.note_rows(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    leaks.listener.begin()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test in which something of one reseller was said to another fails, whatever it looked at itself (reliability 60)."""
    result = yield
    found = leaks.listener.told()
    if found:
        pytest.fail("\n".join(found[:20]), pytrace=False)
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    line = programs.closing_line()
    if line:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def cheap_settings(django_test_environment: None) -> None:
    """Passwords are hashed fast, and the cache lies beside the broker, so that emptying one spares the other."""
    from django.conf import settings
    from django.core.cache import caches
    from django.test.signals import setting_changed

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    setting_changed.send(sender=None, setting="PASSWORD_HASHERS", value=settings.PASSWORD_HASHERS, enter=True)
    caches.settings["default"]["LOCATION"] = servers.cache_url()
    caches["default"]  # whatever was opened while the apps were loaded is opened anew
    del caches["default"]


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """This process's database, in the app's role; tests that commit are brought back by the superuser (the app may not)."""
    from django.db import connections
    from django.test import TransactionTestCase

    name = databases.create()
    connections.settings["default"]["NAME"] = name
    TransactionTestCase._fixture_teardown = lambda self: databases.empty(name)  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    databases.drop(name)


@pytest.fixture(autouse=True)
def in_acme(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use the database stand in the schema of the reseller Acme unless they ask for another; the cache is empty, and Redis is asked."""
    uses = {"db", "transactional_db", "live_server", "acme", "globex", "owner"} & set(request.fixturenames)
    if not uses and request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("db")
    from django.core.cache import cache
    from django.db import connection

    from billing_portal.jobs import broker
    from billing_portal.tenancy.cache import TolerantCache

    TolerantCache.silence.end()  # whatever did not answer the test before
    broker.silence.end()
    cache.clear()
    connection.set_tenant(_reseller("acme"))
    yield
    connection.set_schema_to_public()


@pytest.fixture
def acme(db: None, in_acme: None) -> Any:
    """The reseller Acme (GBP, Europe/London, acme.localhost), its schema entered."""
    return _enter("acme")


@pytest.fixture
def globex(db: None, in_acme: None) -> Any:
    """The reseller Globex (USD, America/New_York, globex.localhost), its schema entered."""
    return _enter("globex")


@pytest.fixture
def owner(db: None, in_acme: None) -> Any:
    """The root of the tree (EUR, UTC, localhost), its schema entered."""
    return _enter("owner")


@pytest.fixture
def as_owner(transactional_db: None, settings: Any) -> Iterator[None]:
    """This process works in the role that changes schemas."""
    import environ
    from django.db import connection

    app = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD")}
    owner = environ.Env.db_url_config(os.environ["DATABASE_OWNER_URL"])
    settings.PORTAL_DB_ROLE = "owner"
    connection.close()
    connection.settings_dict.update({name: owner[name] for name in app})
    connection.set_schema_to_public()
    yield
    connection.close()
    connection.settings_dict.update(app)
    connection.set_schema_to_public()


@pytest.fixture
def noon() -> datetime:
    return datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Drive the machine's own Chromium; as root it runs without its sandbox."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {"executable_path": programs.chromium(), "args": [*arguments, "--disable-dev-shm-usage"]}


def _reseller(schema: str) -> Any:
    from django.db import connection

    from billing_portal.tenancy.models import Reseller

    connection.set_schema_to_public()
    return Reseller.objects.get(schema_name=schema)


def _enter(schema: str) -> Any:
    from django.db import connection

    found = _reseller(schema)
    connection.set_tenant(found)
    return found
