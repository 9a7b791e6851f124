"""What lies in the test's own Redis for workers: read as they read it, and done as they do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_portal.celery import app
from tests.support.workers import QUEUES


@dataclass(frozen=True)
class Message:
    """One message, as it came out of its queue."""

    queue: str
    headers: dict[str, Any]
    arguments: list[Any]

    def work(self) -> None:
        """Do what it says, as a worker that has read it; what goes wrong is raised."""
        app.tasks[self.headers["task"]].apply(self.arguments, headers=self.headers, throw=True)


def read_all() -> list[Message]:
    """Take every message out of every queue."""
    found: list[Message] = []
    with app.connection_for_read() as line:
        for name in QUEUES.split(","):
            queue = line.SimpleQueue(name)
            try:
                while True:
                    message = queue.get(block=False)
                    message.ack()
                    found.append(Message(name, dict(message.headers), list(message.payload[0])))
            except queue.Empty:
                queue.close()
    return found
