"""Real Celery workers against the test's own database and Redis, for tests that kill one in the middle."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from billing_portal.local import processes
from billing_portal.local.processes import Child
from tests.support.servers import ROOT

QUEUES = "default,calls,invoices,documents,mail,payments"


@contextmanager
def worker(logs: Path, *, queues: str = QUEUES, role: str = "app", processes_each: int = 1, environment: Mapping[str, str] = os.environ) -> Iterator[Child]:
    """A worker that is ready; it is stopped at the end, or was killed by the test. Needs a test that commits (`transaction=True`)."""
    command = [sys.executable, "-m", "celery", "-A", "billing_portal.celery", "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    own = dict(environment) | {"PORTAL_DB_ROLE": role, "LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1"}
    words = [*command, "-Q", queues, "-c", str(processes_each), "-n", f"test-{os.getpid()}-{time.monotonic_ns()}@%h"]
    child = processes.start("worker", words, log=logs / "worker.log", environment=own, folder=ROOT)
    try:
        until = time.monotonic() + 60
        while " ready." not in child.output():
            if child.ended or time.monotonic() > until:
                raise RuntimeError(f"The worker did not come up:\n{child.tail(40)}")
            time.sleep(0.05)
        yield child
    finally:
        processes.stop([child], seconds=10)
