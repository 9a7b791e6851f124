"""The embedded servers end with their parent, keep their data, and give the app's role no more than it may have."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from billing_portal import local
from billing_portal.local import postgres, roles, servers
from billing_portal.local.processes import LocalError
from tests.support.servers import ROOT

HOLD = "import sys, time; from pathlib import Path; from billing_portal.local import servers; s = servers.start(Path(sys.argv[1]), for_tests=True); \
print(*[c.process.pid for c in s.children], flush=True); time.sleep(60)"


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder for data, with a space; as root Postgres keeps its own aside, because this one is closed to others."""
    yield tmp_path / "a folder"
    postgres.remove(tmp_path / "a folder")


def test_data_and_passwords_outlive_a_stop_in_a_path_with_a_space(data: Path) -> None:
    first = servers.start(data, for_tests=True)
    try:
        assert servers.prepare_database(first, anew=False)
        with psycopg2.connect(first.environment()["DATABASE_OWNER_URL"]) as line, line.cursor() as cursor:
            cursor.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
        line.close()
    finally:
        first.stop()
    second = servers.start(data, for_tests=True)
    try:
        with psycopg2.connect(second.environment()["DATABASE_URL"]) as line, line.cursor() as cursor:
            cursor.execute("SELECT id FROM kept")
            assert cursor.fetchall() == [(7,)]
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("TRUNCATE kept")
        line.close()
    finally:
        second.stop()
    assert oct((data / "secrets.json").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_when_the_parent_dies(data: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", HOLD, str(data)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(word) for word in parent.stdout.readline().split()]
    parent.stdout.close()
    assert len(children) == 2
    parent.send_signal(number)
    parent.wait()
    until = time.monotonic() + 20
    while any(_runs(child) for child in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert [child for child in children if _runs(child)] == []


def test_a_long_path_still_gets_a_socket_in_a_closed_folder(data: Path) -> None:
    long = data / ("long" * 30)
    running = servers.start(long, for_tests=True)
    try:
        assert running.database is not None
        assert len(os.fsencode(running.database.socket / postgres.SOCKET_NAME)) <= 107
        assert oct(running.database.socket.stat().st_mode & 0o777) == "0o700"
        roles.connect(running.superuser_url).close()
    finally:
        running.stop()
        postgres.remove(long)


def test_only_one_process_holds_a_data_folder_and_others_read_its_variables(tmp_path: Path) -> None:
    lock = local.take(tmp_path)
    assert lock is not None
    local.write_private(tmp_path / local.SERVERS, '{"REDIS_URL": "redis://somewhere"}')
    assert local.take(tmp_path) is None
    assert local.environment(tmp_path) == {"REDIS_URL": "redis://somewhere"}
    lock.close()
    assert local.environment(tmp_path) == {}


def test_half_of_the_database_addresses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="belong together"):
        servers.start(tmp_path, given={"DATABASE_URL": "postgres://a@/b"})


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
