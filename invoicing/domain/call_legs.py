"""Legs for the rows of one channel of an Asterisk: it writes one for each party that the channel was bridged with, all under one unique id.

The first that was answered and taken in keeps the leg of every call; each later one with another party gets one of its own. What is the same row is told
by the party's channel and the start as the switch wrote it, so that a file read again, in whatever order or time zone, takes no call twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from billing_portal.accounts.models import Switch
from invoicing.domain import records
from invoicing.domain.formats import asterisk
from invoicing.domain.records import LEG, CallRecord
from invoicing.models import Call, CallKey, WaitingCall

Row = Mapping[str, Any]


def apart(batch: Sequence[CallRecord], switch: Switch) -> list[CallRecord]:
    """The same records in order; of two answered rows of a channel that are with different parties, the later with a leg of its own."""
    holders = _taken({record.call_id for record in batch if record.leg == LEG}, switch)
    found = []
    for record in batch:
        if record.leg == LEG:
            print_ = records.fingerprint(record)
            held_by, row = holders.setdefault(record.call_id, (print_, record.extra))
            if print_ != held_by and _is_another(record.extra, row):
                record = replace(record, leg=asterisk.leg_of(record.extra))
        found.append(record)
    return found


def _is_another(row: Row, holder: Row) -> bool:
    """Whether two rows are with different parties, which both name. A row without one is of a channel that has left its bridge and goes on, and what came
    another way than by a file names none; starts are told apart where both were kept."""
    if not (row.get("dstchannel") and holder.get("dstchannel")):
        return False
    return row["dstchannel"] != holder["dstchannel"] or ("start" in holder and row.get("start") != holder["start"])


def _taken(call_ids: Collection[str], switch: Switch) -> dict[str, tuple[str, Row]]:
    """Which records hold the leg of these calls already: their fingerprints, and what they carried besides."""
    keys = list(CallKey.objects.filter(switch=switch, leg=LEG, call_id__in=call_ids).only("call_id", "record_hash", "batch_id"))
    rows = _rows(keys)
    return {key.call_id: (key.record_hash, rows.get(key.pk, {})) for key in keys}


def _rows(keys: Sequence[CallKey]) -> dict[UUID, Row]:
    """What the records carried besides that hold these keys: as they were posted, or as they wait or waited."""
    ids = [key.pk for key in keys]
    queued = WaitingCall.objects.filter(key__in=ids).exclude(reason=WaitingCall.Reason.CONFLICT)
    posted = Call.objects.filter(batch_id__in={key.batch_id for key in keys}, key_id__in=ids)
    waited = {key_id: record.get("extra", {}) for key_id, record in queued.values_list("key_id", "record")}
    return waited | dict(posted.values_list("key_id", "extra"))
