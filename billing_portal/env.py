"""Where the settings come from: the environment, and the servers of a demo that runs on this machine."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Commands that change schemas run as the owner of the database; everything else runs as the role that owns nothing.
OWNER_COMMANDS = frozenset(
    {"migrate", "migrate_schemas", "makemigrations", "create_reseller", "drop_reseller", "create_demo", "make_partitions", "sqlmigrate", "showmigrations"}
    | {"backup", "restore"}
)


def data_folder() -> Path:
    """The folder that holds the embedded servers' data, files and logs."""
    return Path(os.environ.get("PORTAL_DATA") or BASE_DIR / "var").resolve()


def find_running_demo() -> None:
    """Take the addresses of a running demo unless the environment names servers of its own."""
    if os.environ.get("DATABASE_URL"):
        return
    from billing_portal import local

    for name, value in local.environment(data_folder()).items():
        os.environ.setdefault(name, value)
