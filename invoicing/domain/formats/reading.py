"""Open a file of calls in the format it says, or the one it looks like."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing_portal.kernel import period
from billing_portal.kernel.errors import require
from invoicing.domain.formats import asterisk, freeswitch, plain_csv, plain_json
from invoicing.domain.formats.rows import Read
from rateplans.domain import rates_text

READERS: dict[str, Callable[[TextIO, ZoneInfo], Iterator[Read]]] = {
    "csv": plain_csv.read,
    "json": plain_json.read,
    "asterisk": asterisk.read,
    "freeswitch": freeswitch.read,
}
FORMATS = tuple(READERS)
LOOK_AT = 64 * 1024
LATIN_INSTEAD = "portal.latin_instead"


def guess(path: Path) -> str:
    """The format a file looks like: JSON begins with a bracket, FreeSWITCH's has `variables`, Asterisk's CSV has no header. Raises `format_unknown`."""
    with _open(path) as file:
        start = file.read(LOOK_AT).lstrip()
    if start[:1] in ("{", "["):
        return "freeswitch" if '"variables"' in start and '"core-uuid"' in start else "json"
    heading = next(csv.reader(io.StringIO(start, newline="")), [])
    if "call_id" in ",".join(heading).lower():
        return "csv"
    require(len(heading) >= asterisk.LEAST, "format_unknown", _("The file looks like none of csv, json, asterisk, freeswitch: say its --format."))
    return "asterisk"


def read(path: Path, format_: str, zone: str) -> Iterator[Read]:
    """The rows of a file one by one; `zone` is the switch's own, for times without an offset."""
    with closing(_open(path)) as file:
        yield from READERS[format_](file, period.zone_of(zone))


def _open(path: Path) -> TextIO:
    """The file as text: UTF-8, UTF-16, or Windows' Latin-1 where a line is no UTF-8. Raises `file_empty`, and `not_text` for archives and the like."""
    with path.open("rb") as file:
        head = file.read(LOOK_AT)
    require(head.strip(), "file_empty", _("The file is empty."))
    reason = rates_text.archive(head)
    require(not reason, "not_text", reason)
    return path.open(encoding=rates_text.utf16(head) or "utf-8-sig", errors=LATIN_INSTEAD, newline="")


def _latin_instead(problem: UnicodeError) -> tuple[str, int]:
    """A byte that is no UTF-8 as Windows' Latin-1 has it."""
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    plain = problem.encoding == "utf-8"
    return problem.object[problem.start : problem.end].decode("cp1252", "replace") if plain else "\ufffd", problem.end


codecs.register_error(LATIN_INSTEAD, _latin_instead)
