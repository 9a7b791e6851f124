"""A record whose fields have the names of the contract, each as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from invoicing.domain import records
from invoicing.domain.formats.rows import Fields, Read, extra
from invoicing.domain.records import CallRecord

REQUIRED = ("call_id", "to", "setup_at")
NAMES = ("call_id", "leg", "direction", "account", "line", "address", "from", "to", "setup_at", "answered_at", "ended_at", "seconds", "cause")


def record_of(line: int, given: Mapping[str, str], others: Mapping[str, Any], fields: Fields) -> Read:
    """Read one row; a field that cannot be understood makes the record bad, and names itself."""
    direction = given["direction"].strip().lower() or records.OUT
    if direction not in {records.OUT, records.IN}:
        fields.fail(_("direction is “out” or “in”, not “%(value)s”.") % {"value": direction[:20]})
        direction = records.OUT
    if not any(given[name].strip() for name in ("account", "line", "address")):
        fields.fail(_("None of account, line and address is given."))
    setup_at = fields.time("setup_at", given["setup_at"])
    answered_at = fields.time("answered_at", given["answered_at"], after=setup_at)
    record = CallRecord(
        call_id=fields.text("call_id", given["call_id"]),
        leg=fields.text("leg", given["leg"]) or records.LEG,
        direction=direction,
        account=fields.text("account", given["account"]),
        line=fields.text("line", given["line"]),
        address=fields.text("address", given["address"]),
        caller=fields.text("caller", given["from"]),
        to=fields.text("to", given["to"]),
        setup_at=setup_at,
        answered_at=answered_at,
        ended_at=fields.time("ended_at", given["ended_at"], after=answered_at or setup_at),
        seconds=fields.number("seconds", given["seconds"]),
        cause=fields.text("cause", given["cause"]),
        extra=extra(others),
    )
    return fields.finish(line, record)
