"""`manage.py` from a terminal that knows no servers."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.servers import ROOT


def test_a_command_without_servers_says_so_in_one_line(tmp_path: Path) -> None:
    bare = {"PATH": os.environ["PATH"], "PORTAL_DATA": str(tmp_path)}

    ended = subprocess.run([sys.executable, "manage.py", "check_ledger"], check=False, cwd=ROOT, env=bare, capture_output=True, text=True)

    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert "script/demo" in line
    assert "PORTAL_DATA" in line
