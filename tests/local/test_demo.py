"""`script/demo` as a newcomer meets it: a world, a second terminal, a clean end, and a second start that keeps everything."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from billing_portal.local import postgres
from billing_portal.local.redis import free_port
from tests.support.servers import ROOT

OURS = {
    name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE_", "REDIS_", "EMAIL_", "SECRET_", "DJANGO_", "MAILBOX_"))
}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "a folder"
    postgres.remove(tmp_path / "a folder")


@pytest.mark.timeout(600)
def test_a_demo_starts_ends_and_starts_again(data: Path) -> None:
    port = free_port()
    with demo(data, port) as first:
        assert f"http://acme.localhost:{port}" in first
        assert page(port, "acme.localhost") == 200
        assert f"PORTAL_DATA='{data}' .venv/bin/python manage.py" in first
        ledger = manage(data, "check_ledger", "--json")
        assert ledger.returncode == 0, ledger.stdout + ledger.stderr
        assert '"differences": []' in ledger.stdout
    assert processes_on(data) == []
    begin = time.monotonic()
    with demo(data, port) as second:
        assert time.monotonic() - begin < 60
        assert "Sample world" not in second
        assert page(port, "globex.localhost") == 200
    assert processes_on(data) == []


@contextmanager
def demo(data: Path, port: int) -> Iterator[str]:
    """What a running demo has printed up to its line `ready`; it is ended as a service manager would."""
    command = [sys.executable, "-m", "billing_portal.local.demo", "--port", str(port), "--data", str(data)]
    process = subprocess.Popen(command, cwd=ROOT, env=OURS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("ready"):
                break
        said = "".join(lines)
        assert lines[-1].startswith("ready"), said
        yield said
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        process.stdout.close()
        assert process.wait(60) == 0


def manage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command from another terminal, which knows nothing but the data folder."""
    return subprocess.run([sys.executable, "manage.py", *words], check=False, cwd=ROOT, env=OURS | {"PORTAL_DATA": str(data)}, capture_output=True, text=True)


def page(port: int, host: str) -> int:
    with urlopen(Request(f"http://127.0.0.1:{port}/sign-in/", headers={"Host": f"{host}:{port}"})) as answer:
        status: int = answer.status
        return status


def processes_on(data: Path) -> list[str]:
    """Command lines of the processes that still run for this data folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment, command = (folder / "environ").read_bytes(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if f"PORTAL_DATA={data}\0".encode() in environment or str(data).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found
