"""Brings to `leaks` everything that this process says for a reseller: answers, mails, documents, cached values, lines of the log.

The hooks stay for the life of the process. Other processes (workers and servers that a test starts) are not heard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, wraps
from os import getpid
from threading import local
from typing import Any

from django.core.cache.backends.redis import RedisCacheClient
from django.core.handlers.base import BaseHandler
from django.core.mail import EmailMessage
from django.db import connection
from django.db.models.sql.compiler import SQLInsertCompiler, SQLUpdateCompiler

from billing_portal.accounts.models import AuditEntry
from billing_portal.logs import LineFormatter
from billing_portal.mail.models import MailLog
from billing_portal.tenancy.models import Reseller
from invoicing.documents import html, pdf
from invoicing.documents.value import InvoiceDocument
from invoicing.models import Document
from tests.support.canary_words import text_fields
from tests.support.leaks import Saying, listener

SAYS = ("text/", "application/json", "application/problem+json", "application/xml", "image/svg")
NOT_A_SOURCE = {MailLog, Document, AuditEntry}  # made of texts that stand elsewhere
SHARED_KEYS: frozenset[str] = frozenset()
"""Keys of the cache that are one for all resellers, on purpose. There are none."""
ROWS = 50  # of many rows that are written at once, whose texts are kept
CALLS = 200  # of a document, that are looked at
OVERLAP = 200  # characters of a part of a streamed answer that are looked at again with the next

HERE = getpid()  # children that are forked from here, to draw a document, have no database to ask; what they draw is judged before

_now = local()


def install() -> None:
    """Hang the hooks in, once."""
    _around(BaseHandler, "get_response", _answered)
    _around(SQLInsertCompiler, "execute_sql", _inserted)
    _around(SQLUpdateCompiler, "execute_sql", _updated)
    _around(EmailMessage, "send", _sent)
    for verb in ("add", "set", "touch", "incr", "set_many"):
        _around(RedisCacheClient, verb, _cached)
    _around(html, "render", _rendered)
    _around(pdf, "write", _written)
    logging.getLogger().addHandler(_Lines())


def _around(owner: Any, name: str, hook: Callable[..., Any]) -> None:
    real = getattr(owner, name)
    setattr(owner, name, wraps(real)(lambda *args, **given: hook(real, *args, **given)))


def _say(where: str, text: str, schema: str = "") -> None:
    """Something else than an answer: it is for the reseller whose schema is in force."""
    said_for = schema or connection.schema_name
    if said_for != "public" and getpid() == HERE:
        listener.said(Saying(where, said_for, text, getattr(_now, "request", None)))


# --- answers ---------------------------------------------------------------------------------------------------------


def _answered(real: Any, handler: Any, request: Any) -> Any:
    before, _now.request = getattr(_now, "request", None), request
    try:
        answer = real(handler, request)
    finally:
        _now.request = before
    head = "\n".join([*(f"{name}: {value}" for name, value in answer.headers.items()), *(cookie.OutputString() for cookie in answer.cookies.values())])
    if not answer.headers.get("Content-Type", "text/").startswith(SAYS):
        _judge(request, head)
    elif answer.streaming:
        _judge(request, head)
        answer.streaming_content = _passing(request, answer.streaming_content)
    else:
        _judge(request, head + answer.content.decode("utf-8", "replace"))
    return answer


def _passing(request: Any, parts: Any) -> Iterator[bytes]:
    """The parts of a streamed answer, each looked at with the end of the one before it."""
    rest = b""
    for part in parts:
        _judge(request, (rest + part).decode("utf-8", "replace"))
        rest = (rest + part)[-OVERLAP:]
        yield part


def _judge(request: Any, text: str) -> None:
    match = getattr(request, "resolver_match", None)
    schema = getattr(getattr(request, "tenant", None), "schema_name", "")
    listener.said(Saying(f"{request.method} {request.path}", schema, text, request, match.view_name if match else ""))


# --- what tests write ------------------------------------------------------------------------------------------------


def _inserted(real: Any, compiler: Any, *args: Any, **given: Any) -> Any:
    model, rows = compiler.query.model, compiler.query.objs[:ROWS]
    if model is MailLog:
        for mail in rows:
            _say(
                f"mail “{mail.kind}”", "\n".join(map(str, [mail.sender, mail.reply_to, mail.recipients, mail.subject, mail.text, mail.html, mail.attachments]))
            )
    elif _texts_of(model):
        for row in [row for row in rows if not _stands_for_another(row)]:
            for attname, source in _texts_of(model).items():
                _wrote(source, getattr(row, attname), row.schema_name if model is Reseller else "")
    return real(compiler, *args, **given)


def _stands_for_another(row: Any) -> bool:
    """Whether this is one of another reseller's people or switches as it is known here: its name is made of that one's."""
    return bool(getattr(row, "stands_for_schema", "") or getattr(row, "child_schema", ""))


def _updated(real: Any, compiler: Any, *args: Any, **given: Any) -> Any:
    texts = _texts_of(compiler.query.model) if compiler.query.model is not Reseller else {}  # which reseller's row it is cannot be told here
    for field, _model, value in compiler.query.values if texts else ():
        if field.attname in texts:
            _wrote(texts[field.attname], value, "")
    return real(compiler, *args, **given)


def _wrote(source: str, value: object, schema: str) -> None:
    schema = schema or connection.schema_name
    if isinstance(value, str) and schema != "public":
        listener.wrote(schema, source, value)


@cache
def _texts_of(model: Any) -> dict[str, str]:
    """The fields of a model in which people's words stand: attribute and how a leak names it."""
    own = model is Reseller or (model not in NOT_A_SOURCE and not getattr(model, "in_shared_schema", False))
    return {field.attname: f"{model.__name__}.{field.name}" for field in text_fields(model)} if own else {}


# --- mails, documents, cache, log ------------------------------------------------------------------------------------


def _sent(real: Any, mail: Any, *args: Any, **given: Any) -> Any:
    said = [mail.subject, mail.body, mail.from_email, *mail.to, *mail.cc, *mail.reply_to, *mail.extra_headers.values()]
    said += [alternative[0] for alternative in getattr(mail, "alternatives", [])]
    said += [attachment[0] for attachment in mail.attachments if isinstance(attachment, tuple)]
    _say("a mail that was sent", "\n".join(map(str, said)))
    return real(mail, *args, **given)


def _rendered(real: Any, *args: Any, **given: Any) -> str:
    page: str = real(*args, **given)
    _say("a document's page", page)
    return page


def _written(real: Any, schema: str, name: str, document: InvoiceDocument, *args: Any, **given: Any) -> Any:
    seen = replace(document, calls=document.calls[:CALLS], seller=replace(document.seller, logo=None))
    _say(f"the PDF {name}", repr(seen), schema)
    return real(schema, name, document, *args, **given)


def _cached(real: Any, client: Any, key: Any, *rest: Any, **given: Any) -> Any:
    for each in key if isinstance(key, dict) else (key,):
        begins = connection.schema_name != "public" and str(each).startswith(f"{connection.schema_name}:")
        if not begins and each not in SHARED_KEYS:
            listener.wrong(f"cache key {each} was written for {connection.schema_name}")
    _say(f"cache key {key}", f"{key} {rest}")
    return real(client, key, *rest, **given)


class _Lines(logging.Handler):
    """Every line of the log, as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LineFormatter("{levelname} {name} {message}", style="{"))

    def emit(self, record: logging.LogRecord) -> None:
        _say(f"a line of the log, “{record.msg}”,", self.format(record))
