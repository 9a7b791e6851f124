"""Postgres and Redis for a machine that has none: started from the wheels' binaries under the data folder, stopped with whoever started them.

Standard library only at import, because `manage.py` asks here before anything else is loaded.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

SERVERS = "servers.json"
LOCK = "lock"


def environment(data: Path) -> dict[str, str]:
    """The variables under which a demo runs now on this data folder; empty when none runs."""
    try:
        with (data / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        pass  # somebody holds it: the demo runs
    except OSError:
        return {}
    else:
        return {}
    try:
        found: dict[str, str] = json.loads((data / SERVERS).read_text())
    except (OSError, ValueError):
        return {}
    return found


def take(data: Path) -> IO[str] | None:
    """The lock of a data folder, held until it is closed or its holder ends; none when another process holds it."""
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def write_private(path: Path, text: str) -> None:
    """Write a file that nobody else on the machine may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
