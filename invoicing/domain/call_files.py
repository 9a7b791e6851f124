"""Take a whole file of calls in: read row by row, ingested in transactions of 10,000, so that memory stays flat whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.models import Switch
from billing_portal.kernel.errors import DomainError
from invoicing.domain import call_legs, calls, formats
from invoicing.domain.answers import Answer
from invoicing.domain.formats import Read
from invoicing.models import CallBatch


def take(path: Path, *, format_: str, zone: str, switch: Switch, actor: Actor, at: datetime) -> Iterator[tuple[Read, Answer | None]]:
    """Each row with the answer to its record; none for a row that holds no record. What was taken stays when a later row stops the file.

    Taking the same file again changes nothing. Raises `format_unknown`, `columns_missing`, `not_csv`, after all rows before it are taken.
    """
    for chunk in _chunks(formats.read(path, format_, zone)):
        batch = [row.record for row in chunk if row.record is not None]
        if format_ == "asterisk":
            batch = call_legs.apart(batch, switch)
        answers = iter(calls.ingest(batch, switch=switch, source=CallBatch.Source.FILE, actor=actor, at=at))
        yield from ((row, next(answers) if row.record is not None else None) for row in chunk)


def _chunks(rows: Iterator[Read]) -> Iterator[list[Read]]:
    """The rows by 10,000; where the file breaks, first those that were read before."""
    broken: DomainError | None = None
    while broken is None:
        chunk: list[Read] = []
        try:
            chunk.extend(islice(rows, calls.AT_ONCE))
        except DomainError as problem:
            broken = problem
        if chunk:
            yield chunk
        elif broken is None:
            return
    raise broken
