"""The shape of what switches send and get (contracts, Calls). A body that is not this shape is refused whole."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticKnownError

from invoicing.domain import calls
from invoicing.domain.formats.rows import LIMITS, extra
from invoicing.domain.records import CallRecord

WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d", re.ASCII)
LONGEST_MOMENT = 64
STORABLE = r"^[^\x00]*$"


def _parsed(value: Any) -> Any:
    """ISO 8601 only: bare digits would be read as seconds since 1970."""
    if isinstance(value, str) and len(value) <= LONGEST_MOMENT and WRITTEN.match(value):
        with suppress(ValueError):  # its words repeat what was sent, which may be as long as a body
            return datetime.fromisoformat(value)
    raise ValueError("A time is written as 2026-11-21T12:00:00+00:00.")


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("The time is out of range.") from None


def _text(name: str) -> StringConstraints:
    return StringConstraints(max_length=LIMITS[name], pattern=STORABLE, strip_whitespace=True)


def _sent(name: str) -> BeforeValidator:
    """No longer as it was sent, blanks around it counted: the description knows no trimming."""
    most = LIMITS[name]

    def bounded(value: Any) -> Any:
        if isinstance(value, str) and len(value) > most:
            raise PydanticKnownError("string_too_long", {"max_length": most})
        return value

    return BeforeValidator(bounded)


BLANK = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # what trimming takes; \s means less to some readers
SAID: dict[str, Any] = {"pattern": rf"^[^\x00]*[^\x00{BLANK}][^\x00]*$"}  # for those who read the description: blanks alone say nothing
ONE_OF: dict[str, Any] = {"anyOf": [{"required": [name], "properties": {name: {"type": "string", **SAID}}} for name in ("account", "line", "address")]}
Moment = Annotated[AwareDatetime, BeforeValidator(_parsed), AfterValidator(_in_utc)]
CallId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LIMITS["call_id"], pattern=STORABLE, strip_whitespace=True),
    Field(json_schema_extra=SAID),
    _sent("call_id"),
]


class RecordIn(BaseModel):
    """One call as the switch saw it. No `answered_at`: it was not answered. `seconds` since answer win over the times.

    Unknown names are kept, 4,096 characters of them with what they hold; what is beyond is left out, and “…” stands there.

    Texts are measured as they are sent, blanks around them counted: a longer one is refused (422). They are kept without those blanks.
    """

    model_config = ConfigDict(extra="allow", strict=True, title="Record", json_schema_extra=ONE_OF)

    call_id: CallId
    leg: Annotated[str, _text("leg"), _sent("leg")] | None = "a"
    direction: Literal["out", "in"] | None = "out"
    account: Annotated[str, _text("account"), _sent("account")] | None = None
    line: Annotated[str, _text("line"), _sent("line")] | None = None
    address: Annotated[str, _text("address"), _sent("address")] | None = None
    caller: Annotated[str, _text("caller"), _sent("caller")] | None = Field(None, alias="from")
    to: Annotated[str, _text("to"), _sent("to")]
    setup_at: Moment
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    seconds: int | None = None
    cause: Annotated[str, _text("cause"), _sent("cause")] | None = None

    @model_validator(mode="after")
    def names_somebody(self) -> Self:
        if not (self.account or self.line or self.address):
            raise ValueError("One of account, line and address is required.")
        return self

    def record(self) -> CallRecord:
        """The record as the domain knows it."""
        return CallRecord(
            call_id=self.call_id,
            leg=self.leg or "a",
            direction=self.direction or "out",
            account=self.account or "",
            line=self.line or "",
            address=self.address or "",
            caller=self.caller or "",
            to=self.to,
            setup_at=self.setup_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            seconds=self.seconds,
            cause=self.cause or "",
            extra=extra(self.model_extra) if self.model_extra else {},
        )


class CallsIn(BaseModel):
    """At most 10,000 records; all of them are taken or none."""

    model_config = ConfigDict(extra="forbid", title="Calls")

    records: Annotated[list[RecordIn], Field(max_length=calls.AT_ONCE)]


def shape() -> dict[str, Any]:
    """What a body looks like, in one piece, for the description of the interface."""
    described = CallsIn.model_json_schema()
    described["properties"]["records"]["items"] = described.pop("$defs")["RecordIn"]
    return described


class AnswerOut(Schema):
    """What became of the record at the same place: the price in plain decimals."""

    call_id: str
    leg: str
    status: Literal["rated", "queued", "repeated", "conflict"]
    reason: str | None
    price: str | None
    currency: str | None
    billed_seconds: int | None


class CallsOut(Schema):
    records: list[AnswerOut]


class ProblemOut(Schema):
    path: str
    message: str


class RefusedOut(Schema):
    detail: list[ProblemOut]


class DeniedOut(Schema):
    detail: str
