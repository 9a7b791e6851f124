"""Calls written by COPY, the fastest way into Postgres: one line of text per row."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from billing_portal.tenancy import database
from billing_portal.tenancy.models import new_id
from customers.models import Customer
from invoicing.domain import records
from invoicing.domain.buying import Bought
from invoicing.domain.rating_batch import Outcome
from rateplans.domain.rating import Rate

COLUMNS = (
    "at", "id", "customer_id", "key_id", "batch_id", "transfer_id", "direction", "line", "caller", "number", "setup_at", "answered_at", "ended_at", "seconds",
    "cause", "plan_id", "version_id", "prefix", "destination", "per_minute", "connection_charge", "initial_increment", "increment", "included_seconds",
    "minimum", "billed_seconds", "net", "exchange_rate", "precision", "price", "currency", "buy_price", "buy_currency",
    "buy_inputs", "margin_rate", "extra",
)  # fmt: skip
COPY = f"COPY invoicing_call ({', '.join(COLUMNS)}) FROM STDIN"
NULL = "\\N"
WIDTH = 60
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": None})
_FREE = Rate("", "", Decimal(0))


def copy(rows: Iterable[str]) -> None:
    """Write the rows into the partitioned table, each into its month."""
    database.copy_in(COPY, io.StringIO("".join(rows)))


def row(outcome: Outcome, customer: Customer, key_id: UUID, batch_id: UUID, transfer_id: UUID | None, bought: Bought | None = None) -> str:
    """The call as one line of COPY's text format, with the numbers its price was made of and what it costs."""
    record, rate = outcome.record, outcome.rate or _FREE
    values = (
        _time(outcome.at),
        str(new_id()),
        str(customer.pk),
        str(key_id),
        str(batch_id),
        str(transfer_id) if transfer_id else NULL,
        record.direction,
        _text(record.line),
        _text(record.caller),
        _text(outcome.number),
        _time(record.setup_at),
        _time(record.answered_at),
        _time(records.ended(record)),
        str(outcome.seconds),
        _text(record.cause),
        str(outcome.plan.pk) if outcome.plan else NULL,
        str(outcome.version.pk) if outcome.version else NULL,
        rate.prefix,
        rate.destination.translate(_ESCAPED),
        str(rate.per_minute),
        str(rate.connection_charge),
        str(rate.initial_increment),
        str(rate.increment),
        str(rate.included_seconds),
        str(rate.minimum),
        str(outcome.billed_seconds),
        str(outcome.net),
        str(outcome.exchange_rate),
        str(outcome.precision),
        str(outcome.price),
        customer.currency,
        str(bought.price) if bought and bought.price is not None else NULL,
        bought.currency if bought else "",
        json.dumps(bought.inputs).translate(_ESCAPED) if bought and bought.inputs else NULL,
        str(bought.margin_rate) if bought and bought.margin_rate is not None else NULL,
        _extra(outcome),
    )
    return "\t".join(values) + "\n"


def _extra(outcome: Outcome) -> str:
    """What the record carried besides, and texts that were too long for their column, whole."""
    record = outcome.record
    cut = {
        name: value for name, value in (("line", record.line), ("from", record.caller), ("to", outcome.number), ("cause", record.cause)) if len(value) > WIDTH
    }
    return json.dumps({**record.extra, **cut}).translate(_ESCAPED) if record.extra or cut else "{}"


def _text(value: str) -> str:
    return value[:WIDTH].translate(_ESCAPED)


def _time(value: datetime | None) -> str:
    return value.isoformat() if value is not None else NULL
