"""The demo's mailbox: takes every mail the portal sends and delivers it to nobody but a page on this machine.

Run as `python -m billing_portal.demo.mailbox --smtp PORT --http PORT --folder DIR`; each mail is one file in the folder.
"""

import argparse
import json
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from billing_portal.demo import mailbox_pages

LARGEST_MAIL = 50 * 1024 * 1024
SAFE_TYPES = {"application/pdf", "image/png", "image/jpeg", "image/gif", "text/plain"}  # shown in the browser; all others are saved


@dataclass(frozen=True)
class Mailbox:
    """A folder of mails, newest last by name."""

    folder: Path

    def put(self, recipients: list[str], content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020d}"
        draft = self.folder / f"{name}.new"
        draft.write_bytes(b"X-Envelope-To: " + ", ".join(recipients).encode() + b"\r\n" + content)
        draft.replace(self.folder / f"{name}.eml")

    def names(self) -> list[str]:
        """Newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)

    def get(self, name: str) -> EmailMessage | None:
        path = self.folder / f"{name}.eml"
        return _parse(path.read_bytes()) if name.isdigit() and path.exists() else None

    def all(self) -> Iterator[tuple[str, EmailMessage]]:
        for name in self.names():
            mail = self.get(name)
            if mail is not None:
                yield name, mail


class Sink:
    """Takes a mail for anybody."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        content = envelope.content or b""
        self.mailbox.put([str(to) for to in envelope.rcpt_tos], content if isinstance(content, bytes) else content.encode())
        return "250 Kept in the demo's mailbox"


class Pages(BaseHTTPRequestHandler):
    """`/` lists the mails, `/mail/NAME` shows one, `/mail/NAME/html` its HTML, `/mail/NAME/part/N` an attachment, `/mails.json` all for a program."""

    mailbox: Mailbox
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        steps = [step for step in self.path.split("?")[0].split("/") if step]
        match steps:
            case []:
                self._page(mailbox_pages.listing(self.mailbox.all()))
            case ["mailbox.css"]:
                self._send(200, "text/css; charset=utf-8", mailbox_pages.STYLE.encode())
            case ["mails.json"]:
                found = [mailbox_pages.summary(name, mail) for name, mail in self.mailbox.all()]
                self._send(200, "application/json", json.dumps(found).encode())
            case ["mail", name, *rest] if (mail := self.mailbox.get(name)) is not None:
                self._mail(name, mail, rest)
            case _:
                self._send(404, "text/plain; charset=utf-8", b"There is no such mail.\n")

    def _mail(self, name: str, mail: EmailMessage, rest: list[str]) -> None:
        parts = mailbox_pages.parts(mail)
        match rest:
            case []:
                self._page(mailbox_pages.one(name, mail))
            case ["html"]:
                self._send(200, "text/html; charset=utf-8", mailbox_pages.html_of(name, mail).encode(), mailbox_pages.MAIL_POLICY)
            case ["part", number] if number.isdigit() and int(number) < len(parts):
                self._part(parts[int(number)])
            case _:
                self._send(404, "text/plain; charset=utf-8", b"There is no such part.\n")

    def _part(self, part: EmailMessage) -> None:
        kind, content = part.get_content_type(), part.get_payload(decode=True)
        way = "inline" if kind in SAFE_TYPES else "attachment"
        file_name = mailbox_pages.file_name(part)
        self._send(200, kind, content if isinstance(content, bytes) else b"", "default-src 'none'", f'{way}; filename="{file_name}"')

    def _page(self, text: str) -> None:
        self._send(200, "text/html; charset=utf-8", text.encode(), mailbox_pages.PAGE_POLICY)

    def _send(self, status: int, kind: str, body: bytes, content_policy: str = "default-src 'none'", disposition: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Security-Policy", content_policy)
        if disposition:
            self.send_header("Content-Disposition", disposition)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests for the page are not worth a line."""


def serve(folder: Path, *, smtp: int, http: int) -> tuple[Controller, ThreadingHTTPServer]:
    """Start both servers on the loopback; each runs in a thread of its own until it is stopped."""
    mailbox = Mailbox(folder)
    folder.mkdir(parents=True, exist_ok=True)
    pages = type("PagesOfOneMailbox", (Pages,), {"mailbox": mailbox})
    server = ThreadingHTTPServer(("127.0.0.1", http), pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    controller = Controller(Sink(mailbox), hostname="127.0.0.1", port=smtp, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True)
    controller.start()
    return controller, server


def _parse(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)  # what the policy makes
    return mail


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes every mail and shows it on a page.")
    parser.add_argument("--smtp", type=int, required=True)
    parser.add_argument("--http", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    controller, server = serve(options.folder, smtp=options.smtp, http=options.http)
    ended.wait()
    controller.stop()
    server.shutdown()


if __name__ == "__main__":
    main()
