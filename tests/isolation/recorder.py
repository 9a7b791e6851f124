"""Looks for the words of others in all that is made while one reseller is served: answers, PDFs, files, mails, log lines, cache (reliability 60)."""

from __future__ import annotations

import io
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core import mail as django_mail
from django.core.cache import cache
from django.db import connection
from django_tenants.utils import schema_context
from pypdf import PdfReader

from billing_portal.mail import delivery
from billing_portal.mail.models import MailLog
from tests.support.canary_words import WORD


class Recorder(logging.Handler):
    """Keeps one line for each place where a foreign word was seen."""

    def __init__(self, known: str = "") -> None:
        """`known` is a reseller whose word may be seen everywhere: the home of who asks."""
        super().__init__(logging.INFO)
        self.known = known
        self.leaks: list[str] = []
        self._read: dict[bytes, str] = {}
        self._mails: set[uuid.UUID] = set()

    def saw(self, where: str, schema: str, text: str) -> None:
        """Something that was made for a reseller."""
        low = text.lower()
        self.leaks += [f"{where} of {schema} holds {word}" for other, word in WORD.items() if other not in {schema, self.known} and word in low]

    def answer(self, where: str, schema: str, answer: Any) -> str:
        """An answer with its headers; a PDF is read as its text. Returns what was read."""
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = self._text(content, answer.headers.get("Content-Type", ""))
        self.saw(where, schema, text + " ".join(f"{name}: {value}" for name, value in answer.headers.items()))
        return text

    def _text(self, content: bytes, kind: str) -> str:
        if not content.startswith(b"%PDF"):
            return content.decode("utf-8", "replace") if kind.startswith(("text", "application")) else ""
        if content not in self._read:
            reader = PdfReader(io.BytesIO(content))
            self._read[content] = "".join(page.extract_text() for page in reader.pages) + str(reader.metadata)
        return self._read[content]

    def mails(self, schema: str) -> None:
        """Every mail that waits at a reseller and was not read yet: its row, and what is sent of it, with headers and attachments."""
        with schema_context(schema):
            waiting = MailLog.objects.filter(state=MailLog.State.QUEUED)
            while mail := waiting.exclude(pk__in=self._mails).first():  # one whose address has changed is written once more, to the new one
                self._mails.add(mail.pk)
                self.saw(f"mail “{mail.kind}”", schema, " ".join(map(str, vars(mail).values())))
                delivery.deliver({"mail": str(mail.pk)})
                while django_mail.outbox:
                    self._sent(mail.kind, schema, django_mail.outbox.pop())

    def _sent(self, kind: str, schema: str, mail: Any) -> None:
        for part in mail.message().walk():
            content = b"" if part.is_multipart() else part.get_payload(decode=True)
            self.saw(f"what was sent as “{kind}”", schema, f"{part.items()} {self._text(content, part.get_content_type())}")

    def emit(self, record: logging.LogRecord) -> None:
        if connection.schema_name in WORD:
            self.saw(f"log line “{record.msg}”", connection.schema_name, record.getMessage() + str(record.exc_text or ""))

    def look_into_cache(self) -> None:
        """What lies in the cache now: every key names its reseller, and its value is that reseller's."""
        for key, value in _entries():
            schema = key.partition(":")[0]
            if schema not in {*WORD, "public"}:
                self.leaks.append(f"cache key {key} names no reseller")
            self.saw(f"cache key {key}", schema, f"{key} {value}")


@contextmanager
def recording(known: str = "") -> Iterator[Recorder]:
    """Listens to all loggers meanwhile, and looks into the cache at the end."""
    recorder, root = Recorder(known), logging.getLogger()
    before, root.level = root.level, logging.INFO
    root.addHandler(recorder)
    try:
        yield recorder
        recorder.look_into_cache()
    finally:
        root.removeHandler(recorder)
        root.setLevel(before)


def _entries() -> Iterator[tuple[str, str]]:
    line = cast(Any, cache)._cache.get_client()
    for key in line.scan_iter():
        yield key.decode("utf-8", "replace"), repr(line.get(key))
