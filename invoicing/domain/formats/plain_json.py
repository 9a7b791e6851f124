"""JSON: the body of the interface, an array of records, or one record after the other; read piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing_portal.kernel.errors import DomainError
from invoicing.domain.formats.named import NAMES, record_of
from invoicing.domain.formats.rows import Fields, Read

HEAD = 64 * 1024
PIECE = 256 * 1024
LONGEST = 4 * 1024 * 1024
_BODY = re.compile(r'\s*\{\s*"records"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,\[\]}]*")


def read(file: TextIO, zone: ZoneInfo) -> Iterator[Read]:
    """Each object is a call, with the names of the contract."""
    for number, found in objects(file):
        others = {name: value for name, value in found.items() if name not in NAMES}
        yield record_of(number, {name: text(found.get(name)) for name in NAMES}, others, Fields(zone))


def text(value: Any) -> str:
    return "" if value is None else str(value)


def objects(file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of the file with the line on which each begins. Raises `not_json` naming the line."""
    decoder = json.JSONDecoder(parse_constant=_refuse_constant)
    buffer, line, ended = file.read(HEAD).removeprefix("\ufeff"), 1, False
    buffer, line = _skip(buffer, line, _BODY)
    while True:
        buffer, line = _skip(buffer, line, _BETWEEN)
        if not buffer and ended:
            return
        try:
            found, length = decoder.raw_decode(buffer) if buffer else (None, 0)
        except (ValueError, RecursionError) as problem:
            found, length = None, 0
            if ended or len(buffer) > LONGEST:
                raise _not_json(line) from problem
        if length and (length < len(buffer) or ended):
            if not isinstance(found, dict):
                raise _not_json(line)
            yield line, found
            line += buffer.count("\n", 0, length)
            buffer = buffer[length:]
            continue
        piece = file.read(PIECE)
        buffer, ended = buffer + piece, not piece


def _skip(buffer: str, line: int, what: re.Pattern[str]) -> tuple[str, int]:
    found = what.match(buffer)
    return (buffer[found.end() :], line + found[0].count("\n")) if found else (buffer, line)


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _not_json(line: int) -> DomainError:
    return DomainError("not_json", _("Line %(line)s is not JSON, or not a record.") % {"line": line})
