"""JSON: the body of the interface, an array of records, or one record after the other; read piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from invoicing.domain.formats.named import NAMES, record_of
from invoicing.domain.formats.rows import Fields, Read

HEAD = 64 * 1024
PIECE = 256 * 1024
LONGEST = 4 * 1024 * 1024
_BODY = re.compile(r'\s*\{\s*"records"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,\[\]}]*")


def read(file: TextIO, zone: ZoneInfo) -> Iterator[Read]:
    """Each object is a call, with the names of the contract."""
    return objects(file, lambda line, found: _record(line, found, Fields(zone)))


def _record(line: int, found: Mapping[str, Any], fields: Fields) -> Read:
    others = {name: value for name, value in found.items() if name not in NAMES}
    return record_of(line, {name: text(found.get(name)) for name in NAMES}, others, fields)


def text(value: Any) -> str:
    return "" if value is None else str(value)


def objects(file: TextIO, record: Callable[[int, dict[str, Any]], Read]) -> Iterator[Read]:
    """A record of each object of the file, with the line on which it begins. What is none is named by its place; where no JSON is, reading ends."""
    constants: list[str] = []
    decoder = json.JSONDecoder(parse_constant=constants.append)
    text, line, ended, place = file.read(HEAD).removeprefix("\ufeff"), 1, False, 1
    at, line = _skip(text, 0, line, _BODY)
    while True:
        at, line = _skip(text, at, line, _BETWEEN)
        if at == len(text) and ended:
            return
        constants.clear()
        try:
            found, end = decoder.raw_decode(text, at) if at < len(text) else (None, at)
        except (ValueError, RecursionError):
            found, end = None, at
            if ended or len(text) - at > LONGEST:
                yield Read(line, error=_("Element %(place)s is not JSON: nothing was read from here on.") % {"place": place})
                return
        if end > at and (end < len(text) or ended):
            if isinstance(found, dict) and not constants:
                yield record(line, found)
            else:
                yield Read(line, error=_("Element %(place)s is not a record.") % {"place": place})
            at, line, place = end, line + text.count("\n", at, end), place + 1
            continue
        piece = file.read(PIECE)
        text, at, ended = text[at:] + piece, 0, not piece  # what was read ahead is copied once for a piece, never for a record


def _skip(text: str, at: int, line: int, what: re.Pattern[str]) -> tuple[int, int]:
    found = what.match(text, at)
    return (found.end(), line + found[0].count("\n")) if found else (at, line)
