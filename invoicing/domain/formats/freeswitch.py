"""FreeSWITCH's mod_json_cdr: one call per object; its own clock in microseconds decides, so local time does not matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TextIO
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from invoicing.domain.formats.plain_json import objects, text
from invoicing.domain.formats.rows import Fields, Read, extra
from invoicing.domain.records import CallRecord

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 253_402_300_799 * 10**6
KEPT = ("sip_call_id", "sip_user_agent", "sip_hangup_disposition", "caller_id", "billmsec")


def read(file: TextIO, zone: ZoneInfo) -> Iterator[Read]:
    """Each object is a call; the channel's uuid is the call id."""
    return objects(file, lambda line, found: _record(line, found, Fields(zone)))


def _record(line: int, found: Mapping[str, Any], fields: Fields) -> Read:
    variables = _table(found.get("variables"))
    profile = _profile(found)
    answered_at = _instant(variables, "answer", fields)
    record = CallRecord(
        call_id=fields.text("call_id", variables.get("uuid")),
        account=fields.text("account", variables.get("accountcode") or profile.get("accountcode")),
        line=fields.text("line", variables.get("sip_from_user") or profile.get("username")),
        address=fields.text("address", variables.get("sip_network_ip") or profile.get("network_addr")),
        caller=fields.text("caller", profile.get("caller_id_number") or variables.get("sip_from_user")),
        to=fields.text("to", profile.get("destination_number") or variables.get("sip_req_user")),
        setup_at=_instant(variables, "start", fields),
        answered_at=answered_at,
        ended_at=_instant(variables, "end", fields),
        seconds=_seconds(variables, fields) if answered_at else 0,
        cause=fields.text("cause", variables.get("hangup_cause")),
        extra=extra({name: variables.get(name) for name in KEPT} | {"switchname": found.get("switchname")}),
    )
    return fields.finish(line, record)


def _table(value: Any) -> dict[str, str]:
    """Names and values as text; mod_json_cdr may have encoded them as in addresses."""
    return {name: unquote(text(found)) for name, found in value.items()} if isinstance(value, dict) else {}


def _profile(found: Mapping[str, Any]) -> dict[str, str]:
    """The caller profile in force at the end: the first of the flow."""
    flow = found.get("callflow")
    latest = flow[0] if isinstance(flow, list) and flow else flow
    return _table(latest.get("caller_profile")) if isinstance(latest, dict) else {}


def _instant(variables: Mapping[str, str], name: str, fields: Fields) -> datetime | None:
    micro = variables.get(f"{name}_uepoch") or f"{variables.get(f'{name}_epoch') or 0}000000"
    if not micro.isdecimal() or int(micro) > LATEST:
        fields.fail(f"{name}_uepoch: {micro[:40]}")
        return None
    return EPOCH + timedelta(microseconds=int(micro)) if int(micro) else None


def _seconds(variables: Mapping[str, str], fields: Fields) -> int | None:
    """Whole seconds since answer, a begun one counted."""
    milli = variables.get("billmsec", "")
    if milli.isdecimal() and len(milli) < 12:
        return -(-int(milli) // 1000)
    return fields.number("billsec", variables.get("billsec", ""))
