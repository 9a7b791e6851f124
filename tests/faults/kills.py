"""Kill workers, or what they work on, and know what each blow broke off."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from billing_portal.local.processes import Child
from tests.faults import story


@dataclass
class Blows:
    """Of each blow the kinds of the jobs in whose middle it was: they were worked on, and are not done afterwards."""

    broken_off: list[list[str]] = field(default_factory=list)

    @property
    def met(self) -> int:
        """How many of the blows were in the middle of a job."""
        return sum(1 for kinds in self.broken_off if kinds)

    def of(self, kind: str) -> int:
        """How many jobs of a kind were broken off."""
        return sum(kinds.count(kind) for kinds in self.broken_off)

    def strike(self, workers: Sequence[Child], blow: Callable[[], object], *, then: Callable[[], object] = lambda: None, at: str = "") -> bool:
        """Strike while these workers stand still, if one of them is at work of that kind; whether it was.

        `then` comes when they go on, before anybody looks what is done.
        """
        with held_still(workers):
            working = story.held()
            met = any(job.kind.startswith(at) for _level, job in working)
            if met:
                blow()
        if met:
            then()
            self.broken_off.append(story.not_done(working))
        return met


@contextmanager
def held_still(workers: Sequence[Child]) -> Iterator[None]:
    """Workers and their children do not move meanwhile, so that nothing ends or begins between a look and a blow."""
    for worker in workers:
        os.kill(worker.process.pid, signal.SIGSTOP)  # first, so that it makes no child any more
    for child in children_of(workers):
        os.kill(child, signal.SIGSTOP)
    yield
    for pid in [*children_of(workers), *(worker.process.pid for worker in workers if not worker.ended)]:
        os.kill(pid, signal.SIGCONT)


def children_of(workers: Sequence[Child]) -> list[int]:
    """The processes that do the work, under these workers."""
    alive = [each.process.pid for each in workers if not each.ended]
    return [int(child) for pid in alive for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
