"""Calls that wait: rated again, set aside, or the first of two kept (semantics 22). Each verb may be repeated and raced: a call is decided once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg
from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import MD5, Cast
from django.utils.translation import gettext as _

from billing_portal.accounts.actor import Actor
from billing_portal.accounts.domain import audit
from billing_portal.kernel.errors import require
from invoicing.domain import answers, buying, keys, posting, rating_batch, records, rerating
from invoicing.domain.rating_batch import Outcome
from invoicing.models import Call, CallBatch, WaitingCall

AT_ONCE = 10_000
Reason, State = WaitingCall.Reason, WaitingCall.State


@dataclass(frozen=True)
class RatedAgain:
    """How many waiting calls got a price, and how many still wait."""

    rated: int = 0
    waiting: int = 0


def count() -> int:
    """How many calls wait in the schema in force."""
    return _rows("").count()


def waiting_ids(reason: str = "") -> list[UUID]:
    """Everything that waits, or what waits for one reason, oldest first."""
    return list(_rows(reason).order_by("created_at", "pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class Everything:
    """What waited for a reason when a page was made, so that a decision is about exactly that: when the latest came, and the fingerprint of all."""

    until: datetime | None
    fingerprint: str


def everything(reason: str) -> Everything:
    """What waits for the reason now, as a page asks before it reads what it shows."""
    until = _rows(reason).order_by("-created_at").values_list("created_at", flat=True).first()
    ids = StringAgg(Cast("pk", TextField()), delimiter="", order_by="pk")
    return Everything(until, _rows(reason, until).order_by().aggregate(fingerprint=MD5(ids))["fingerprint"] or "" if until else "")


def ids_of(shown: Everything, reason: str) -> list[UUID]:
    """The records that a page has shown as everything that waits for the reason; what came later is not among them.

    Raises `others_wait` when one was written since that came before, or is decided: a record is never decided unseen.
    """
    found = list(_rows(reason, shown.until).order_by("pk").values_list("pk", flat=True)) if shown.until else []
    same = found and shown.fingerprint == md5("".join(map(str, found)).encode(), usedforsecurity=False).hexdigest()
    require(same, "others_wait", _("Other calls wait than were shown. Look at them first."))
    return found


def _rows(reason: str, until: datetime | None = None) -> QuerySet[WaitingCall]:
    """What waits for the reason, or for any, if need be only what came until then."""
    rows = WaitingCall.objects.filter(state=State.WAITING)
    rows = rows.filter(reason=reason) if reason else rows
    return rows.filter(created_at__lte=until) if until else rows


def rate_again(ids: Sequence[UUID], *, actor: Actor, at: datetime) -> RatedAgain:
    """Rate these records by what holds now for their time; what has a price is posted like any call, in a batch of its own.

    Whose call it is was decided when it came in and stays so, whoever has its number or line now; only a record of nobody is looked up again.
    Conflicts are left alone: they are decided by keeping the first. At most 10,000 in one transaction.
    """
    rated = still = 0
    for start in range(0, len(ids), AT_ONCE):
        done = _rate_again(ids[start : start + AT_ONCE], actor=actor, at=at)
        rated, still = rated + done.rated, still + done.waiting
    return RatedAgain(rated, still)


@transaction.atomic
def _rate_again(ids: Sequence[UUID], *, actor: Actor, at: datetime) -> RatedAgain:
    rows = [row for row in _locked(ids) if row.reason != Reason.CONFLICT]
    owners = [row.customer_id for row in rows]
    outcomes = rating_batch.rate([records.from_json(row.record) for row in rows], known_owners=owners, until=records.latest(at))
    pairs = list(zip(rows, outcomes, strict=True))
    rated = [(row, outcome) for row, outcome in pairs if not outcome.reason]
    ahead = _ahead(rated)
    _post([(row, outcome) for row, outcome in rated if row.key_id not in ahead], actor=actor, at=at)
    rerating.price_first([(ahead[row.key_id], row.key, outcome) for row, outcome in rated if row.key_id in ahead], actor=actor, at=at)
    _climb_now(pairs, actor=actor, at=at)
    _follow(pairs)
    WaitingCall.objects.filter(pk__in=[row.pk for row, _outcome in rated]).update(state=State.RATED, decided_by=actor.name, decided_at=at)
    keys.answer_anew({row.key_id: answers.of(outcome) for row, outcome in pairs})
    if rated:
        _audit("call.rerated", [row for row, _outcome in rated], actor=actor, at=at)
    return RatedAgain(len(rated), len(rows) - len(rated))


def _post(rated: Sequence[tuple[WaitingCall, Outcome]], *, actor: Actor, at: datetime) -> None:
    """One batch per switch, as each batch is of one switch; all standings are locked already, by the rating. A switch of a reseller below names it."""
    of_switch: dict[UUID, list[tuple[UUID, Outcome]]] = defaultdict(list)
    children: dict[UUID, str] = {}
    for row, outcome in rated:
        of_switch[row.key.switch_id].append((row.key_id, outcome))
        children[row.key.switch_id] = row.batch.child_schema
    shared = {"source": CallBatch.Source.RATED_AGAIN, "posted_at": at, "actor_name": actor.name}
    batches = [CallBatch(switch_id=switch_id, child_schema=children[switch_id], **shared) for switch_id in sorted(of_switch)]
    CallBatch.objects.bulk_create(batches)
    for batch in batches:
        posting.post(batch, of_switch[batch.switch_id], actor=actor, at=at)


def _climb_now(pairs: Sequence[tuple[WaitingCall, Outcome]], *, actor: Actor, at: datetime) -> None:
    """What waits for its price alone by now, such as a record that was nobody's before, climbs as if it came so."""
    if buying.seller() is None:
        return
    waits = [(row, outcome) for row, outcome in pairs if outcome.waits_for_its_price and not row.batch.child_schema]
    there = _ahead(waits)
    _post([(row, outcome.without_price()) for row, outcome in waits if row.key_id not in there], actor=actor, at=at)


