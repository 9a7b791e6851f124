#!/usr/bin/env python
"""Django's command line. While a demo runs its servers are found by themselves; commands that need the owner's database role take it."""

import os
import sys

from billing_portal.env import OWNER_COMMANDS, find_running_demo


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("PORTAL_DB_ROLE", "owner")
    find_running_demo()
    if "SECRET_KEY" not in os.environ:
        sys.exit("No settings: start script/demo, name the folder of a running one in PORTAL_DATA, or set the variables of .env.example.")
    from django.core.management import execute_from_command_line

    import billing_portal.celery  # noqa: F401 - jobs written by a command wake workers through it

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
