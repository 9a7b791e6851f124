"""`script/demo`: the whole portal on this machine. Starts its parts in order, watches them, and stops all of them whatever happens."""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from billing_portal import local
from billing_portal.local import postgres, processes, redis, servers, write_private
from billing_portal.local.processes import Child, LocalError
from billing_portal.local.servers import Servers

ROOT = Path(__file__).resolve().parent.parent.parent
QUEUES = "default,calls,invoices,documents,mail,payments"
SIGN_INS = "signins.json"
OURS = ("postgres", "redis", "logs", "files", "static", "mailbox", "beat", SIGN_INS, local.SERVERS, "secrets.json", "migrated", "collected")
PATIENCE = 120  # seconds for a part to come up
RESTARTS = 3  # of one part within a minute


class Stopped(BaseException):
    """Somebody asked the demo to stop."""


@dataclass
class Demo:
    """A demo on one data folder: its ports, its variables and its parts."""

    data: Path
    door: socket.socket  # the web's, held from the first moment, so that nobody else takes the port and a visitor who is early waits
    mailbox_port: int
    smtp_port: int
    running: Servers | None = None
    parts: list[Child] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def port(self) -> int:
        number: int = self.door.getsockname()[1]
        return number

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    def own_variables(self, running: Servers) -> dict[str, str]:
        return running.environment() | {
            "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
            "PORTAL_ENV": "demo",
            "PORTAL_DATA": str(self.data),
            "PORTAL_PORT": str(self.port),
            "PORTAL_INSTANCE": hashlib.sha256(f"{self.data}:{self.port}".encode()).hexdigest()[:8],
            "SECRET_KEY": running.keys["secret_key"],
            "DEBUG": "false",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "MAILBOX_URL": f"http://localhost:{self.mailbox_port}",
        }


def main() -> int:
    options = _options()
    data = (Path(os.environ.get("PORTAL_CALLED_FROM", ".")) / (options.data or os.environ.get("PORTAL_DATA") or ROOT / "var")).resolve()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    lock = local.take(data)
    if lock is None:
        say(f"A demo already runs on {data}. Another one needs a folder and a port of its own: --data DIR --port N")
        return 1
    demo = None
    try:
        if options.reset:
            _reset(data)
        demo = _demo(data, options.port)
        _start(demo)
        _watch(demo)
    except Stopped:
        return 0
    except LocalError as error:
        say(str(error))
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if demo is not None:
            _end(demo)
        (data / local.SERVERS).unlink(missing_ok=True)
        lock.close()
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/demo", description="Runs the whole portal on this machine with a sample world.")
    parser.add_argument("--port", type=int, default=8000, help="the web port (8000); the mailbox takes the next one when it is free")
    parser.add_argument("--data", metavar="DIR", help="the folder of all data (var/)")
    parser.add_argument("--reset", action="store_true", help="delete the data of an earlier start first")
    return parser.parse_args()


def _stop(*_: object) -> None:
    raise Stopped


def _reset(data: Path) -> None:
    if any(os.environ.get(name) for name in servers.DATABASE_URLS):
        raise LocalError("--reset deletes embedded data only; empty the database of DATABASE_URL yourself.")
    with _step("Deleting the old data"):
        postgres.remove(data)
        for name in OURS:
            place = data / name
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)


def _demo(data: Path, port: int) -> Demo:
    """Choose the ports: the web's must be free, the others are the next two or any."""
    door = _listen(port)
    if door is None:
        raise LocalError(f"Port {port} is in use. Choose another: script/demo --port N")
    return Demo(data, door, mailbox_port=_free(port + 1), smtp_port=_free(port + 2))


def _listen(port: int) -> socket.socket | None:
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(("127.0.0.1", port))
        door.listen(128)
    except (OSError, OverflowError):
        door.close()
        return None
    return door


def _free(port: int) -> int:
    """This port when it is free, else any other that is."""
    probe = _listen(port)
    if probe is None:
        return redis.free_port()
    probe.close()
    return port


