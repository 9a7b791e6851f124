"""Open a file of calls in the format it says, or the one it looks like."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing_portal.kernel import period
from billing_portal.kernel.errors import DomainError, require
from invoicing.domain.formats import asterisk, freeswitch, plain_csv, plain_json
from invoicing.domain.formats.rows import Read

READERS: dict[str, Callable[[TextIO, ZoneInfo], Iterator[Read]]] = {
    "csv": plain_csv.read,
    "json": plain_json.read,
    "asterisk": asterisk.read,
    "freeswitch": freeswitch.read,
}
FORMATS = tuple(READERS)
LOOK_AT = 64 * 1024


def guess(path: Path) -> str:
    """The format a file looks like: JSON begins with a bracket, FreeSWITCH's has `variables`, Asterisk's CSV has no header. Raises `format_unknown`."""
    with _open(path) as file:
        start = file.read(LOOK_AT).removeprefix("\ufeff").lstrip()
    if start[:1] in ("{", "["):
        return "freeswitch" if '"variables"' in start and '"core-uuid"' in start else "json"
    heading = start.partition("\n")[0].lower()
    if "call_id" in heading:
        return "csv"
    require(heading.count(",") >= asterisk.LEAST - 1, "format_unknown", _("The file looks like none of csv, json, asterisk, freeswitch: say its --format."))
    return "asterisk"


def read(path: Path, format_: str, zone: str) -> Iterator[Read]:
    """The rows of a file one by one; `zone` is the switch's own, for times without an offset."""
    with closing(_open(path)) as file:
        try:
            yield from READERS[format_](file, period.zone_of(zone))
        except csv.Error as problem:
            raise DomainError("not_csv", _("The file cannot be read as CSV: %(problem)s") % {"problem": problem}) from problem


def _open(path: Path) -> TextIO:
    return path.open(encoding="utf-8", errors="replace", newline="")
