"""`script/reliability` writes docs/reliability.md: each promise in plain words, the tests that hold it, and the figures of the last full run."""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PROMISES = Path(__file__).with_name("promises.toml")
FIGURES = ROOT / "docs" / "reliability-figures.json"
LAST_RUN = ROOT / "var" / "reliability.json"
TARGET = ROOT / "docs" / "reliability.md"
HEAD = """# What the portal promises

Each promise has tests that break something real: processes are killed, servers are stopped, disks are full, strangers try every address.
`script/test` runs them at a small size, `script/test --full` at the sizes of the checklist.
This page is written by `script/reliability`; a promise without a test does not pass.
"""


def parts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(PROMISES.read_text())["part"]
    return found


def tests() -> dict[int, list[str]]:
    """The files of tests that carry each row's mark."""
    found: dict[int, set[str]] = defaultdict(set)
    for file, tree in _trees().items():
        for row in _marks(tree):
            found[row].add(str(file.relative_to(ROOT)))
    return {row: sorted(files) for row, files in found.items()}


def _marks(tree: ast.AST) -> Iterator[int]:
    """The numbers in `pytest.mark.rel(n)`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "rel":
            yield from (word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, int))


def sizes_used() -> set[str]:
    """The names of tests/sizes.py that some test takes."""
    return {name for tree in _trees().values() for name in _sizes(tree)}


@cache
def _trees() -> dict[Path, ast.Module]:
    """Every file of the tests, read once."""
    return {file: ast.parse(file.read_text()) for file in sorted((ROOT / "tests").rglob("*.py"))}


def _sizes(tree: ast.AST) -> Iterator[str]:
    """What is taken as `sizes.NAME`, or by `from tests.sizes import NAME`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sizes":
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module == "tests.sizes":
            yield from (alias.name for alias in node.names)


def text(figures: dict[str, Any]) -> str:
    """The whole page."""
    held = tests()
    lines = [HEAD, *_run(figures)]
    for part in parts():
        lines += [f"## {part['title']}", "", "| row | promise | held by | last full run |", "|---|---|---|---|"]
        lines += [_line(each, held.get(each["row"], []), figures) for each in part["rows"]]
        lines.append("")
    return "\n".join(lines)


def _run(figures: dict[str, Any]) -> list[str]:
    if not figures:
        return []
    sizes = ", ".join(f"{name.lower().replace('_', ' ')} {size:,}" for name, size in figures["sizes"].items())
    tests = f"{figures['passed']:,} tests passed, {figures['failed']:,} failed"
    return [f"Last full run: {figures['date']}, {tests}, {figures['minutes']} minutes on {figures['cores']} cores; {sizes}.", ""]


def _line(each: dict[str, Any], files: list[str], figures: dict[str, Any]) -> str:
    ran = figures.get("rows", {}).get(str(each["row"]))
    figure = f"{ran['passed']} passed" + (f", {ran['failed']} failed" if ran["failed"] else "") + f", {ran['seconds']:.0f} s" if ran else ""
    links = ", ".join(f"[{Path(file).stem.removeprefix('test_')}](../{file})" for file in files)
    promise = each.get("promise") or f"*Not promised yet: waits for {each['needs']}.*"
    return f"| {each['row']} | {promise} | {links} | {figure} |"


def figures() -> dict[str, Any]:
    """What the last full run that was kept came to; empty before the first."""
    kept: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return kept


def main() -> int:
    if LAST_RUN.exists():
        FIGURES.write_text(LAST_RUN.read_text())
    TARGET.write_text(text(figures()))
    sys.stdout.write(f"{TARGET.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
