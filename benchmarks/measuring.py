"""What every bench shares: a figure beside its peer in the same run, the median of several tries, the peak of memory, how cost grows."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import IntEnum
from operator import eq, ge, le
from pathlib import Path
from typing import TypeVar

REPEATS = 3
BOUNDS = {"≥": ge, "≤": le, "=": eq}
T = TypeVar("T")


class Scale(IntEnum):
    """How large a bench is: to see that it works, within minutes, or as large as the targets were set for (`--full`)."""

    TINY, USUAL, FULL = range(3)

    def of(self, tiny: T, usual: T, full: T | None = None) -> T:
        """What belongs to this scale; where two are given, the usual size is the full one."""
        return (tiny, usual, usual if full is None else full)[self]


@dataclass(frozen=True)
class Figure:
    """One line of a bench: what was measured, the peer or limit of the same run, and whether their ratio meets the target.

    `target` is a bound on the ratio, such as "≥ 0.5"; without one the figure is told for its growth and is always ok. `why` explains a miss,
    `size` says of how much it was measured.
    """

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    target: str = ""
    peak_mb: float = 0
    why: str = field(default="", compare=False)
    size: str = field(default="", kw_only=True)

    @property
    def ratio(self) -> float:
        return self.value / self.reference_value if self.reference_value else 0.0

    @property
    def ok(self) -> bool:
        if not self.target:
            return True
        sign, bound = self.target.split()
        return bool(BOUNDS[sign](self.ratio, float(bound)))

    def line(self) -> str:
        """The figure as one JSON object with the keys that readers know; `why` is empty unless the target was missed."""
        told = asdict(self) | {"why": "" if self.ok else self.why}
        for name in ("value", "reference_value", "peak_mb"):
            told[name] = round(told[name], 4 if name != "peak_mb" else 1)
        order = ("name", "value", "unit", "reference", "reference_value", "ratio", "target", "ok", "peak_mb", "size", "why")
        told |= {"ratio": round(self.ratio, 4), "ok": self.ok}
        return json.dumps({name: told[name] for name in order}, ensure_ascii=False)


def seconds(work: Callable[[], object]) -> float:
    """How long this takes once, by the clock on the wall."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def median(work: Callable[[], object], repeats: int = REPEATS, *, warm: bool = True) -> float:
    """The median of several tries in seconds, after one that is not counted."""
    if warm:
        work()
    return statistics.median(seconds(work) for _ in range(repeats))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that this percentage of the others does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Peak:
    """The most memory this process held since the peak was last reset, in MB."""

    _clear, _status = Path("/proc/self/clear_refs"), Path("/proc/self/status")

    def reset(self) -> None:
        self._clear.write_text("5")

    @property
    def mb(self) -> float:
        return self._read("VmHWM")

    @property
    def now(self) -> float:
        """What it holds at this moment."""
        return self._read("VmRSS")

    def _read(self, name: str) -> float:
        line = next(line for line in self._status.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024


@contextmanager
def peak() -> Iterator[Peak]:
    """Watch the memory of what happens inside."""
    found = Peak()
    found.reset()
    yield found
