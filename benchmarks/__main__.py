"""`script/bench`: run one bench, or all of them one after the other, or write what they said into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import ground, reporting
from benchmarks.measuring import Figure, Scale

NAMES = ("rating", "ingest", "ledger", "invoices", "resellers", "customers", "neighbours", "pages")
TORTURE = "torture"  # takes its own arguments and prints its seed


def main(argv: Sequence[str]) -> int:
    if argv[:1] == [TORTURE] and TORTURE in names():
        return int(importlib.import_module(f"benchmarks.{TORTURE}").main(list(argv[1:])) or 0)
    options = _options(argv)
    if options.report:
        reporting.write(Path(options.report), ground.ROOT / "docs" / "benchmarks.md")
        return 0
    if options.all:
        return max([_apart(name, options) for name in NAMES])
    if options.name is None:
        say("\n".join(names()))
        return 0
    return run(options.name, as_json=options.json, scale=_scale(options))


def names() -> list[str]:
    """The benches there are."""
    return [*NAMES, *([TORTURE] if importlib.util.find_spec(f"benchmarks.{TORTURE}") else [])]


def run(name: str, *, as_json: bool, scale: Scale) -> int:
    """Run one bench on servers of its own and print each figure as it comes; answers with 1 when a target was missed."""
    missed, bench = 0, importlib.import_module(f"benchmarks.{name}")
    with ground.started(getattr(bench, "ENVIRONMENT", "demo")):
        for figure in bench.measure(scale):
            say(figure.line() if as_json else text(figure))
            missed += not figure.ok
    return 1 if missed else 0


def text(figure: Figure) -> str:
    """The figure for people: a missed target is ok=false, and a sentence why follows."""
    against = f"{figure.ratio:.2f} of {figure.reference} ({figure.reference_value:,.4g} {figure.unit})"
    verdict = f" (target {figure.target}: ok={str(figure.ok).lower()})" if figure.target else ""
    memory = f", {figure.peak_mb:.0f} MB" if figure.peak_mb else ""
    size = f"; {figure.size}" if figure.size else ""
    why = "" if figure.ok else f"\n    {figure.why}"
    return f"{figure.name}: {figure.value:,.4g} {figure.unit}, {against}{verdict}{memory}{size}{why}"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _apart(name: str, options: argparse.Namespace) -> int:
    """A bench in a process of its own, so that its memory is its own."""
    flags = [flag for flag, given in (("--json", options.json), ("--tiny", options.tiny), ("--full", options.full)) if given]
    return subprocess.run([sys.executable, "-m", "benchmarks", name, *flags], check=False, cwd=ground.ROOT).returncode


def _scale(options: argparse.Namespace) -> Scale:
    return Scale.FULL if options.full else Scale.TINY if options.tiny else Scale.USUAL


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description="Measures the portal against a peer or a limit in the same run.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("name", nargs="?", choices=names(), metavar="NAME", help=f"{', '.join(names())}; without one, the names")
    what.add_argument("--all", action="store_true", help="every bench but torture, one after the other")
    what.add_argument("--report", metavar="FILE", help="write docs/benchmarks.md from the lines of an earlier --all --json")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="at the sizes that the targets were set for, where the usual ones are smaller")
    size.add_argument("--tiny", action="store_true", help="at sizes that show that it works and nothing else")
    return parser.parse_args(list(argv))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
