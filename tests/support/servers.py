"""One Postgres and one Redis per run. Their folder is kept, so that the next run finds the template database made."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from billing_portal import local
from billing_portal.local import roles, servers

ROOT = Path(__file__).resolve().parent.parent.parent
SLOTS = 16  # runs side by side in one working tree
SUPERUSER = "PORTAL_TEST_SUPERUSER_URL"
KEPT_TEMPLATES = 3
ROLE_OF = {"DATABASE_URL": roles.APP, "DATABASE_OWNER_URL": roles.OWNER}


@dataclass
class Run:
    """The servers of this run, and the lock that keeps other runs off their folder."""

    running: servers.Servers
    lock: IO[str] = field(repr=False)

    def stop(self) -> None:
        self.running.stop()
        self.lock.close()


def start() -> Run:
    """Start the servers in the first folder that no other run uses, and point the environment at them."""
    base = Path(os.environ.get("PORTAL_TEST_DATA") or ROOT / "var" / "test")
    for number in range(SLOTS):
        folder = base / str(number)
        lock = local.take(folder)
        if lock is not None:
            break
    else:
        raise RuntimeError(f"All {SLOTS} folders under {base} are in use by other runs.")
    (folder / "data" / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns when it is missing
    given = os.environ.get(SUPERUSER)
    if given:
        running = servers.start(folder, given=_roles_on(given), for_tests=True)
    else:
        running = servers.start(folder, for_tests=True)
        _drop_leftovers(running.superuser_url)
    os.environ.update(environment(running, folder) | {SUPERUSER: given or running.superuser_url})
    return Run(running, lock)


def environment(running: servers.Servers, folder: Path) -> dict[str, str]:
    """Everything the settings read; what the caller's own shell says about a portal does not reach the tests."""
    return running.environment() | {
        "PORTAL_ENV": "test",
        "PORTAL_DB_ROLE": "app",
        "PORTAL_DATA": str(folder / "data"),
        "PORTAL_PORT": "8000",
        "PORTAL_INSTANCE": "",
        "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests",
        "DEBUG": "false",
        "MAILBOX_URL": "",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright runs an event loop in the thread of the test
    }


def own_redis(process: int) -> str:
    """The Redis database for the broker of each process of a parallel run; the next one is its cache."""
    address = os.environ["REDIS_URL"].rsplit("/", 1)[0]
    return f"{address}/{process * 2 % 16}"


def cache_url() -> str:
    address, number = os.environ["REDIS_URL"].rsplit("/", 1)
    return f"{address}/{int(number) + 1}"


def with_database(url: str, name: str) -> str:
    """The same address for another database of the server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _roles_on(superuser_url: str) -> dict[str, str]:
    """Both roles on a server of somebody's own, of which PORTAL_TEST_SUPERUSER_URL names the superuser."""
    password = hashlib.sha256(superuser_url.encode()).hexdigest()
    roles.create(superuser_url, {roles.OWNER: password, roles.APP: password})
    at = urlsplit(superuser_url)
    places = {name: at._replace(netloc=f"{role}:{password}@{at.netloc.rpartition('@')[2]}") for name, role in ROLE_OF.items()}
    return {name: urlunsplit(place) for name, place in places.items()}


def _drop_leftovers(superuser_url: str) -> None:
    """Drop the databases of runs that were killed, and templates of long ago."""
    line = roles.connect(superuser_url)
    with line.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, 'w_') OR starts_with(datname, 'making_')")
        names = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, 'tpl_') ORDER BY oid DESC OFFSET %s", [KEPT_TEMPLATES])
        names += [name for (name,) in cursor.fetchall()]
    line.close()
    for name in names:
        roles.drop_database(superuser_url, name)
