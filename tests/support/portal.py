"""The portal as it is served: gunicorn with threads, a Celery worker and a mail server, on the database of this test process."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from billing_portal.local import processes
from billing_portal.local.processes import Child
from tests.support import servers
from tests.support.workers import worker

PATIENCE = 60  # seconds for a part to come up, or for a mail to arrive


@dataclass
class Mailbox:
    """What the mail server was handed, in order."""

    mails: list[EmailMessage] = field(default_factory=list)
    news: threading.Condition = field(default_factory=threading.Condition)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.content or b""
        mail = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        with self.news:
            self.mails.append(mail)
            self.news.notify_all()
        return "250 Taken"

    def arrived(self, to: str, subject: str) -> EmailMessage:
        """The newest mail to this address whose subject has these words; waits until it is there."""

        def found() -> EmailMessage | None:
            fitting = [mail for mail in self.mails if to in str(mail["To"]) and subject in str(mail["Subject"])]
            return fitting[-1] if fitting else None

        with self.news:
            self.news.wait_for(found, PATIENCE / 2)
            mail = found()
        assert mail is not None, f"No mail to {to} about {subject}; there are {[(str(mail['To']), str(mail['Subject'])) for mail in self.mails]}"
        return mail


@dataclass(frozen=True)
class Portal:
    """Where the portal is served, and what it logged."""

    port: int
    mailbox: Mailbox
    web: Child
    worker: Child
    environment: dict[str, str]

    def home(self, reseller: str = "acme") -> str:
        """The address of a reseller's own host, without a path."""
        host = "localhost" if reseller == "owner" else f"{reseller}.localhost"
        return f"http://{host}:{self.port}"

    def send(self, path: str, content: Any, *, key: str, reseller: str = "acme") -> tuple[int, Any]:
        """POST this as JSON, as a program does that shows a key: the status, and what the JSON of the answer says."""
        line = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        host = self.home(reseller).removeprefix("http://")
        try:
            line.request("POST", path, json.dumps(content), {"Host": host, "Content-Type": "application/json", "Authorization": f"Bearer {key}"})
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            line.close()


@contextmanager
def serve(logs: Path, redis_number: int, mailbox: Mailbox | None = None) -> Iterator[Portal]:
    """A portal that is up. Its broker is a Redis database of its own: what other tests owe wakes none of its workers."""
    mailbox = mailbox or Mailbox()
    with ExitStack() as opened:
        door = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=128))
        sink = Controller(mailbox, hostname="127.0.0.1", port=_free_port(), enable_SMTPUTF8=True)
        sink.start()
        opened.callback(sink.stop)
        port = door.getsockname()[1]
        environment = _environment(port, sink.port, redis_number)
        web = processes.start("web", _gunicorn(door), log=logs / "web.log", environment=environment, folder=servers.ROOT, descriptors=(door.fileno(),))
        opened.callback(processes.stop, [web], 10)
        working = opened.enter_context(worker(logs, environment=environment))
        _await(web, port)
        yield Portal(port, mailbox, web, working, environment)


@contextmanager
def provisioning(portal: Portal, logs: Path) -> Iterator[Child]:
    """The worker that makes schemas, beside a portal that is up."""
    with worker(logs, queues="provisioning", role="owner", environment=portal.environment) as working:
        yield working


def _environment(port: int, smtp: int, redis_number: int) -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.support.served",
        "PORTAL_TEST_CACHE": servers.cache_url().replace("redis+socket://", "unix://"),
        "REDIS_URL": f"{os.environ['REDIS_URL'].rsplit('/', 1)[0]}/{redis_number}",
        "PORTAL_PORT": str(port),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp}",
        "PORTAL_DB_ROLE": "app",
        "PYTHONUNBUFFERED": "1",
    }


def _gunicorn(door: socket.socket) -> list[str]:
    words = [sys.executable, "-m", "gunicorn", "billing_portal.wsgi:application", "--bind", f"fd://{door.fileno()}"]
    return [*words, "--worker-class", "gthread", "--workers", "1", "--threads", "4", "--no-control-socket", "--graceful-timeout", "2"]


def _await(web: Child, port: int) -> None:
    until = time.monotonic() + PATIENCE
    while not _answers(port):
        if web.ended or time.monotonic() > until:
            raise RuntimeError(f"The web did not come up:\n{web.tail(40)}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    line = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        line.request("GET", "/sign-in/", headers={"Host": f"acme.localhost:{port}"})
        return line.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        line.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        number: int = line.getsockname()[1]
        return number
