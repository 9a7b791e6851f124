"""The portal's own processes for a test that breaks them: workers, beats, a Redis and a mail server of their own, on the test's database."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import RedisError

from billing_portal.local import processes, redis
from billing_portal.local.processes import Child
from billing_portal.local.redis import Redis
from tests import sizes
from tests.faults.kills import children_of
from tests.faults.mail_server import MailServer, listening
from tests.support.servers import ROOT
from tests.support.telling import told_through
from tests.support.waiting import until

WITHOUT_PAPERS = "default,calls,invoices,mail,payments"
QUEUES = f"{WITHOUT_PAPERS},documents"
RECEIVED = re.compile(r"Task jobs\.run\[([0-9a-f-]+)\] received")
CELERY = [sys.executable, "-m", "celery", "-A", "billing_portal.celery"]


@dataclass
class Ground:
    """What runs. Whatever a test ends, `up` brings back."""

    folder: Path
    mail: MailServer
    mail_port: int
    broker: Redis
    workers: list[Child] = field(default_factory=list)
    beats: list[Child] = field(default_factory=list)

    def clean(self) -> None:
        """Forget what the last test left: messages and mails."""
        self.redis().flushall()
        self.mail.empty()

    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "REDIS_URL": self.broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}",
            "PORTAL_DB_ROLE": "app",
            "PORTAL_TEST_SWEEP": str(sizes.size(1, 30)),  # seconds; 30 is the portal's own
            "PYTHONUNBUFFERED": "1",
            "LOG_LEVEL": "INFO",
        }

    def up(self, *, workers: int = 1, beats: int = 1, children: int = 2, queues: str = QUEUES) -> None:
        """Have so many workers with so many children each, and so many beats; those that live are kept. New ones read these queues."""
        self.workers = [each for each in self.workers if not each.ended]
        self.beats = [each for each in self.beats if not each.ended]
        own = self.environment()
        new = [self._start_worker(own, children, queues) for _missing in range(workers - len(self.workers))]
        self.workers += new
        self.beats += [self._start_beat(own) for _missing in range(beats - len(self.beats))]
        for worker in new:
            until(lambda worker=worker: " ready." in worker.output() or worker.ended, pause=0.05)  # type: ignore[misc]
            assert not worker.ended, worker.tail(40)

    def down(self) -> None:
        """Nobody works."""
        processes.stop([*self.beats, *self.workers], seconds=5)
        self.beats, self.workers = [], []

    def _start_worker(self, own: dict[str, str], children: int, queues: str) -> Child:
        name = f"faults-{os.getpid()}-{os.urandom(3).hex()}"
        words = [*CELERY, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self._start("worker", [*words, "-Q", queues, "-c", str(children), "-n", f"{name}@%h"], own)

    def _start_beat(self, own: dict[str, str]) -> Child:
        schedule = self.folder / f"beat-{len(self.beats)}-{os.urandom(3).hex()}"
        return self._start("beat", [*CELERY, "beat", "--loglevel", "INFO", "--pidfile", "", "-s", str(schedule)], own)

    def _start(self, name: str, words: list[str], own: dict[str, str]) -> Child:
        return processes.start(name, words, log=self.folder / f"{name}.log", environment=own, folder=ROOT)

    def kill_children(self) -> None:
        """End each child of the workers in the middle of whatever it does; their parents live and make new ones."""
        for child in children_of(self.workers):
            os.kill(child, signal.SIGKILL)

    def kill_workers(self) -> None:
        """End the workers with all their children, as a machine that fails does."""
        for worker in self.workers:
            os.killpg(worker.process.pid, signal.SIGKILL)
        for worker in self.workers:
            worker.process.wait()
        self.workers = []

    def started(self) -> Counter[str]:
        """How often the workers that live now received each message."""
        return Counter(found for worker in self.workers for found in RECEIVED.findall(worker.output()))

    def redis(self) -> Client:
        return Client.from_url(self.broker.url)

    def kill_redis(self) -> None:
        os.kill(self.broker.child.process.pid, signal.SIGKILL)
        self.broker.child.process.wait()

    def redis_again(self) -> None:
        """Start Redis at its former address, with the data it had."""
        command, log = self.broker.child.command, self.broker.child.log
        self.broker = Redis(processes.start("Redis", command, log=log, folder=Path("/")), self.broker.url)
        until(self._redis_answers)

    def _redis_answers(self) -> bool:
        try:
            return bool(self.redis().ping())
        except RedisError:
            return False

    def stop(self) -> None:
        processes.stop([*self.beats, *self.workers, self.broker.child], seconds=5)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Redis and the mail server; workers and beats come with `up`. What this process owes is told through that Redis."""
    with ExitStack() as opened:
        made = Ground(folder, MailServer(), redis.free_port(), redis.start(folder, folder / "logs", "secret"))
        opened.callback(made.stop)
        opened.enter_context(listening(made.mail, made.mail_port))
        opened.enter_context(told_through(made.broker.url))
        yield made
