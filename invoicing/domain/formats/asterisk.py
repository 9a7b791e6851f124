"""Asterisk's cdr_csv: no header, eighteen columns (the last two may be off), local time of the switch."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from invoicing.domain.formats.rows import Fields, Read, cells_of, extra
from invoicing.domain.records import LEG, CallRecord

COLUMNS = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end", "duration", "billsec",
    "disposition", "amaflags", "uniqueid", "userfield",
)  # fmt: skip
KEPT = ("dstchannel", "start", "dcontext", "clid", "lastapp", "lastdata", "duration", "userfield")
LEAST = COLUMNS.index("uniqueid") + 1
ANSWERED = "ANSWERED"
_CHANNEL = re.compile(r"[^/]+/(?P<line>[^@]+?)(?:@.*)?-[0-9a-f]{6,}(?:;\d)?")


def read(file: TextIO, zone: ZoneInfo) -> Iterator[Read]:
    """Each row is a call; its unique id is the call id. A channel has one row for each attempt to reach somebody, all under one unique id.

    One that nobody answered has a leg of its own; of several that were answered `call_legs` decides.
    """
    for line, cells in cells_of(file):
        if line == 1 and cells[0].strip().lower() == COLUMNS[0]:
            continue
        if not LEAST <= len(cells) <= len(COLUMNS):
            yield Read(line, error=_("%(count)s columns instead of %(least)s to %(most)s.") % {"count": len(cells), "least": LEAST, "most": len(COLUMNS)})
        else:
            yield _record(line, dict(zip(COLUMNS, cells, strict=False)), Fields(zone))


def _record(line: int, row: dict[str, str], fields: Fields) -> Read:
    """The disposition says whether it was answered, `billsec` how long it lasted since."""
    setup_at = fields.time("start", row["start"])
    answered_at = ended_at = None
    seconds = 0
    if row["disposition"].strip().upper() == ANSWERED:
        seconds = fields.number("billsec", row["billsec"]) or 0
        waited = (fields.number("duration", row["duration"]) or seconds) - seconds
        written = fields.time("answer", row["answer"], after=setup_at)
        answered_at = written or (setup_at + timedelta(seconds=waited) if setup_at else None)
    ended_at = fields.time("end", row["end"], after=answered_at or setup_at)
    record = CallRecord(
        call_id=fields.text("call_id", row["uniqueid"]),
        leg=LEG if answered_at else leg_of(row),
        account=fields.text("account", row["accountcode"]),
        line=fields.text("line", line_of(row["channel"]) or row["src"]),
        caller=fields.text("caller", row["src"]),
        to=fields.text("to", row["dst"]),
        setup_at=setup_at,
        answered_at=answered_at,
        ended_at=ended_at,
        seconds=seconds,
        cause=fields.text("cause", row["disposition"]),
        extra=extra({name: row.get(name, "") for name in KEPT}),
    )
    return fields.finish(line, record, _("The unique id is missing: set `loguniqueid=yes` in cdr.conf."))


def party(row: Mapping[str, Any]) -> tuple[str, str]:
    """The channel of the party that a row is about, and its start, as the switch wrote both: no two rows of one channel share them."""
    return str(row.get("dstchannel", "")).strip(), str(row.get("start", "")).strip()


def leg_of(row: Mapping[str, Any]) -> str:
    """A leg of its own for a row: so a trunk that failed, or the first party answered, does not take the place of the call that went out after it."""
    return f"tried-{hashlib.sha256(chr(10).join(party(row)).encode()).hexdigest()[:10]}"


def line_of(channel: str) -> str:
    """The line's name in a channel: `PJSIP/1001-00000003` is line 1001; empty when the channel tells none."""
    found = _CHANNEL.fullmatch(channel.strip())
    return found["line"] if found else ""