def _ahead(rated: Sequence[tuple[WaitingCall, Outcome]]) -> dict[UUID, Call]:
    """Those that climbed while they waited, by their keys, as they stand at nothing."""
    moments = {outcome.at for _row, outcome in rated if outcome.at is not None}
    owners = {outcome.customer.pk for _row, outcome in rated if outcome.customer is not None}
    found = Call.objects.filter(customer_id__in=owners, at__in=moments, key_id__in=[row.key_id for row, _outcome in rated])
    return {call.key_id: call for call in found}


def _follow(pairs: Sequence[tuple[WaitingCall, Outcome]]) -> None:
    """Write down what is known now: the customer, and why a record still waits."""
    changed = []
    for row, outcome in pairs:
        before = (row.customer_id, row.reason, row.detail)
        row.customer, row.detail = outcome.customer or row.customer, outcome.detail
        row.reason = outcome.reason or row.reason
        if before != (row.customer_id, row.reason, row.detail):
            changed.append(row)
    WaitingCall.objects.bulk_update(changed, ["customer", "reason", "detail"], batch_size=500)


@transaction.atomic
def set_aside(ids: Sequence[UUID], *, note: str, actor: Actor, at: datetime) -> int:
    """Never bill these records: price 0 for ever, with the reason in a note. Answers how many. Raises `note_missing`.

    What was answered outside is paid for above all the same: it is posted at nothing and climbs, also where it is known only by now whose it is
    or that its moment has come (semantics 23).
    """
    require(note.strip(), "note_missing", _("Write why these calls are never billed."), "note")
    rows = _locked(ids)
    if buying.seller() is not None:
        _give_away([row for row in rows if row.reason != Reason.CONFLICT], actor=actor, at=at)
    return _decide(rows, note.strip(), "call.set_aside", actor=actor, at=at)


def _give_away(rows: Sequence[WaitingCall], *, actor: Actor, at: datetime) -> None:
    kept = [records.from_json(row.record) for row in rows]
    outcomes = rating_batch.give_away(kept, [row.customer_id for row in rows], until=records.latest(at))
    ahead = _ahead(list(zip(rows, outcomes, strict=True)))
    given = [(row, outcome) for row, outcome in zip(rows, outcomes, strict=True) if outcome.climbs_free or row.key_id in ahead]
    _follow(given)
    _post([(row, outcome) for row, outcome in given if row.key_id not in ahead], actor=actor, at=at)
    keys.answer_anew({row.key_id: answers.of(outcome) for row, outcome in given})


@transaction.atomic
def keep_the_first(ids: Sequence[UUID], *, actor: Actor, at: datetime) -> int:
    """Decide conflicts for the record that came first; nothing moves. Answers how many."""
    rows = [row for row in _locked(ids) if row.reason == Reason.CONFLICT]
    return _decide(rows, _("The first record was kept."), "call.first_kept", actor=actor, at=at)


def _locked(ids: Iterable[UUID]) -> list[WaitingCall]:
    """Those that still wait, locked in key order; what somebody else has decided meanwhile is not among them."""
    rows = WaitingCall.objects.filter(pk__in=ids, state=State.WAITING).order_by("pk")
    return list(rows.select_for_update(of=("self",)).select_related("key", "customer", "batch"))


def _decide(rows: Sequence[WaitingCall], note: str, action: str, *, actor: Actor, at: datetime) -> int:
    kept = WaitingCall.objects.filter(pk__in=[row.pk for row in rows])
    kept.update(state=State.SET_ASIDE, note=note, decided_by=actor.name, decided_at=at)
    if rows:
        _audit(action, rows, actor=actor, at=at, note=note)
    return len(rows)


def _audit(action: str, rows: Sequence[WaitingCall], *, actor: Actor, at: datetime, note: str = "") -> None:
    """One entry per customer: its calls by their id when they are few, else their number."""
    of_customer: dict[UUID | None, list[WaitingCall]] = defaultdict(list)
    for row in rows:
        of_customer[row.customer_id].append(row)
    for customer_id, theirs in of_customer.items():
        name = ", ".join(row.key.call_id for row in theirs) if len(theirs) <= 3 else _("%(count)s calls") % {"count": len(theirs)}
        single = theirs[0].pk if len(theirs) == 1 else None
        audit.record(actor, action, subject=("waiting_call", single, name[:150]), customer_id=customer_id, note=note, at=at)
