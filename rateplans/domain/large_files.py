"""A rates file too large to be read while a page waits: kept as it comes, read and applied by a worker, what was found kept beside it (reliability 59)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.jobs import outbox
from billing_portal.jobs.models import Job
from billing_portal.kernel.errors import DomainError, require
from billing_portal.tenancy import database
from billing_portal.tenancy.models import new_id
from rateplans.domain import imports, loading, rates_file, versions
from rateplans.domain.imports import Mode, Preview
from rateplans.domain.rates_file import Change, Comparison, RowError
from rateplans.models import PlanVersion, RateImport, RatePlan

State = RateImport.State
READ, APPLY = "rates.read", "rates.apply"
AT_ONCE = 4_000_000
"""A file of more bytes is read by a worker: that takes a second and fifteen times its length in memory."""
RATES_AT_ONCE = 100_000
PIECE = 16 * 1024
ERRORS_KEPT, UNUSUAL_KEPT = 100, 10
WORKING = frozenset({State.READING, State.APPLYING})

_COPY = "COPY rateplans_rateimport (id, created_at, plan_id, mode, state, since, file_name, made_by, content, sha256) FROM STDIN"
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Bytes(Protocol):
    """A file that is handed over piece by piece."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a worker found in a file, as `imports.Preview` has it: the first hundred errors and ten unusual prices of how many there are.

    `refusal` says why it was not applied when somebody asked for it.
    """

    mode: str
    row_count: int
    rate_count: int
    bad_rows: int
    error_count: int
    errors: list[RowError]
    current_number: int
    unusual_count: int
    comparison: Comparison | None
    refusal: str = ""

    @property
    def current(self) -> bool:
        return self.current_number > 0

    def in_mode(self, mode: str) -> Found:
        """The same where rates that are not in the file stay, or end."""
        if self.comparison is None:
            return self
        missing, stay = self.comparison.kept + self.comparison.removed, mode == Mode.ADD
        return replace(self, mode=mode, comparison=replace(self.comparison, kept=missing if stay else 0, removed=0 if stay else missing))


def is_large(size: int, current: PlanVersion | None) -> bool:
    """Whether a file of so many bytes is more than a page reads, or the rates in force are more than it compares."""
    return size > AT_ONCE or holds_many(current)


def holds_many(version: PlanVersion | None) -> bool:
    """Whether the rates of a version are more than a page compares a file with."""
    return version is not None and version.rate_count > RATES_AT_ONCE


@transaction.atomic
def take_in(plan: RatePlan, file_name: str, file: Bytes, mode: str, actor: Actor, *, at: datetime, in_force_from: datetime | None = None) -> RateImport:
    """Keep a file piece by piece, and owe its reading: what is in it is told by the page of the upload. Uploads never applied are kept for a week."""
    imports.forget_unapplied(plan, at=at)
    since = in_force_from.isoformat() if in_force_from else "\\N"
    fields = [str(key := new_id()), at.isoformat(), str(plan.pk), mode, State.READING.value, since]
    texts = [text.translate(_ESCAPED) for text in (file_name[: imports.FILE_NAME_LENGTH], actor.name)]
    database.copy_in(_COPY, loading.Lines(_row([*fields, *texts], file)))
    _owe_reading(key)
    return RateImport.objects.defer("content").get(pk=key)


def _row(fields: list[str], file: Bytes) -> Iterator[str]:
    digest = hashlib.sha256()
    yield "\t".join(fields) + "\t\\\\x"
    while piece := file.read(PIECE):
        digest.update(piece)
        yield piece.hex()
    yield f"\t{digest.hexdigest()}\n"


@transaction.atomic
def leave_to_worker(stored: RateImport, *, mode: str, since: datetime | None, why: str = "") -> None:
    """Owe the reading of a small file that is to be compared with very many rates, those in force from `since`; `why` is told with it (reliability 59)."""
    kept = RateImport.objects.select_for_update().defer("content").get(pk=stored.pk)
    if kept.state != State.PREVIEWED or kept.found is not None:
        return
    kept.mode, kept.since, kept.state = mode, since, State.READING
    kept.found = {"refusal": why} if why else None
    kept.save(update_fields=["mode", "since", "state", "found"])
    _owe_reading(kept.pk)


def _owe_reading(key: UUID) -> None:
    outbox.add(READ, {"import": str(key)}, key=f"{READ}:{key}:{new_id()}")


def found(stored: RateImport) -> Found | None:
    """What was found in the file; None while nobody has read it, and where it was small enough to be read at once."""
    if stored.found is None:
        return None
    told = dict(stored.found)
    compared = told.pop("comparison")
    return Found(
        mode=stored.mode,
        errors=[RowError(**error) for error in told.pop("errors")],
        comparison=Comparison(**compared | {name: [_change(change) for change in compared[name]] for name in ("largest", "suspicious")}) if compared else None,
        **told,
    ).in_mode(stored.mode)


def _change(told: Mapping[str, Any]) -> Change:
    return Change(told["prefix"], told["destination"], None if told["old"] is None else Decimal(told["old"]), Decimal(told["new"]))


def _told(seen: Preview) -> dict[str, Any]:
    compared = seen.comparison and replace(seen.comparison, suspicious=seen.comparison.suspicious[:UNUSUAL_KEPT])
    return {
        **{name: getattr(seen, name) for name in ("row_count", "rate_count", "bad_rows", "error_count", "current_number", "unusual_count")},
        "errors": [asdict(error) for error in seen.errors[:ERRORS_KEPT]],
        "comparison": asdict(compared, dict_factory=_plain) if compared else None,
    }


def _plain(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in pairs}


def read(key: UUID, *, at: datetime) -> None:
    """Read a file that was taken in, and keep what it would change; of one with errors the errors alone. Repeated it does nothing."""
    stored = RateImport.objects.select_related("plan").filter(pk=key, state=State.READING).first()
    if stored is None:
        return
    seen = imports.look(stored.plan, _bytes_of(stored), mode=stored.mode, at=stored.since or at)
    kept = {"state": State.PREVIEWED} if seen.sound else {"state": State.REFUSED, "content": b""}
    refusal = (stored.found or {}).get("refusal", "")
    RateImport.objects.filter(pk=key, state=State.READING).update(found=_told(seen) | {"refusal": refusal}, **kept)


@transaction.atomic
def order(stored: RateImport, *, mode: str, accept_unusual: bool, looked_at: int | None, actor: Actor) -> None:
    """Owe applying a file that was read, as `imports.apply` does it. Once the rates have changed since it is looked at again instead.

    Raises `unusual_prices` unless `accept_unusual`.
    """
    plan = RatePlan.objects.select_for_update(no_key=True).get(pk=stored.plan_id)
    stored = RateImport.objects.select_for_update().defer("content").get(pk=stored.pk)
    seen = found(stored)
    if seen is None or stored.state != State.PREVIEWED:
        return
    if looked_at != seen.current_number or seen.current_number != _number_before(plan, stored):
        _look_again(stored, _("The rates have changed since. Look at the changes again."))
        return
    require(accept_unusual or not seen.unusual_count, "unusual_prices", _("Tick that you have looked at the unusual prices."), "accept_unusual")
    given = {"mode": mode, "looked_at": looked_at, "accept_unusual": accept_unusual, "actor": actor.to_json()}
    stored.state = State.APPLYING
    stored.save(update_fields=["state"])
    outbox.add(APPLY, {"import": str(stored.pk), **given}, key=f"{APPLY}:{stored.pk}:{new_id()}")


def _number_before(plan: RatePlan, stored: RateImport) -> int:
    last = versions.before(plan, stored.since)
    return last.number if last else 0


@transaction.atomic
def _look_again(stored: RateImport, why: str) -> None:
    """What says that it is being read owes its reading, whoever dies in between."""
    stored.state, stored.found = State.READING, {**(stored.found or {}), "refusal": why}
    stored.save(update_fields=["state", "found"])
    _owe_reading(stored.pk)


def apply(payload: Mapping[str, Any], *, at: datetime) -> None:
    """Apply a file as it was ordered; why it was refused stands beside it, and what has changed since is looked at again. Repeated it does nothing."""
    stored = RateImport.objects.filter(pk=payload["import"], state=State.APPLYING).first()
    if stored is None:
        return
    given = {name: payload[name] for name in ("mode", "looked_at", "accept_unusual")}
    file = rates_file.parse(_bytes_of(stored))
    try:
        version = imports.apply(stored, **given, actor=Actor.from_json(payload["actor"]), at=at, in_force_from=stored.since, file=file)
    except DomainError as refused:
        if refused.code == "plan_changed":
            _look_again(stored, str(refused.message))
        else:
            _put_back(stored, str(refused.message))
        return
    _put_back(stored, _("This file is applied already, as version %(number)d.") % {"number": version.number})


def _put_back(stored: RateImport, why: str) -> None:
    """What made no version can be looked at as before."""
    RateImport.objects.filter(pk=stored.pk, state=State.APPLYING).update(state=State.PREVIEWED, found={**(stored.found or {}), "refusal": why})


def _bytes_of(stored: RateImport) -> bytes:
    """The file, which the row holds no longer: once is enough."""
    content = bytes(stored.content)
    del stored.content
    return content


def given_up(stored: RateImport) -> bool:
    """Whether its reading or applying was given up: it stands under Platform » Jobs and can be started again there."""
    kind = {State.READING: READ, State.APPLYING: APPLY}.get(State(stored.state))
    return kind is not None and Job.objects.filter(kind=kind, key__startswith=f"{kind}:{stored.pk}:", state=Job.State.DEAD).exists()
