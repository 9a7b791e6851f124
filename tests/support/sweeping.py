"""Sweep as beat does, for tests that start a worker and no beat."""

import time
from collections.abc import Callable

from billing_portal.jobs import tasks


def with_sweeps(happens: Callable[[], object], *, every: float = 2.0) -> Callable[[], object]:
    """The same question, asked while somebody sweeps as beat does: a message that got lost delays work and no more (reliability 41)."""
    swept = time.monotonic()

    def asked() -> object:
        nonlocal swept
        if time.monotonic() > swept + every:
            swept = time.monotonic()
            tasks.sweep()
        return happens()

    return asked
