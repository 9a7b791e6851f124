"""A server that did not answer is left alone for a while, so that only one request waits for it."""

import time


class Silence:
    """Some seconds in which nobody asks again. A clock that was set, as tests set theirs, ends it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until = 0.0

    def begin(self) -> None:
        """Ask nobody for so many seconds from now."""
        self._until = time.monotonic() + self.seconds

    def end(self) -> None:
        """Ask again at once."""
        self._until = 0.0

    @property
    def holds(self) -> bool:
        return 0 < self._until - time.monotonic() <= self.seconds