def _start(demo: Demo) -> None:
    finished = (demo.data / SIGN_INS).exists()
    with _step("Postgres and Redis"):
        demo.running = servers.start(demo.data, given=os.environ)
        new = servers.prepare_database(demo.running, anew=not finished)
    demo.environment = dict(os.environ) | demo.own_variables(demo.running)
    write_private(demo.data / local.SERVERS, json.dumps(demo.own_variables(demo.running), indent=1))
    _prepare(demo, new=new)
    with _step("Mailbox"):
        _part(demo, "mailbox", ["billing_portal.demo.mailbox", "--smtp", demo.smtp_port, "--http", demo.mailbox_port, "--folder", demo.data / "mailbox"])
        _await(demo.parts[-1], lambda: _answers(demo.mailbox_port))
    if new:
        with _step("Sample world", follow=True):
            _manage(demo, "create_demo")
    with _step("Web, workers and beat"):
        _start_parts(demo)
    _welcome(demo)


def _prepare(demo: Demo, *, new: bool) -> None:
    """Migrate and collect static files, unless nothing changed since the last start."""
    migrations = _fingerprint(path for folder in ("billing_portal", "rateplans", "customers", "invoicing") for path in (ROOT / folder).rglob("migrations/*.py"))
    embedded = demo.running is not None and demo.running.database is not None
    if new or not embedded or not _known(demo.data / "migrated", migrations):
        with _step("Tables"):
            _manage(demo, "migrate_schemas", "--noinput", "--verbosity", "0")
        write_private(demo.data / "migrated", migrations)
    assets = _fingerprint([ROOT / "package-lock.json", ROOT / "billing_portal" / "settings.py", *(ROOT / "billing_portal" / "static").rglob("*")])
    if not _known(demo.data / "collected", assets) or not (demo.data / "static").exists():
        with _step("Static files"):
            _manage(demo, "collectstatic", "--noinput", "--clear", "--verbosity", "0")
        write_private(demo.data / "collected", assets)


def _known(place: Path, fingerprint: str) -> bool:
    return place.exists() and place.read_text() == fingerprint


