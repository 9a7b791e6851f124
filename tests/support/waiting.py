"""Wait until something happens elsewhere, and no longer than it needs."""

import time
from collections.abc import Callable

PATIENCE = 60  # seconds; the machine may be busy


def until(happens: Callable[[], object], *, pause: float = 0.02, seconds: float = PATIENCE, what: str = "it did not happen", fails: bool = True) -> float:
    """The seconds it took; fails with `what` when it does not happen in time, unless that is no failure."""
    begin = time.monotonic()
    while not happens():
        if time.monotonic() > begin + seconds:
            assert not fails, what
            break
        time.sleep(pause)
    return time.monotonic() - begin
