"""A Postgres of a test's own, that may be killed: a copy of the run's database in it, and this process standing on it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
import psycopg2
from django.db import connection

from billing_portal.local import postgres, processes, roles
from billing_portal.local.postgres import Postgres
from tests.support.servers import SUPERUSER, with_database
from tests.support.waiting import until

PASSWORD = "only-for-tests"
NAME = "breakable"
OF_NO_USE = "test_baseline"


@dataclass
class Breakable:
    """The server; what it acknowledged, it keeps through every kill."""

    server: Postgres

    def url(self, role: str) -> str:
        return self.server.url(role, PASSWORD, NAME)

    def kill(self) -> None:
        """As when the machine's memory ends: the server and all its sessions are gone at once."""
        os.kill(self.server.child.process.pid, signal.SIGKILL)
        self.server.child.process.wait()

    def again(self) -> None:
        until(self._starts, pause=0.1, what="Postgres did not come back")

    def cut_all_connections(self) -> int:
        line = roles.connect(self.server.url("postgres", database="postgres"))
        try:
            with line.cursor() as cursor:
                cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s", [NAME])
                found = cursor.fetchone()
                return int(found[0]) if found else 0
        finally:
            line.close()

    def _starts(self) -> bool:
        """Whether it takes connections; started anew where it ended because a session of before had not."""
        if self.server.child.ended:
            child, user = self.server.child, "nobody" if os.geteuid() == 0 else None
            environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
            again = processes.start(
                child.name, child.command, log=child.log, stop_signal=child.stop_signal, environment=environment, folder=Path("/"), user=user
            )
            self.server = Postgres(again, self.server.socket)
        try:
            psycopg2.connect(self.url(roles.APP)).close()
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def breakable_postgres(folder: Path) -> Iterator[Breakable]:
    """The server with the copy. Its folder is kept, so that the next run finds it made."""
    made = Breakable(postgres.start(folder, folder / "logs", for_tests=True))
    try:
        superuser = made.server.url("postgres", database="postgres")
        roles.create(superuser, {roles.OWNER: PASSWORD, roles.APP: PASSWORD})
        roles.drop_database(superuser, NAME)
        roles.create_database(superuser, NAME)
        _copy_into(made.server.url("postgres", database=NAME))
        _do(superuser, f"ALTER DATABASE {NAME} SET synchronous_commit = on")
        yield made
    finally:
        processes.stop([made.server.child], seconds=10)


def _copy_into(url: str) -> None:
    programs = postgres.installed()
    source = with_database(os.environ[SUPERUSER], connection.settings_dict["NAME"])
    dumped = subprocess.run([programs / "pg_dump", "-N", OF_NO_USE, source], check=True, capture_output=True)
    subprocess.run([programs / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", url], check=True, capture_output=True, input=dumped.stdout)


def _do(url: str, statement: str) -> None:
    line = roles.connect(url)
    with line.cursor() as cursor:
        cursor.execute(statement)
    line.close()


@contextmanager
def standing_on(url: str) -> Iterator[None]:
    """This process's own connection leads there meanwhile."""
    given: dict[str, Any] = dict(connection.settings_dict)
    there = environ.Env.db_url_config(url)
    connection.close()
    connection.settings_dict.update({name: there.get(name, "") for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    connection.settings_dict["OPTIONS"] = {name: value for name, value in given["OPTIONS"].items() if name != "host"} | there.get("OPTIONS", {})
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.clear()
        connection.settings_dict.update(given)