def _fingerprint(paths: Iterator[Path] | Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if path.is_file():
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _manage(demo: Demo, command: str, *arguments: str) -> None:
    """Run one of Django's commands in the owner's role to its end; what it prints is shown as it comes."""
    child = processes.start(
        command,
        [sys.executable, "manage.py", command, *arguments],
        log=demo.logs / f"{command}.log",
        environment=demo.environment | {"PORTAL_DB_ROLE": "owner", "PYTHONUNBUFFERED": "1"},
        folder=ROOT,
    )
    follow, shown = command == "create_demo", 0
    try:
        while not child.ended:
            time.sleep(0.1)
            shown = _show(child, shown) if follow else 0
        shown = _show(child, shown) if follow else 0
    except BaseException:
        processes.stop([child], seconds=5)
        raise
    if child.process.returncode != 0:
        raise LocalError(f"manage.py {command} ended with {child.process.returncode} ({child.log})" + ("." if follow else f":\n{child.tail(30)}"))


def _show(child: Child, shown: int) -> int:
    lines = child.output().split("\n")[:-1]
    for line in lines[shown:]:
        say(f"    {line}")
    return len(lines)


def _part(demo: Demo, name: str, command: Sequence[str | int | Path], *, role: str = "app") -> None:
    """Start a Python module as one of the demo's parts."""
    module, *rest = (str(word) for word in command)
    environment = demo.environment | {"PORTAL_DB_ROLE": role, "PYTHONUNBUFFERED": "1"}
    log, doors = demo.logs / f"{name}.log", (demo.door.fileno(),) if name == "web" else ()
    demo.parts.append(processes.start(name, [sys.executable, "-m", module, *rest], log=log, environment=environment, folder=ROOT, descriptors=doors))


def _start_parts(demo: Demo) -> None:
    web = [
        "--bind",
        f"fd://{demo.door.fileno()}",
        "--worker-class",
        "gthread",
        "--workers",
        "2",
        "--threads",
        "4",
        "--no-control-socket",
        "--graceful-timeout",
        "5",
    ]
    worker = ["celery", "-A", "billing_portal.celery", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    _part(demo, "web", ["gunicorn", "billing_portal.wsgi:application", *web])
    _part(demo, "worker", [*worker, "-Q", QUEUES, "-c", "2", "-n", "worker@%h"])
    _part(demo, "provisioning", [*worker, "-Q", "provisioning", "-c", "1", "-n", "provisioning@%h"], role="owner")
    (demo.data / "beat").mkdir(exist_ok=True)
    _part(demo, "beat", ["celery", "-A", "billing_portal.celery", "beat", "--loglevel", "INFO", "--pidfile", "", "-s", demo.data / "beat" / "schedule"])
    by_name = {part.name: part for part in demo.parts}
    for name in ("worker", "provisioning"):
        _await(by_name[name], lambda part=by_name[name]: " ready." in part.output())  # type: ignore[misc]
    _await(by_name["beat"], lambda: "beat: Starting" in by_name["beat"].output())
    _await(by_name["web"], lambda: _answers(demo.port))


def _await(part: Child, answers: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not answers():
        if part.ended or time.monotonic() > until:
            what = f"ended with {part.process.returncode}" if part.ended else f"did not answer within {PATIENCE} seconds"
            raise LocalError(f"The {part.name} {what} ({part.log}):\n{part.tail(30)}")
        time.sleep(0.1)


def _answers(port: int) -> bool:
    line = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/", headers={"Host": f"localhost:{port}"})
        return line.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def _welcome(demo: Demo) -> None:
    place = demo.data / SIGN_INS
    sign_ins: list[dict[str, str]] = json.loads(place.read_text()) if place.exists() else []
    rows = [{name: str(value).replace("{port}", str(demo.port)) for name, value in row.items()} for row in sign_ins]
    say("")
    for row in rows:
        width = {name: max(len(other.get(name, "")) for other in rows) for name in row}
        say("  " + "   ".join(value.ljust(width[name]) for name, value in row.items()).rstrip())
    if not rows:
        say(f"  http://localhost:{demo.port}")
    say(f"\n  Every mail: http://localhost:{demo.mailbox_port}\n  Logs: {demo.logs}")
    say(f"  Commands: {_from_a_terminal(demo)}\n")
    say(f"ready: http://localhost:{demo.port} (Ctrl-C stops everything)")


def _from_a_terminal(demo: Demo) -> str:
    """How `manage.py` finds this demo from another terminal: by itself when the data lies where it looks, else by name."""
    named = "" if demo.data == ROOT / "var" else f"PORTAL_DATA={shlex.quote(str(demo.data))} "
    return f"{named}.venv/bin/python manage.py …"


def _watch(demo: Demo) -> None:
    """Start a part again that ended by itself; give up when it keeps ending, or when a server is gone."""
    while True:
        time.sleep(0.5)
        for server in demo.running.children if demo.running is not None else []:
            if server.ended:
                raise LocalError(f"{server.name} ended by itself ({server.log}):\n{server.tail()}")
        for place, part in enumerate(demo.parts):
            if part.ended:
                demo.parts[place] = _again(demo, part)


def _again(demo: Demo, part: Child) -> Child:
    now = time.monotonic()
    recent = [*(at for at in part.restarts if at > now - 60), now]
    if len(recent) > RESTARTS:
        raise LocalError(f"The {part.name} keeps ending ({part.log}):\n{part.tail(30)}")
    say(f"The {part.name} ended with {part.process.returncode}; it is started again (its log: {part.log}).")
    part.wait(now)
    role = "owner" if part.name == "provisioning" else "app"
    environment = demo.environment | {"PORTAL_DB_ROLE": role, "PYTHONUNBUFFERED": "1"}
    again = processes.start(part.name, part.command, log=part.log, environment=environment, folder=ROOT, descriptors=part.descriptors)
    again.restarts = recent
    return again


def _end(demo: Demo) -> None:
    if demo.parts or demo.running is not None:
        say("Stopping …")
    demo.door.close()
    processes.stop(demo.parts)
    if demo.running is not None:
        demo.running.stop()


@contextmanager
def _step(name: str, *, follow: bool = False) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    begin = time.monotonic()
    sys.stdout.write(f"  {name} …" + ("\n" if follow else ""))
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f"  {name}: {time.monotonic() - begin:.1f} s" if follow else f" {time.monotonic() - begin:.1f} s")


if __name__ == "__main__":
    sys.exit(main())
