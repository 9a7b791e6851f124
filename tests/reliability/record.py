"""Writes down what a full run came to, by row of the reliability checklist, for `script/reliability`."""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import sizes
from tests.reliability.report import LAST_RUN, sizes_used


@dataclass
class Recorder:
    """A plugin of the process that collects the reports."""

    began: float = field(default_factory=time.monotonic)
    ended: Counter[str] = field(default_factory=Counter)
    rows: dict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[int, float] = field(default_factory=lambda: defaultdict(float))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        rows = {int(str(value)) for name, value in report.user_properties if name == "rel"}
        for row in rows:
            self.seconds[row] += report.duration
        if report.when == "call" or report.failed:
            self.ended[report.outcome] += 1
            for row in rows:
                self.rows[row][report.outcome] += 1

    def pytest_sessionfinish(self) -> None:
        told = {
            "date": datetime.now(UTC).date().isoformat(),
            "passed": self.ended["passed"],
            "failed": self.ended["failed"],
            "minutes": round((time.monotonic() - self.began) / 60),
            "cores": os.cpu_count(),
            "sizes": sizes_of_tests(),
            "rows": {str(row): self._row(row) for row in sorted(self.rows)},
        }
        LAST_RUN.parent.mkdir(exist_ok=True)
        LAST_RUN.write_text(json.dumps(told, indent=1) + "\n")

    def _row(self, row: int) -> dict[str, float]:
        return {"passed": self.rows[row]["passed"], "failed": self.rows[row]["failed"], "seconds": round(self.seconds[row], 1)}


def sizes_of_tests() -> dict[str, int]:
    """The sizes of this run, in the order of tests/sizes.py; one that no test takes is none of it."""
    used = sizes_used()
    return {name: value for name, value in vars(sizes).items() if name in used and type(value) is int}


def note_rows(items: list[pytest.Item]) -> None:
    """Let each test's report carry the rows it proves, also across processes."""
    for item in items:
        item.user_properties += [("rel", mark.args[0]) for mark in item.iter_markers("rel")]


def register(config: pytest.Config) -> None:
    """Record full runs of everything; a part of the tests proves no promise."""
    whole = [Path(argument).name for argument in config.args] == ["tests"] and not config.option.keyword
    if sizes.FULL and whole and getattr(config, "workerinput", None) is None and not config.option.collectonly:
        config.pluginmanager.register(Recorder(), "reliability")
