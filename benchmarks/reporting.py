"""docs/benchmarks.md from the lines that `script/bench --all --json` printed."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HEAD = """# Benchmarks

`script/bench NAME` measures one part against a peer or a limit in the same run, on servers of its own with the durability of production;
`script/bench` names them. This page:

```
script/bench --all --full --json > figures.jsonl
script/bench --report figures.jsonl
```

Ratios count; absolute figures belong to the machine. A ratio is value ÷ reference; figures without a target show how cost grows.
Each row says at which size it was measured. With `--full` files have 2,000,000 calls, a month to be drafted 10,000 customers with as many, and PDFs are a
thousand; without it 80,000 calls, 1,000 customers with 100,000 calls, and 300 PDFs. All other benches know one size.
"""


def write(lines: Path, page: Path) -> None:
    """Write the page; a line that is no figure is an error, never left out."""
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines() if line.strip()]
    page.write_text("\n".join([HEAD, f"{when(lines)}, {machine()}.\n", table(rows), *misses(rows)]) + "\n", encoding="utf-8")


def when(lines: Path) -> str:
    return f"Measured on {datetime.fromtimestamp(lines.stat().st_mtime, UTC):%-d %B %Y}"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {memory:.0f} GB, {kind}; load {os.getloadavg()[2]:.1f} in the quarter of an hour before"


def table(rows: list[dict[str, Any]]) -> str:
    """All figures, one row each."""
    head = ["| what | size | value | reference | ratio | target | ok | peak |", "|---|---|---|---|---|---|---|---|"]
    return "\n".join([*head, *map(_row, rows)])


def misses(rows: list[dict[str, Any]]) -> list[str]:
    """A sentence for each target that was missed."""
    missed = [f"- **{row['name']}**: {row['why']}" for row in rows if not row["ok"]]
    return ["", "## Missed", "", *missed] if missed else []


def _row(row: dict[str, Any]) -> str:
    ok = ("true" if row["ok"] else "**false**") if row["target"] else ""
    peak = f"{row['peak_mb']:.0f} MB" if row["peak_mb"] else ""
    value, reference = f"{row['value']:,.4g} {row['unit']}", f"{row['reference']}: {row['reference_value']:,.4g}"
    return f"| {row['name']} | {row['size']} | {value} | {reference} | {row['ratio']:.2f} | {row['target']} | {ok} | {peak} |"
