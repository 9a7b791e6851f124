"""`Dockerfile`: what it copies is there and is enough to run, nothing in it runs as root, and it knows the commands that compose.yaml gives it.

No container engine builds it here: the checks of `script/test` lint it, and this does by hand what the recipe does (docs/operations.md).
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests import sizes
from tests.support.servers import ROOT

CONTINUED = re.compile(r"\\\n\s*")
PINNED = re.compile(r"^[a-z]+:\d[\w.-]*-bookworm|^[a-z]+:\d[\w.]*-slim-bookworm$")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, list[str]]]:
    """Each instruction with its words, in order; comments and continued lines are gone."""
    lines = CONTINUED.sub(" ", re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)).splitlines()
    return [(line.split(None, 1)[0], shlex.split(line.split(None, 1)[1])) for line in lines if line.strip()]


def of(steps: list[tuple[str, list[str]]], name: str) -> list[list[str]]:
    return [words for step, words in steps if step == name]


def copied(steps: list[tuple[str, list[str]]]) -> Iterator[str]:
    """What is copied from this folder."""
    for words in of(steps, "COPY"):
        if not words[0].startswith("--from="):
            yield from words[:-1]


def test_both_bases_are_of_a_known_version(steps: list[tuple[str, list[str]]]) -> None:
    bases = of(steps, "FROM")

    assert [(words[1], words[2]) for words in bases] == [("AS", "assets"), ("AS", "portal")]
    assert [words[0] for words in bases if not PINNED.match(words[0])] == []


def test_nothing_runs_as_root_and_all_it_writes_is_in_its_volume(steps: list[tuple[str, list[str]]]) -> None:
    [user] = of(steps, "USER")
    made = next(words for words in of(steps, "RUN") if "useradd" in words)

    assert user == ["10001"]
    assert made[made.index("--uid") + 1] == user[0]
    assert made[made.index("--home-dir") + 1] == "/data" == of(steps, "VOLUME")[0][0]
    assert "PORTAL_DATA=/data" in of(steps, "ENV")[0]
    assert [step for step, _words in steps[[step for step, _words in steps].index("USER") :]] == ["USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD"]


def test_what_is_copied_is_there_and_not_left_out_of_the_image(steps: list[tuple[str, list[str]]]) -> None:
    left_out = set((ROOT / ".dockerignore").read_text().split())
    names = list(copied(steps))

    assert {"package.json", "package-lock.json", "requirements.txt", "manage.py", "script/container-start"} <= set(names)
    assert [name for name in names if not (ROOT / name).exists() or Path(name).parts[0] in left_out] == []
    assert {".env", ".git", "tests", "var"} <= left_out


def test_what_is_copied_is_enough_to_run(steps: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    """As in the image: the same files, the command that is run there while it is made, and no others of this folder. At full size its whole work."""
    for name in copied(steps):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, place)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    [command] = [words for words in of(steps, "RUN") if "manage.py" in words]
    words = command[command.index("manage.py") :] if sizes.FULL else ["manage.py", "check"]
    settings = dict(word.split("=", 1) for word in command[1 : command.index("python")])
    clean = {"PATH": os.environ["PATH"], "PORTAL_DATA": str(tmp_path / "data"), "STATIC_ROOT": str(tmp_path / "static")}

    ended = subprocess.run([sys.executable, "-W", "ignore", *words], cwd=tmp_path, env=clean | settings, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert not sizes.FULL or (tmp_path / "static" / "staticfiles.json").is_file()


def test_the_image_knows_each_command_that_it_is_given(steps: list[tuple[str, list[str]]]) -> None:
    [[entry]] = of(steps, "ENTRYPOINT")
    start = ROOT / yaml.safe_load(entry)[0]
    known = set(re.findall(r"^  (\w+)\)", start.read_text(), re.MULTILINE))
    given = {service["command"][0] for service in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].values() if "build" in service}

    assert os.access(start, os.X_OK)
    assert given == known == {"web", "worker", "provisioning", "beat", "migrate"}
