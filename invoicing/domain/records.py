"""A record of one call as a switch gives it: what it holds, when it contradicts itself, and what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

LONGEST_CALL = 31 * 24 * 3600
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TIMES = ("setup_at", "answered_at", "ended_at")
TEXTS = ("account", "line", "address", "caller", "to", "cause")
LEG = "a"
OUT, IN = "out", "in"


@dataclass(frozen=True, slots=True)
class CallRecord:
    """What a switch says of one call (contracts, Calls); times are aware. `problem` says why a reader could not understand a field."""

    call_id: str
    to: str
    setup_at: datetime | None
    leg: str = LEG
    direction: str = OUT
    account: str = ""
    line: str = ""
    address: str = ""
    caller: str = ""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: int | None = None
    cause: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.call_id, self.leg


def moment(record: CallRecord) -> datetime | None:
    """The call's time: its answer, else its set-up (semantics 18)."""
    return record.answered_at or record.setup_at


def talked(record: CallRecord) -> int:
    """Whole seconds since answer, a begun one counted; what the switch counted wins over its times, which a clock change may have moved."""
    if record.seconds is not None:
        return record.seconds
    if record.answered_at is None or record.ended_at is None:
        return 0
    return -((record.answered_at - record.ended_at) // SECOND)


def ended(record: CallRecord) -> datetime | None:
    """When the call ended, never before its answer."""
    if record.answered_at is None or (record.ended_at is not None and record.ended_at >= record.answered_at):
        return record.ended_at
    return record.answered_at + talked(record) * SECOND


def latest(at: datetime) -> datetime:
    """The last moment a call may have that comes in now: a switch's clock may be wrong by a day, not by more."""
    return at + timedelta(days=1)


def problem_of(record: CallRecord, until: datetime | None = None) -> str:
    """Why this record cannot be a call, in words; empty when it can (`bad_record`). One later than `until` has not happened yet."""
    if record.problem:
        return record.problem
    if record.setup_at is None:
        return _("The set-up time is missing.")
    if not all(EARLIEST <= time < LATEST for time in (record.setup_at, record.answered_at, record.ended_at) if time is not None):
        return _("A time lies before 1990 or after 2099.")
    if until is not None and max(record.setup_at, record.answered_at or record.setup_at) > until:
        return _("It lies in the future.")
    if record.seconds is not None and record.seconds < 0:
        return _("The seconds are below zero.")
    if record.answered_at is None:
        return _("It lasted %(seconds)s seconds but was never answered.") % {"seconds": record.seconds} if record.seconds else ""
    if record.answered_at < record.setup_at:
        return _("It was answered before it was set up.")
    if record.seconds is None and record.ended_at is None:
        return _("It was answered, but neither its seconds nor its end are given.")
    if talked(record) < 0:
        return _("It ended before it was answered, and its seconds are not given.")
    return _("It lasted longer than 31 days.") if talked(record) > LONGEST_CALL else ""


def fingerprint(record: CallRecord) -> str:
    """SHA-256 of all named fields after parsing, times in UTC: equal records are one call that was sent again."""
    named = [
        record.call_id,
        record.leg,
        record.direction,
        record.account,
        record.line,
        record.address,
        record.caller,
        record.to,
        _written(record.setup_at),
        _written(record.answered_at),
        _written(record.ended_at),
        record.seconds,
        record.cause,
        record.problem,
    ]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def to_json(record: CallRecord) -> dict[str, Any]:
    """The whole record with the names of the contract, for the queue; fields that say nothing are left out."""
    named: dict[str, Any] = {"call_id": record.call_id, "leg": record.leg, "direction": record.direction}
    named |= {("from" if name == "caller" else name): value for name in TEXTS if (value := getattr(record, name))}
    named |= {name: _written(value) for name in TIMES if (value := getattr(record, name)) is not None}
    if record.seconds is not None:
        named["seconds"] = record.seconds
    if record.problem:
        named["problem"] = record.problem
    if record.extra:
        named["extra"] = dict(record.extra)
    return named


def from_json(named: Mapping[str, Any]) -> CallRecord:
    """The record that `to_json` wrote."""

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(named[name]) if named.get(name) else None

    return CallRecord(
        call_id=named["call_id"],
        leg=named["leg"],
        direction=named["direction"],
        account=named.get("account", ""),
        line=named.get("line", ""),
        address=named.get("address", ""),
        caller=named.get("from", ""),
        to=named.get("to", ""),
        setup_at=time("setup_at"),
        answered_at=time("answered_at"),
        ended_at=time("ended_at"),
        seconds=named.get("seconds"),
        cause=named.get("cause", ""),
        extra=named.get("extra", {}),
        problem=named.get("problem", ""),
    )


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None
