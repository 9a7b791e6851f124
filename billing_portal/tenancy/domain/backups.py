"""A backup is a folder: the database as it was at one moment, the stored files, and a list with the hash of each (reliability 97).

The database comes first. Stored files are written once and never changed, so the files of a later moment hold every file that the database names.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from psycopg2.extensions import make_dsn

from billing_portal.kernel.errors import DomainError, require
from billing_portal.local import postgres
from billing_portal.local.processes import LocalError

DATABASE, FILES, LIST = "database.dump", "files.tar", "backup.json"


def make(folder: Path, *, at: datetime) -> dict[str, Any]:
    """Write a backup of all resellers into a new or empty folder; answers with its list. Needs the owner's role.

    Raises `folder_not_empty`, `tool_missing`, `tool_failed`. A backup without its list is not whole.
    """
    require(not folder.exists() or not any(folder.iterdir()), "folder_not_empty", _("%(folder)s is not empty.") % {"folder": folder})
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _run("pg_dump", ["--format=custom", f"--file={folder / DATABASE}"])
    _pack(folder / FILES)
    told = {"made_at": at.isoformat(), "files": {name: _hash(folder / name) for name in (DATABASE, FILES)}}
    draft = folder / f"{LIST}.new"
    draft.write_text(json.dumps(told, indent=1))
    draft.replace(folder / LIST)
    return told


def restore(folder: Path) -> None:
    """Bring a backup into the empty database and the empty folder of files that the settings name. Needs the owner's role.

    The database comes whole or not at all. Raises `backup_not_whole`, `database_not_empty`, `files_not_empty`, `tool_missing`, `tool_failed`.
    """
    _check(folder)
    root = Path(settings.MEDIA_ROOT)
    require(not root.exists() or not any(root.iterdir()), "files_not_empty", _("%(folder)s holds files already.") % {"folder": root})
    require(not _holds_tables(), "database_not_empty", _("The database holds tables already. A backup comes into an empty one."))
    _run("pg_restore", ["--no-owner", "--exit-on-error", "--single-transaction", str(folder / DATABASE)])
    root.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / FILES) as packed:
        packed.extractall(root, filter="data")


def _check(folder: Path) -> None:
    """Refuse a backup that is not what was written."""
    not_whole = _("%(folder)s holds no whole backup.") % {"folder": folder}
    require((folder / LIST).is_file(), "backup_not_whole", not_whole)
    for name, digest in json.loads((folder / LIST).read_text())["files"].items():
        place = folder / Path(name).name
        require(place.is_file() and _hash(place) == digest, "backup_not_whole", not_whole)


def _hash(place: Path) -> str:
    with place.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _pack(target: Path) -> None:
    """All stored files, without those that are being written."""
    root = Path(settings.MEDIA_ROOT)
    with tarfile.open(target, "w") as packed:
        if root.exists():
            packed.add(root, arcname=".", filter=lambda entry: None if Path(entry.name).name.startswith(".writing-") else entry)


def _holds_tables() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname !~ '^(pg_|information_schema)')")
        return bool(cursor.fetchone()[0])


def _run(name: str, options: Sequence[str]) -> None:
    """Run a program of Postgres against the portal's database; the password goes by the environment, where no other user sees it."""
    wanted = {key: value for key, value in connection.get_connection_params().items() if key in {"host", "port", "user", "password", "dbname"} and value}
    environment = os.environ | {"PGPASSWORD": str(wanted.pop("password", ""))}
    ended = subprocess.run([_program(name), f"--dbname={make_dsn(**wanted)}", *options], check=False, env=environment, capture_output=True, text=True)
    require(ended.returncode == 0, "tool_failed", f"{name}: {ended.stderr.strip()[:500]}")


def _program(name: str) -> str:
    """The program from the path when it is no older than the server, else the one that comes with the embedded server."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    candidates = [shutil.which(name)]
    try:
        candidates.append(str(postgres.installed() / name))
    except LocalError:
        candidates.append(None)
    for candidate in candidates:
        if candidate and _major(candidate) >= server:
            return candidate
    raise DomainError("tool_missing", _("%(name)s %(version)s or newer is needed and was not found.") % {"name": name, "version": server})


def _major(program: str) -> int:
    said = subprocess.run([program, "--version"], check=False, capture_output=True, text=True).stdout
    version = said.rpartition(" ")[2].strip().partition(".")[0]
    return int(version) if version.isdigit() else 0
