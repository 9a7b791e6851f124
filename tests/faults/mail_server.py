"""A mail server that behaves badly when it is told to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.portal import Mailbox


@dataclass
class MailServer(Mailbox):
    """Takes every mail, unless it `does` something else: "refuse", "later", "hang" or "drop" (takes it and breaks off before it says so)."""

    does: str = "take"
    nobody: set[str] = field(default_factory=set)  # addresses that do not exist here
    asked: Counter[str] = field(default_factory=Counter)  # how often each address was tried

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        self.asked[address] += 1
        if address in self.nobody:
            return "550 5.1.1 Nobody here by that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.does == "refuse":
            return "554 5.7.1 Not from you"
        if self.does == "later":
            return "451 4.3.2 Come back later"
        if self.does == "hang":
            await asyncio.sleep(30)
            return "451 4.4.2 Too late"
        answer = await super().handle_DATA(server, session, envelope)
        if self.does == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        self.does = what
        self.asked.clear()
        try:
            yield
        finally:
            self.does = "take"

    def empty(self) -> None:
        self.mails.clear()
        self.nobody.clear()
        self.asked.clear()
        self.does = "take"

    def taken(self) -> list[tuple[str, str]]:
        """Message-ID and address of each mail that was taken, as often as it was."""
        with self.news:
            return [(str(mail["Message-ID"]), str(mail["To"])) for mail in self.mails]


@contextmanager
def listening(server: MailServer, port: int) -> Iterator[None]:
    """The server can be reached at this port."""
    controller = Controller(server, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield
    finally:
        controller.stop()
