"""Who does which kind of job: filled by the apps at start-up, because a lower app never imports a higher one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Work = Callable[[dict[str, Any]], None]


class TryLaterError(Exception):
    """Raised by a handler that met trouble elsewhere which will pass, such as a server that is away: it counts as no attempt."""


@dataclass(frozen=True)
class Handler:
    """`work` gets the payload. `atomic`: its effect and the job's end are one transaction; otherwise it must itself be safe to repeat.

    `forgets`: what it was given may be somebody's secret, so nothing of it stays once the job is done.
    """

    work: Work
    queue: str
    atomic: bool
    lease_seconds: int
    forgets: bool = False


_handlers: dict[str, Handler] = {}


def handler(kind: str, *, queue: str = "default", atomic: bool = True, lease_seconds: int = 300, forgets: bool = False) -> Callable[[Work], Work]:
    """Decorate the function that does this kind of job."""

    def register(work: Work) -> Work:
        _handlers[kind] = Handler(work, queue, atomic, lease_seconds, forgets)
        return work

    return register


def find(kind: str) -> Handler:
    """The handler of a kind; `KeyError` names a kind nobody registered."""
    return _handlers[kind]


def knows(kind: str) -> bool:
    """Whether somebody does this kind of job; a worker of another release may have owed it."""
    return kind in _handlers


def queues() -> dict[str, list[str]]:
    """The kinds of work of each queue that somebody here reads."""
    found: dict[str, list[str]] = {}
    for kind, known in _handlers.items():
        found.setdefault(known.queue, []).append(kind)
    return found
