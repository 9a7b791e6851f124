"""The programs that come with Postgres, run against the portal's database."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from django.db import connection
from django.utils.translation import gettext as _
from psycopg2.extensions import make_dsn

from billing_portal.kernel.errors import DomainError, require
from billing_portal.local import postgres
from billing_portal.local.processes import LocalError


def run(name: str, options: Sequence[str]) -> str:
    """What the program prints; the password goes by the environment, where no other user sees it. Raises `tool_missing`, `tool_failed`."""
    wanted = {key: value for key, value in connection.get_connection_params().items() if key in {"host", "port", "user", "password", "dbname"} and value}
    environment = os.environ | {"PGPASSWORD": str(wanted.pop("password", ""))}
    ended = subprocess.run([find(name), f"--dbname={make_dsn(**wanted)}", *options], check=False, env=environment, capture_output=True, text=True)
    require(ended.returncode == 0, "tool_failed", f"{name}: {ended.stderr.strip()[:500]}")
    return ended.stdout


def find(name: str) -> str:
    """The program from the path when it is no older than the server, else the one that comes with the embedded server. Raises `tool_missing`."""
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
