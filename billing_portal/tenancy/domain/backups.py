"""A backup is a folder: the database as it was at one moment, the stored files, and a list with the hash of each (reliability 97).

The database comes first. Stored files are written once and never changed, so the files of a later moment hold every file that the database names.
"""

from __future__ import annotations

import json
import tarfile
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from billing_portal.kernel.errors import require
from billing_portal.tenancy.domain import postgres_tools

DATABASE, FILES, LIST = "database.dump", "files.tar", "backup.json"


def make(folder: Path, *, at: datetime) -> dict[str, Any]:
    """Write a backup of all resellers into a new or empty folder; answers with its list. Needs the owner's role.

    Raises `folder_not_empty`, `tool_missing`, `tool_failed`. A backup without its list is not whole.
    """
    require(not folder.exists() or not any(folder.iterdir()), "folder_not_empty", _("%(folder)s is not empty.") % {"folder": folder})
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    postgres_tools.run("pg_dump", ["--format=custom", f"--file={folder / DATABASE}"])
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
    postgres_tools.run("pg_restore", ["--no-owner", "--exit-on-error", "--single-transaction", str(folder / DATABASE)])
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
